/**
 * The two questions between a client's request and its code: who are you, and do you allow this. Each answer is taken
 * only from the browser that was asked (cookie, bound to the path of this one sign-in), for the question that is open
 * now, with the token of its form. Whatever does not fit ends in a page that says so, and allows nothing.
 *
 * @module
 */

import { timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { errors, type Interaction, type Provider } from 'oidc-provider'
import type { Accounts, LoginThrottle } from '../people/index.ts'
import { isForeignForm } from './addresses.ts'
import type { Clients } from './clients.ts'
import type { Settings } from './options.ts'
import {
  busy,
  consentPage,
  loginPage,
  nothingTicked,
  type Page,
  plain,
  problemPage,
  sourceOf,
  waitAgain,
  wrongPassword,
} from './pages/index.ts'
import { GRANT_TTL_SECONDS, REFRESH_TTL_SECONDS } from './provider.ts'
import type { Recorder } from './recorder.ts'
import type { Resources } from './resources.ts'
import { groupScopes, namedScopes, OFFLINE_ACCESS } from './scopes.ts'

export interface InteractionParts {
  readonly provider: Provider
  readonly settings: Settings
  readonly resources: Resources
  readonly accounts: Accounts
  readonly clients: Clients
  readonly throttle: LoginThrottle
  readonly record: Recorder
}

/** A page to show, or undefined where the response has been sent. */
export type Answer = Promise<Page | undefined>

export interface Interactions {
  show(request: IncomingMessage, response: ServerResponse, uid: string): Answer
  login(request: IncomingMessage, response: ServerResponse, uid: string, form: URLSearchParams): Answer
  consent(request: IncomingMessage, response: ServerResponse, uid: string, form: URLSearchParams): Answer
}

interface Open {
  readonly interaction: Interaction
  readonly clientId: string
  readonly client: string
  /** Undefined where a device waits for it. */
  readonly redirectUri: string | undefined
  readonly renews: boolean
}

export function createInteractions({ provider, settings, resources, accounts, clients, throttle, record }: InteractionParts): Interactions {
  const { issuer, basePath, keyRing, addressOf, accessTokenTtlSeconds } = settings
  const server = new URL(resources.canonical).host
  const pathOf = (uid: string, step: string) => `${basePath}/interaction/${uid}/${step}`

  /** The sign-in that this browser has open under this path, if its cookie, its session and its client still stand. */
  async function open(request: IncomingMessage, response: ServerResponse, uid: string): Promise<Open | undefined> {
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
    return {
      interaction,
      clientId,
      client: name === '' ? 'A program without a name' : name,
      redirectUri,
      renews: Array.isArray(grantTypes) && grantTypes.includes('refresh_token'),
    }
  }
  /** Bound to the sign-in, the question and whoever is signed in: none of another form fits. */
  function csrfOf({ interaction: { uid, prompt, session } }: Open): string {
    return keyRing.mac('csrf', JSON.stringify([uid, prompt.name, session?.uid, session?.accountId])).toString('base64url')
  }
  function isForged(request: IncomingMessage, opened: Open, form: URLSearchParams): boolean {
    if (isForeignForm(request, new URL(issuer).origin)) return true
    const [given, expected] = [Buffer.from(form.get('csrf') ?? ''), Buffer.from(csrfOf(opened))]
    return given.length !== expected.length || !timingSafeEqual(given, expected)
  }
  function refuseForged(request: IncomingMessage, action: string, { clientId, client }: Open, subject?: string): Page {
    record(request, { decision: 'deny', reason: 'forged_form', action, subject, clientId, clientName: client })
    return problemPage('forged')
  }
  /** An answer to no question that is open in this browser. */
  function refuseLate(request: IncomingMessage, action: string): Page {
    record(request, { decision: 'deny', reason: 'expired', action })
    return problemPage('expired')
  }
  async function showLogin(opened: Open, shown: { name?: string; problem?: string; status?: number } = {}): Promise<Page> {
    return loginPage({
      action: pathOf(opened.interaction.uid, 'login'),
      csrf: csrfOf(opened),
      client: opened.client,
      server,
      empty: (await accounts.list()).length === 0,
      leadsTo: opened.redirectUri && sourceOf(opened.redirectUri),
      ...shown,
    })
  }
  function showConsent(opened: Open, problem?: string): Page {
    const { interaction, client, clientId, redirectUri, renews } = opened
    return consentPage({
      action: pathOf(interaction.uid, 'consent'),
      csrf: csrfOf(opened),
      account: interaction.session?.accountId ?? '',
      client,
      clientId,
      redirectUri,
      server,
      groups: groupScopes(permissionsOf(interaction), settings.hierarchy),
      accessMinutes: Math.round(accessTokenTtlSeconds / 60),
      staysDays: renews ? REFRESH_TTL_SECONDS / 86_400 : undefined,
      problem,
      leadsTo: redirectUri && sourceOf(redirectUri),
    })
  }
  /** Ends the session that this browser had: whoever signs in now is somebody else. */
  async function leaveSession(interaction: Interaction, name: string): Promise<void> {
    if (interaction.session === undefined || interaction.session.accountId === name) return
    const session = interaction.session.uid === undefined ? undefined : await provider.Session.findByUid(interaction.session.uid)
    await session?.destroy()
    delete (interaction as { session?: unknown }).session
  }
  return {
    async show(request, response, uid) {
      const opened = await open(request, response, uid)
      if (opened === undefined) return problemPage('expired')
      return opened.interaction.prompt.name === 'login' ? showLogin(opened) : showConsent(opened)
    },
    async login(request, response, uid, form) {
      const opened = await open(request, response, uid)
      if (opened?.interaction.prompt.name !== 'login') return refuseLate(request, 'sign-in')
      if (isForged(request, opened, form)) return refuseForged(request, 'sign-in', opened)
      const name = (form.get('name') ?? '').slice(0, 64)
      const about = { action: 'sign-in', subject: plain(name, 64), clientId: opened.clientId, clientName: opened.client }

      const outcome = await throttle.guard(name.trim().toLowerCase(), addressOf(request), async () => {
        const account = await accounts.verifyPassword(name, form.get('password') ?? '')
        return { right: account !== 'wrong', outcome: account }
      })
      if (typeof outcome === 'object' && 'waitSeconds' in outcome) {
        record(request, { ...about, decision: 'deny', reason: 'rate_limited' })
        response.setHeader('retry-after', outcome.waitSeconds)
        return showLogin(opened, { name, problem: waitAgain(outcome.waitSeconds), status: 429 })
      }
      if (outcome === 'busy') {
        record(request, { ...about, decision: 'deny', reason: 'overloaded' })
        return showLogin(opened, { name, problem: busy, status: 503 })
      }
      if (outcome === 'wrong') {
        record(request, { ...about, decision: 'deny', reason: 'wrong_password' })
        return showLogin(opened, { name, problem: wrongPassword, status: 401 })
      }
      record(request, { ...about, decision: 'allow', reason: 'allowed', subject: outcome.name })
      await leaveSession(opened.interaction, outcome.name)
      return finish(response, opened.interaction, { login: { accountId: outcome.name, amr: ['pwd'] } })
    },
    async consent(request, response, uid, form) {
      const opened = await open(request, response, uid)
      const accountId = opened?.interaction.session?.accountId
      if (opened?.interaction.prompt.name !== 'consent' || accountId === undefined) return refuseLate(request, 'consent')
      if (isForged(request, opened, form)) return refuseForged(request, 'consent', opened, accountId)
      const { interaction, clientId, client } = opened
      const groups = groupScopes(permissionsOf(interaction), settings.hierarchy)
      const ticked = new Set(form.getAll('group'))
      const granted = groups.filter(({ name }) => ticked.has(name)).flatMap(({ scopes }) => scopes)
      const refused = groups.filter(({ name }) => !ticked.has(name)).flatMap(({ scopes }) => scopes)
      const about = { action: 'consent', subject: accountId, clientId, clientName: client, target: resources.canonical }

      if (form.get('decision') !== 'allow') {
        record(request, { ...about, decision: 'deny', reason: 'access_denied', facts: { asked: [...granted, ...refused] } })
        const result = { error: 'access_denied', error_description: 'The person did not allow it.' }
        return finish(response, interaction, result)
      }
      if (granted.length === 0) return showConsent(opened, nothingTicked)
      // First kept, then granted: a client that ended in between has no grant.
      await clients.keep(clientId)
      const grant = new provider.Grant({ accountId, clientId })
      // A form that is sent twice is one answer: both write the same grant.
      grant.jti = keyRing.mac('grant', interaction.uid).toString('base64url')
      ;(grant as unknown as { expiresIn: number }).expiresIn = opened.renews ? GRANT_TTL_SECONDS : accessTokenTtlSeconds + 600
      grant.addResourceScope(resources.canonical, granted)
      if (refused.length > 0) grant.rejectResourceScope(resources.canonical, refused)
      if (namedScopes(interaction.params['scope']).includes(OFFLINE_ACCESS)) grant.addOIDCScope(OFFLINE_ACCESS)
      const grantId = await grant.save()
      record(request, { ...about, decision: 'allow', reason: 'allowed', facts: { grant: grantId, granted, refused } })
      return finish(response, interaction, { ...interaction.lastSubmission, consent: { grantId } })
    },
  }
}

/** What is asked for, without what is between client and authorization server. Unknown scopes were taken out before. */
const permissionsOf = (interaction: Interaction): string[] =>
  namedScopes(interaction.params['scope']).filter((scope) => scope !== OFFLINE_ACCESS)

async function finish(response: ServerResponse, interaction: Interaction, result: Record<string, unknown>): Promise<undefined> {
  interaction.result = result
  await interaction.persist()
  response.statusCode = 303
  response.setHeader('location', interaction.returnTo)
  response.setHeader('cache-control', 'no-store')
  response.end()
  return undefined
}
