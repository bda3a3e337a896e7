/**
 * What needs oidc-provider: loaded by `server.ts` at the first request of these routes.
 *
 *   bound → clean → (limit) → provider or page
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { KoaContextWithOIDC } from 'oidc-provider'
import type { Accounts } from './accounts.ts'
import type { Artifacts } from './artifacts.ts'
import type { Clients } from './clients.ts'
import { createCookieNames } from './cookies.ts'
import type { Grants } from './grants.ts'
import { createInteractions } from './interactions.ts'
import { createLoginThrottle } from './login-throttle.ts'
import type { Settings } from './options.ts'
import { pageHeaders, problemPage, renderPage, sendPage } from './pages/index.ts'
import { cleanParameters } from './parameters.ts'
import { createProvider } from './provider.ts'
import { type Recorder, recordEvents } from './recorder.ts'
import { checkRegistration } from './registration.ts'
import { readBody, replay } from './replay.ts'
import type { Resources } from './resources.ts'
import type { Route } from './routes.ts'
import type { SigningKeys } from './signing-keys.ts'
import type { OwnTokens } from './token-verifier.ts'

export interface EngineParts {
  readonly settings: Settings
  readonly resources: Resources
  readonly accounts: Accounts
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

export async function createEngine(parts: EngineParts): Promise<Engine> {
  const { settings, resources, accounts, artifacts, grants, clients, signingKeys, tokens, record } = parts
  const { issuer, counters, clock, addressOf, registrationsPerHour } = settings
  const named = new WeakMap<object, { clientId: string; grantId: string }>()
  const provider = createProvider({
    settings,
    resources,
    accounts,
    artifacts,
    grants,
    clients,
    clock,
    renderError,
    signingKey: await signingKeys.current(),
    cookies: createCookieNames(issuer),
    grantToRevoke: (request) => named.get(request),
  })
  recordEvents(provider, record, settings)
  const callback = provider.callback()
  const throttle = createLoginThrottle(counters)
  const interactions = createInteractions({ provider, settings, resources, accounts, clients, throttle, record })
  const base = new URL(issuer).pathname.replace(/\/$/, '')
  const pathOf = (request: IncomingMessage) => new URL(request.url ?? '/', issuer).pathname.slice(base.length)

  async function authorize(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { searchParams } = new URL(request.url ?? '/', issuer)
    const url = `${pathOf(request)}?${cleanParameters(searchParams, resources).toString()}`
    await callback(replay({ request, issuer, url, json: false }), response)
  }
  async function postForm(request: IncomingMessage, response: ServerResponse, text: string): Promise<void> {
    const params = cleanParameters(new URLSearchParams(text), resources)
    const clean = { type: FORM, text: params.toString() }
    const replayed = replay({ request, issuer, url: pathOf(request), body: clean, json: true })
    const own = pathOf(request) === '/revoke' ? await tokens.readOwn(params.get('token') ?? '') : undefined
    if (own === undefined) return callback(replayed, response)
    // The provider refuses JWTs here. It is shown a token that nobody has, so that it only authenticates the client.
    params.set('token', 'a-signed-token')
    const translated = replay({ request, issuer, url: '/revoke', body: { type: FORM, text: params.toString() }, json: true })
    named.set(translated, own)
    return callback(translated, response)
  }
  async function register(request: IncomingMessage, response: ServerResponse, text: string): Promise<void> {
    const address = addressOf(request)
    const refuse = (status: number, error: string, description: string) => {
      record(request, { decision: 'deny', reason: error, action: 'client.register', sentence: description })
      sendError(response, status, error, description)
    }
    const { count, resetSeconds } = await counters.increment(`register:${blockOf(address)}`, 3600)
    if (count > registrationsPerHour) {
      response.setHeader('retry-after', resetSeconds)
      return refuse(429, 'temporarily_unavailable', 'too many clients were registered from this address: try again later')
    }
    const checked = checkRegistration(parseJson(text))
    if ('error' in checked) return refuse(400, checked.error, checked.description)
    const body = { type: 'application/json', text: JSON.stringify(checked.metadata) }
    return callback(replay({ request, issuer, url: '/register', body, json: true }), response)
  }
  async function show(route: Route, request: IncomingMessage, response: ServerResponse, text: string): Promise<void> {
    const uid = route.uid as string
    const form = new URLSearchParams(text)
    // The provider reads the cookie from it.
    const clean = replay({ request, issuer, url: pathOf(request), json: false })
    const page =
      route.name === 'login'
        ? await interactions.login(clean, response, uid, form)
        : route.name === 'consent'
          ? await interactions.consent(clean, response, uid, form)
          : await interactions.show(clean, response, uid)
    if (page !== undefined) sendPage(response, page)
  }

  const underWay = new Set<Promise<void>>()
  async function handle(route: Route, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (route.name === 'authorize' || route.name === 'resume') return authorize(request, response)
    const body = await readBody(request)
    if (body === undefined) {
      response.setHeader('connection', 'close')
      if (!route.cors) return sendPage(response, problemPage('too_large'))
      return sendError(response, 413, 'invalid_request', 'the body is too large')
    }
    const text = body.toString()
    if (route.name === 'register') return register(request, response, text)
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
    },
  }
}

function renderError(ctx: KoaContextWithOIDC, { code, description }: { code: string; description?: string | undefined }): void {
  const page = problemPage(code, description)
  for (const [name, value] of Object.entries(pageHeaders())) ctx.set(name, value)
  ctx.status = page.status
  ctx.type = 'html'
  ctx.body = renderPage(page)
}

function sendError(response: ServerResponse, status: number, error: string, description: string): void {
  const text = JSON.stringify({ error, error_description: description })
  response.statusCode = status
  response.setHeader('content-type', 'application/json')
  response.setHeader('cache-control', 'no-store')
  response.setHeader('content-length', Buffer.byteLength(text))
  response.end(text)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** An IPv6 host has a whole /64 to itself: it is counted as one. */
function blockOf(address: string): string {
  if (!address.includes(':') || address.includes('.')) return address
  const [head = '', tail = ''] = address.split('::')
  const front = head.split(':').filter(Boolean)
  const back = tail.split(':').filter(Boolean)
  const zeros: string[] = address.includes('::') ? Array.from({ length: Math.max(0, 8 - front.length - back.length) }, () => '0') : []
  return [...front, ...zeros, ...back].slice(0, 4).join(':')
}
