/**
 * A question between a client's request and its code, as a browser has it open: taken only from the browser that was asked (cookie, bound
 * to the path of this one sign-in), for the question that is open now, with the token of its form. Whatever does not fit ends in a
 * page that says so, and allows nothing.
 *
 * `sign-in/` asks who somebody is, `consent/` what they allow.
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from 'node:http'
import { errors, type Interaction, type Provider } from 'oidc-provider'
import { goTo } from './answers.ts'
import type { Clients } from './clients.ts'
import { createFormTokens } from './form-token.ts'
import type { Settings } from './options.ts'
import { type Page, plain, problemPage } from './pages/index.ts'
import type { AtBrowser, PersonAtBrowser } from './person-at-browser.ts'
import type { Recorder } from './recorder.ts'

/** A page to show, or undefined where the response has been sent. */
export type Answer = Promise<Page | undefined>

export interface OpenInteraction {
  readonly interaction: Interaction
  readonly clientId: string
  /** As it calls itself, cleaned. */
  readonly client: string
  /** Undefined where a device waits for it. */
  readonly redirectUri: string | undefined
  readonly renews: boolean
  /** Whoever is signed in at this browser now. */
  readonly person: AtBrowser | undefined
  /** Whose answer counts: the one whom the provider asks, while they are signed in at this browser. */
  readonly accountId: string | undefined
}

export interface OpenInteractions {
  /** The sign-in that this browser has open under this path, if its cookie, its session and its client still stand. */
  open(request: IncomingMessage, response: ServerResponse, uid: string): Promise<OpenInteraction | undefined>
  /** Bound to the sign-in, the question and whom the provider asks: none of another form fits. */
  csrfOf(opened: OpenInteraction): string
  isForged(request: IncomingMessage, opened: OpenInteraction, form: URLSearchParams): boolean
  refuseForged(request: IncomingMessage, action: string, opened: OpenInteraction, subject?: string): Page
  /** An answer to no question that is open in this browser. */
  refuseLate(request: IncomingMessage, action: string): Page
  pathOf(uid: string, step?: string): string
}

export interface OpenInteractionsParts {
  readonly provider: Provider
  readonly settings: Settings
  readonly clients: Clients
  readonly person: Pick<PersonAtBrowser, 'current'>
  readonly record: Recorder
}

export function createOpenInteractions({ provider, settings, clients, person, record }: OpenInteractionsParts): OpenInteractions {
  const { basePath } = settings
  const tokens = createFormTokens(settings)

  const csrfOf = ({ interaction: { uid, prompt, session } }: OpenInteraction): string =>
    tokens.tokenFor('interaction', uid, prompt.name, session?.uid, session?.accountId)
  return {
    csrfOf,
    pathOf: (uid, step) => `${basePath}/interaction/${uid}${step === undefined ? '' : `/${step}`}`,
    async open(request, response, uid) {
      const interaction = await provider.interactionDetails(request, response).catch((error: unknown) => {
        if (error instanceof errors.SessionNotFound) return undefined
        throw error
      })
      // A cookie of another tab must not answer for this one.
      if (interaction === undefined || interaction.uid !== uid) return undefined
      const { client_id: clientId, redirect_uri: redirectUri } = interaction.params as Record<string, string | undefined>
      const hasPlace = redirectUri !== undefined || interaction.deviceCode !== undefined
      const metadata = clientId === undefined ? undefined : await clients.find(clientId)
      if (metadata === undefined || clientId === undefined || !hasPlace) return undefined
      const name = typeof metadata['client_name'] === 'string' ? plain(metadata['client_name']) : ''
      const grantTypes = metadata['grant_types']
      const present = await person.current(request)
      return {
        interaction,
        clientId,
        client: name === '' ? 'A program without a name' : name,
        redirectUri,
        renews: Array.isArray(grantTypes) && grantTypes.includes('refresh_token'),
        person: present,
        accountId: present?.account.name === interaction.session?.accountId ? present?.account.name : undefined,
      }
    },
    isForged: (request, opened, form) => tokens.isForged(request, form, csrfOf(opened)),
    refuseForged(request, action, { clientId, client }, subject) {
      record(request, { decision: 'deny', reason: 'forged_form', action, subject, clientId, clientName: client })
      return problemPage('forged')
    },
    refuseLate(request, action) {
      record(request, { decision: 'deny', reason: 'expired', action })
      return problemPage('expired')
    },
  }
}

/** Hands the answer to the provider, which goes on with the request. Without one it looks again at who is there, and asks anew. */
export async function finish(response: ServerResponse, interaction: Interaction, result: Record<string, unknown>): Promise<undefined> {
  interaction.result = result
  await interaction.persist()
  goTo(response, interaction.returnTo)
  return undefined
}
