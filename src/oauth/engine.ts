/**
 * What needs oidc-provider: loaded by `server.ts` at the first request of these routes.
 *
 *   bound → clean → (limit) → provider or page
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { KoaContextWithOIDC } from 'oidc-provider'
import type { Accounts } from '../people/index.ts'
import { budgetOf, mostStored } from './addresses.ts'
import { sendError } from './answers.ts'
import type { Artifacts, Payload } from './artifacts.ts'
import type { Clients } from './clients.ts'
import { createCookieNames } from './cookies.ts'
import { createDeviceFront } from './device-front.ts'
import { createGrantTypes } from './grant-types/index.ts'
import type { Trust } from './grant-types/trusted-issuers.ts'
import type { Grants } from './grants.ts'
import { createInteractions } from './interactions.ts'
import type { Settings } from './options.ts'
import { problemPage, sendPage, showPage } from './pages/index.ts'
import { problemWithPush } from './par.ts'
import { cleanParameters } from './parameters.ts'
import type { PersonAtBrowser } from './person-at-browser.ts'
import { createProvider, INTERACTION_TTL_SECONDS } from './provider.ts'
import { createProviderHolder } from './provider-holder.ts'
import { type Recorder, recordEvents } from './recorder.ts'
import { createRegistrationEndpoint } from './registration-endpoint.ts'
import { createRegistrationManagement } from './registration-management.ts'
import { completeMetadata, tellOfManagement } from './registration-provider.ts'
import { MAX_BODY, readBody, replay } from './replay.ts'
import type { Resources } from './resources.ts'
import type { Route } from './routes.ts'
import type { SignInSteps } from './sign-in/steps.ts'
import { createSignedTokens } from './signed-tokens.ts'
import type { SigningKeys } from './signing-keys.ts'
import type { OwnTokens } from './token-verifier.ts'

export interface EngineParts {
  readonly settings: Settings
  readonly resources: Resources
  readonly trust: Trust
  readonly accounts: Accounts
  readonly person: PersonAtBrowser
  readonly steps: SignInSteps
  readonly artifacts: Artifacts
  readonly grants: Grants
  readonly clients: Clients
  readonly signingKeys: SigningKeys
  readonly tokens: OwnTokens
  readonly record: Recorder
}

export interface Engine {
  handle(route: Route, request: IncomingMessage, response: ServerResponse): Promise<void>
  /** Waits for what is being answered. */
  close(): Promise<void>
}

const FORM = 'application/x-www-form-urlencoded'
/** Each is kept until it is answered. Real ones have some hundred characters, and a redirect URI at most. */
const MAX_QUERY = 4096
const MAX_STATE = 2048
/** What each route does, on record. */
const actions: Partial<Record<Route['name'], string>> = {
  register: 'client.register',
  'sign-in-step': 'sign-in',
  'switch-account': 'sign-out',
}

