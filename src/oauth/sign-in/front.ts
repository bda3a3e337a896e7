/**
 * All pages by which people come and go, but those of a client's request: sign in, sign out, one-time links, and the way back from an
 * identity provider. Nothing of the protocol is needed for them.
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Answer } from '../interaction.ts'
import { problemPage, sendPage } from '../pages/index.ts'
import { MAX_BODY, readBody } from '../replay.ts'
import type { Route, RouteName } from '../routes.ts'
import type { SignInProviders } from '../sign-in-place.ts'
import { createSignInAtOwnPages, type SignInAtOwnPagesParts } from './at-own-pages.ts'
import { createOneTimeLinkPages, type OneTimeLinkPagesParts } from './one-time-link.ts'
import { createSignOut, type SignOutParts } from './sign-out.ts'

export type SignInFrontParts = SignInAtOwnPagesParts &
  OneTimeLinkPagesParts &
  SignOutParts & { readonly providers: Pick<SignInProviders, 'callback'> }

export interface SignInFront {
  /** False where the route is another's. */
  handle(route: Route, request: IncomingMessage, response: ServerResponse): Promise<boolean>
}

/** What each route does, on record. */
const actions: Partial<Record<RouteName, string>> = {
  'sign-in': 'sign-in',
  'own-sign-in-step': 'sign-in',
  'sign-in-callback': 'sign-in',
  'sign-out': 'sign-out',
  welcome: 'one-time-link',
}

export function createSignInFront(parts: SignInFrontParts): SignInFront {
  const { providers, record } = parts
  const place = createSignInAtOwnPages(parts)
  const links = createOneTimeLinkPages(parts)
  const signOut = createSignOut(parts)

  async function answer(route: Route, request: IncomingMessage, response: ServerResponse, form: URLSearchParams): Answer {
    const isForm = request.method === 'POST'
    switch (route.name) {
      case 'sign-in':
        return place.show(request, response)
      case 'own-sign-in-step':
        return route.step && place.take(route.step, request, response, form)
      case 'sign-in-callback':
        return providers.callback(request, response, route.uid ?? '')
      case 'sign-out':
        return isForm ? signOut.take(request, response, form) : signOut.show(request)
      case 'welcome':
        return isForm ? links.take(request, form) : links.show(request)
      default:
        return undefined
    }
  }
  return {
    async handle(route, request, response) {
      const action = actions[route.name]
      if (action === undefined) return false
      const body = await readBody(request)
      if (body === undefined) {
        record(request, { decision: 'deny', reason: 'body_too_large', action, facts: { limitBytes: MAX_BODY } })
        response.setHeader('connection', 'close')
        sendPage(response, problemPage('too_large'))
        return true
      }
      const page = await answer(route, request, response, new URLSearchParams(body.toString()))
      if (page !== undefined) sendPage(response, page)
      return true
    },
  }
}
