/**
 * Every sentence that a page of ours says, in English: the words are in `texts/`, ready for another language beside them (`Texts` is what
 * one has to say). Pages hold markup only. Sentences with something of their own inside are functions; what they are given is marked up
 * by the page.
 *
 * Plain words: nobody who reads these has heard of OAuth. Say who asks, what they will be able to do, and what to do now.
 *
 * @module
 */

import { account, connections } from './texts/account.ts'
import { accountSecurity } from './texts/account-security.ts'
import { accountUse } from './texts/account-use.ts'
import { consent, device, scopes } from './texts/consent.ts'
import { heldBack, problem, unknownClient } from './texts/problems.ts'
import { provider, secondFactor, setup, signIn, signOut, welcome } from './texts/sign-in.ts'

/** Around every page. */
const frame = {
  product: 'Sallyport',
  close: 'You can close this page.',
  clientId: 'Client id',
  notVerified: 'not verified',
}

/** What a translation has to say. */
export interface Texts {
  readonly frame: typeof frame
  readonly signIn: typeof signIn
  readonly signOut: typeof signOut
  readonly secondFactor: typeof secondFactor
  readonly provider: typeof provider
  readonly welcome: typeof welcome
  readonly setup: typeof setup
  readonly consent: typeof consent
  readonly scopes: typeof scopes
  readonly device: typeof device
  readonly problem: typeof problem
  readonly heldBack: typeof heldBack
  readonly unknownClient: typeof unknownClient
  readonly account: typeof account & typeof accountSecurity & typeof accountUse
  readonly connections: typeof connections
}

export const texts: Texts = {
  frame,
  signIn,
  signOut,
  secondFactor,
  provider,
  welcome,
  setup,
  consent,
  scopes,
  device,
  problem,
  heldBack,
  unknownClient,
  account: { ...account, ...accountSecurity, ...accountUse },
  connections,
}