export async function createEngine(parts: EngineParts): Promise<Engine> {
  const { settings, resources, trust, accounts, person, steps, artifacts, grants, clients, signingKeys, tokens, record } = parts
  const { issuer, basePath, keyRing, counters, clock, addressOf, registrationsPerHour } = settings
  function renderError(ctx: KoaContextWithOIDC, { code, description }: { code: string; description?: string | undefined }): void {
    const { client_id, redirect_uri } = ctx.oidc?.params ?? {}
    const [clientId, redirectUri] = [client_id, redirect_uri].map((value) => (typeof value === 'string' ? value : undefined))
    const page = problemPage(code, description, { clientId, redirectUri, problem: clientId && clients.problemOf?.(clientId) })
    showPage(ctx, page)
  }
  const signedTokens = createSignedTokens(tokens, resources)
  const cookies = createCookieNames(issuer)
  const management = createRegistrationManagement({
    issuer,
    keyRing,
    clients,
    complete: async (metadata) => (await holder.current()).complete(metadata),
  })
  const grantTypes = createGrantTypes({ settings, resources, trust, artifacts, clients, grants, tokens, record })
  // What may change while we run is an ingredient here: the provider is made anew.
  const holder = createProviderHolder({
    gather: async () => ({ signingKey: await signingKeys.current() }),
    make(ingredients) {
      const provider = createProvider({
        settings,
        grantTypes,
        resources,
        accounts,
        person,
        artifacts,
        grants,
        clients,
        counters,
        clock,
        renderError,
        ...ingredients,
        cookies,
        signedTokens,
      })
      tellOfManagement(provider, management)
      recordEvents(provider, record, settings)
      const interactions = createInteractions({ provider, settings, resources, accounts, clients, person, steps, record })
      return { callback: provider.callback(), interactions, complete: (metadata: Payload) => completeMetadata(provider, metadata) }
    },
  })
  // What cannot be made is known at once.
  await holder.current()
  const callback = async (request: IncomingMessage, response: ServerResponse): Promise<void> =>
    (await holder.current()).callback(request, response)
  const pathOf = (request: IncomingMessage) => new URL(request.url ?? '/', issuer).pathname.slice(basePath.length)

  const ownOrigin = new URL(issuer).origin
  const budgetFor = (request: IncomingMessage): string => budgetOf(request, addressOf(request), ownOrigin)

  /** Why no sign-in is begun. Before the provider: it stores what it is asked. */
  async function problemWithStart(request: IncomingMessage, response: ServerResponse, url: URL): Promise<string | undefined> {
    if (url.search.length > MAX_QUERY || url.searchParams.getAll('state').some(({ length }) => length > MAX_STATE)) return 'too_long'
    // The library would answer in another mode even where it refuses it: by a form that submits itself, for one.
    if (url.searchParams.getAll('response_mode').some((mode) => mode !== 'query')) return 'unsupported_response_mode'
    const budget = budgetFor(request)
    const { count, resetMs } = await counters.increment(`authorize:${budget}`, INTERACTION_TTL_SECONDS * 1000)
    if (count <= mostStored(budget)) return undefined
    response.setHeader('retry-after', Math.ceil(resetMs / 1000))
    return 'too_many'
  }
  async function begin(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const problem = await problemWithStart(request, response, new URL(request.url ?? '/', issuer))
    if (problem === undefined) return authorize(request, response)
    record(request, { decision: 'deny', reason: problem === 'too_many' ? 'rate_limited' : problem, action: 'authorize' })
    sendPage(response, problemPage(problem))
  }
  async function authorize(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { searchParams } = new URL(request.url ?? '/', issuer)
    const url = `${pathOf(request)}?${cleanParameters(searchParams, resources).toString()}`
    await callback(replay({ request, issuer, url, json: false }), response)
  }
  async function postForm(request: IncomingMessage, response: ServerResponse, text: string): Promise<void> {
    const params = cleanParameters(new URLSearchParams(text), resources)
    const url = pathOf(request)
    if (url === '/token') grantTypes.nameWorkload(params, request.headers.authorization !== undefined)
    const keep = await signedTokens.takeOut(url, params)
    const sent = replay({ request, issuer, url, body: { type: FORM, text: params.toString() }, json: true })
    keep?.(sent)
    return callback(sent, response)
  }
  async function push(request: IncomingMessage, response: ServerResponse, text: string): Promise<void> {
    const problem = await problemWithPush(settings, budgetFor(request), text)
    if (problem === undefined) return postForm(request, response, text)
    const { status, error, description, retryAfterSeconds } = problem
    record(request, { decision: 'deny', reason: status === 429 ? 'rate_limited' : 'too_long', action: 'par', sentence: description })
    if (retryAfterSeconds !== undefined) response.setHeader('retry-after', retryAfterSeconds)
    sendError(response, status, error, description)
  }
  const registration = createRegistrationEndpoint({
    clients,
    counters,
    record,
    perHour: registrationsPerHour,
    budgetOf: budgetFor,
    management,
    register(request, response, metadata) {
      const body = { type: 'application/json', text: JSON.stringify(metadata) }
      return callback(replay({ request, issuer, url: '/register', body, json: true }), response)
    },
  })
  const device = createDeviceFront({ settings, callback, budgetFor, record })
  async function beginDevice(request: IncomingMessage, response: ServerResponse, text: string): Promise<void> {
    const seconds = await device.waitToBegin(request)
    if (seconds === undefined) return postForm(request, response, text)
    record(request, { decision: 'deny', reason: 'rate_limited', action: 'device' })
    response.setHeader('retry-after', seconds)
    sendError(response, 429, 'temporarily_unavailable', 'too many devices ask from this address: try again later')
  }
  async function show(route: Route, request: IncomingMessage, response: ServerResponse, text: string): Promise<void> {
    const uid = route.uid as string
    const form = new URLSearchParams(text)
    // The provider reads the cookie from it.
    const clean = replay({ request, issuer, url: pathOf(request), json: false })
    const query = new URL(request.url ?? '/', issuer).searchParams
    const { interactions } = await holder.current()
    const page = await (route.name === 'sign-in-step' && route.step !== undefined
      ? interactions.signIn(route.step, clean, response, uid, { form, query })
      : route.name === 'switch-account'
        ? interactions.switchAccount(clean, response, uid, form)
        : route.name === 'consent'
          ? interactions.consent(clean, response, uid, form)
          : interactions.show(clean, response, uid, query))
    if (page !== undefined) sendPage(response, page)
  }

  const underWay = new Set<Promise<void>>()
  async function handle(route: Route, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (route.name === 'authorize') return begin(request, response)
    if (route.name === 'resume' || route.name === 'device-resume') return authorize(request, response)
    if (route.name === 'device' && request.method === 'GET') return device.open(request, response)
    const body = await readBody(request)
    if (body === undefined) {
      record(request, {
        decision: 'deny',
        reason: 'body_too_large',
        action: actions[route.name] ?? route.name,
        facts: { limitBytes: MAX_BODY },
      })
      response.setHeader('connection', 'close')
      if (!route.cors) return sendPage(response, problemPage('too_large'))
      return sendError(response, 413, 'invalid_request', 'the body is too large')
    }
    const text = body.toString()
    if (route.name === 'register') return registration.register(request, response, text)
    if (route.name === 'registration') return registration.manage(request, response, route.uid as string, text)
    if (route.name === 'device') return device.answer(request, response, text)
    if (route.name === 'device-authorization') return beginDevice(request, response, text)
    if (route.name === 'par') return push(request, response, text)
    if (route.cors) return postForm(request, response, text)
    return show(route, request, response, text)
  }
  return {
    async handle(route, request, response) {
      const work = handle(route, request, response)
      underWay.add(work)
      try {
        await work
      } finally {
        underWay.delete(work)
      }
    },
    async close() {
      await Promise.allSettled(underWay)
      grantTypes.close()
    },
  }
}
