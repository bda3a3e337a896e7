/**
 * The two questions between a client's request and its code: who are you (`sign-in/`), and do you allow this (`consent/`).
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from 'node:http'
import { type ConsentParts, createConsent } from './consent/consent.ts'
import { type Answer, createOpenInteractions } from './interaction.ts'
import { problemPage } from './pages/index.ts'
import { createLogin, type LoginParts } from './sign-in/login.ts'

export type InteractionParts = Omit<LoginParts & ConsentParts, 'interactions'>

export interface Interactions {
  show(request: IncomingMessage, response: ServerResponse, uid: string): Answer
  login(request: IncomingMessage, response: ServerResponse, uid: string, form: URLSearchParams): Answer
  consent(request: IncomingMessage, response: ServerResponse, uid: string, form: URLSearchParams): Answer
}

export function createInteractions(parts: InteractionParts): Interactions {
  const interactions = createOpenInteractions(parts)
  const login = createLogin({ ...parts, interactions })
  const consent = createConsent({ ...parts, interactions })
  return {
    async show(request, response, uid) {
      const opened = await interactions.open(request, response, uid)
      if (opened === undefined) return problemPage('expired')
      return opened.interaction.prompt.name === 'login' ? login.show(opened) : consent.show(opened)
    },
    login: login.answer,
    consent: consent.answer,
  }
}
