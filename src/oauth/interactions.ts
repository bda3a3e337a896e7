/**
 * The two questions between a client's request and its code: who are you (`sign-in/`), and do you allow this (`consent/`).
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from 'node:http'
import { type ConsentParts, createConsent } from './consent/consent.ts'
import { type Answer, createOpenInteractions, finish } from './interaction.ts'
import { problemPage } from './pages/index.ts'
import { createSignInAtRequest, type Sent, type SignInAtRequestParts } from './sign-in/at-request.ts'
import type { SignInStep } from './sign-in-place.ts'

export type InteractionParts = Omit<SignInAtRequestParts & ConsentParts, 'interactions'>

export interface Interactions {
  /** `query`: what the browser came with. */
  show(request: IncomingMessage, response: ServerResponse, uid: string, query: URLSearchParams): Answer
  signIn(step: SignInStep, request: IncomingMessage, response: ServerResponse, uid: string, sent: Sent): Answer
  switchAccount(request: IncomingMessage, response: ServerResponse, uid: string, form: URLSearchParams): Answer
  consent(request: IncomingMessage, response: ServerResponse, uid: string, form: URLSearchParams): Answer
}

export function createInteractions(parts: InteractionParts): Interactions {
  const interactions = createOpenInteractions(parts)
  const signIn = createSignInAtRequest({ ...parts, interactions })
  const consent = createConsent({ ...parts, interactions })
  return {
    async show(request, response, uid, query) {
      const opened = await interactions.open(request, response, uid)
      if (opened === undefined) return problemPage('expired')
      if (opened.interaction.prompt.name === 'login') return signIn.show(request, response, opened, query)
      // Whom the provider asks has signed out meanwhile, or somebody else is there: it looks again.
      if (opened.accountId === undefined) return finish(response, opened.interaction, {})
      return consent.show(request, response, opened)
    },
    signIn: signIn.take,
    switchAccount: signIn.switchAccount,
    consent: consent.answer,
  }
}
