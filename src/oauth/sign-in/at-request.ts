/**
 * Signing in at a client's request. Whoever is signed in at this browser is not asked again, unless the client wants them to be; when
 * somebody has signed in, the browser comes back here and the question is answered the same way.
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Interaction, Provider } from 'oidc-provider'
import { goTo } from '../answers.ts'
import { type Answer, finish, type OpenInteraction, type OpenInteractions } from '../interaction.ts'
import type { Settings } from '../options.ts'
import { sourceOf } from '../pages/index.ts'
import type { PersonAtBrowser } from '../person-at-browser.ts'
import type { Recorder } from '../recorder.ts'
import type { Resources } from '../resources.ts'
import type { SignInPlace, SignInStep } from '../sign-in-place.ts'
import type { SignInSteps } from './steps.ts'
import { beganHere } from './welcome.ts'

export interface SignInAtRequestParts {
  readonly provider: Provider
  readonly settings: Settings
  readonly resources: Resources
  readonly person: PersonAtBrowser
  readonly steps: SignInSteps
  readonly interactions: OpenInteractions
  readonly record: Recorder
}

/** What a form of a sign-in brings. */
export interface Sent {
  readonly form: URLSearchParams
  readonly query: URLSearchParams
}

export interface SignInAtRequest {
  /** An interaction that asks who somebody is: goes on, or asks. `query`: what the browser came with. */
  show(request: IncomingMessage, response: ServerResponse, opened: OpenInteraction, query: URLSearchParams): Answer
  take(step: SignInStep, request: IncomingMessage, response: ServerResponse, uid: string, sent: Sent): Answer
  /** Somebody is asked for consent who is not the one that wants to give it: they sign out, and the sign-in begins anew. */
  switchAccount(request: IncomingMessage, response: ServerResponse, uid: string, form: URLSearchParams): Answer
}

export function createSignInAtRequest(parts: SignInAtRequestParts): SignInAtRequest {
  const { provider, settings, resources, person, steps, interactions, record } = parts
  const server = new URL(resources.canonical).host

  function placeOf(opened: OpenInteraction, query: URLSearchParams): SignInPlace {
    const { interaction, clientId, client, redirectUri } = opened
    const path = interactions.pathOf(interaction.uid)
    // Who has just left wants to be somebody else: a provider that remembers them must not answer by itself.
    const switched = query.get(SWITCHED) === 'yes'
    const carried = switched ? `?${SWITCHED}=yes` : ''
    return {
      asks: { kind: 'client', clientId, client },
      server,
      path: path + carried,
      next: path,
      purpose: JSON.stringify(['interaction', interaction.uid]),
      csrf: interactions.csrfOf(opened),
      leadsTo: redirectUri && sourceOf(redirectUri),
      fresh: switched || wantsFresh(interaction),
      actionOf: (step) => interactions.pathOf(interaction.uid, step) + carried,
    }
  }
  /** Ends the provider's session of whoever was here before. */
  async function leaveSession(interaction: Interaction, name: string): Promise<void> {
    if (interaction.session === undefined || interaction.session.accountId === name) return
    const session = interaction.session.uid === undefined ? undefined : await provider.Session.findByUid(interaction.session.uid)
    await session?.destroy()
    delete (interaction as { session?: unknown }).session
  }
  return {
    async show(_request, response, opened, query) {
      const { interaction, person: present } = opened
      const place = placeOf(opened, query)
      if (present === undefined) return steps.show(place)
      const { session, account } = present
      if (wantsFresh(interaction) && !beganHere(settings, { path: place.next, query, session })) return steps.show(place)
      await leaveSession(interaction, account.name)
      // The library compares the time with that of the account: what was signed in before it was made anew does not count.
      return finish(response, interaction, { login: { accountId: account.name, ts: Math.floor(session.since / 1000) } })
    },
    async take(step, request, response, uid, { form, query }) {
      const opened = await interactions.open(request, response, uid)
      if (opened?.interaction.prompt.name !== 'login') return interactions.refuseLate(request, 'sign-in')
      if (interactions.isForged(request, opened, form)) return interactions.refuseForged(request, 'sign-in', opened)
      return steps.take(step, request, response, placeOf(opened, query), form)
    },
    async switchAccount(request, response, uid, form) {
      const opened = await interactions.open(request, response, uid)
      const accountId = opened?.accountId
      if (opened?.interaction.prompt.name !== 'consent' || accountId === undefined) return interactions.refuseLate(request, 'sign-out')
      if (interactions.isForged(request, opened, form)) return interactions.refuseForged(request, 'sign-out', opened, accountId)
      await person.signOut(request, response)
      const { clientId, client: clientName } = opened
      record(request, { decision: 'allow', reason: 'allowed', action: 'sign-out', subject: accountId, clientId, clientName })
      // Nobody is there any more: the provider asks who somebody is (`policy` in provider.ts).
      goTo(response, `${opened.interaction.returnTo}?${SWITCHED}=yes`)
      return undefined
    },
  }
}

/** In the address while somebody changes accounts; `provider.ts` hands it on. It makes nothing easier: anybody may write it. */
const SWITCHED = 'switched'

/** OpenID Connect Core §3.1.2.1: `prompt=login`. `max_age` is for OpenID Connect alone (`parameters.ts`). */
const wantsFresh = ({ prompt }: Interaction): boolean => prompt.reasons.includes('login_prompt')
