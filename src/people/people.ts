/** All that has to do with who somebody is, put together once. @module */

import type { Clock } from '../core/index.ts'
import type { Bus, Counters, Store } from '../storage/index.ts'
import type { KeyRing, Vault } from '../vault/index.ts'
import type { Account } from './account.ts'
import { type Accounts, createAccounts } from './accounts.ts'
import { createLoginThrottle, type LoginThrottle } from './login-throttle.ts'
import { createOneTimeCodes, type OneTimeCodes } from './one-time-codes.ts'
import { createOneTimeLinks, type OneTimeLinks } from './one-time-links.ts'
import { createPasskeys, type Passkeys } from './passkeys.ts'
import type { SignInProvider } from './providers/options.ts'
import { createRecoveryCodes, type RecoveryCodes } from './recovery-codes.ts'
import { type BrowserSessions, createBrowserSessions } from './sessions.ts'
import { createSignIn, type SignIn } from './sign-in.ts'
import { createWelcome, type Welcome } from './welcome.ts'

export interface People {
  readonly accounts: Accounts
  readonly sessions: BrowserSessions
  readonly passkeys: Passkeys
  readonly oneTimeCodes: OneTimeCodes
  readonly recoveryCodes: RecoveryCodes
  readonly links: OneTimeLinks
  /** The counts of wrong passwords, for whoever else asks for one. */
  readonly throttle: LoginThrottle
  readonly signIn: SignIn
  /** Invitations, and passwords set anew by a link. */
  readonly welcome: Welcome
  /** For somebody who has lost what they show besides a password: their codes and passkeys are gone, and their sessions end. */
  forgetSecondFactors(account: Account): Promise<void>
}

export interface PeopleParts {
  readonly store: Store
  readonly keyRing: KeyRing
  readonly vault: Vault
  readonly counters: Counters
  readonly bus?: Bus | undefined
  readonly clock: Clock
  /** Where people sign in: what passkeys are bound to, and what an app shows next to a code. */
  readonly issuer: string
  /** The identity providers whose word counts; where it is not told, nobody's is judged. */
  readonly signIn?: readonly SignInProvider[] | undefined
}

export function createPeople(parts: PeopleParts): People {
  const { counters, issuer } = parts
  const accounts = createAccounts(parts)
  const links = createOneTimeLinks(parts)
  const passkeys = createPasskeys({ ...parts, accounts })
  const oneTimeCodes = createOneTimeCodes({ ...parts, title: new URL(issuer).host })
  const recoveryCodes = createRecoveryCodes(parts)
  const throttle = createLoginThrottle(counters)
  const sessions = createBrowserSessions({ ...parts, accounts })
  return {
    accounts,
    sessions,
    passkeys,
    oneTimeCodes,
    recoveryCodes,
    links,
    throttle,
    signIn: createSignIn({ ...parts, accounts, passkeys, oneTimeCodes, recoveryCodes, throttle }),
    welcome: createWelcome({ accounts, links }),
    async forgetSecondFactors(account) {
      for (const { id } of await passkeys.list(account)) await passkeys.remove(account, id)
      await oneTimeCodes.turnOff(account)
      await recoveryCodes.remove(account)
      await sessions.endAll(account.name)
    },
  }
}
