/**
 * Somebody else's authorization server, on a port of its own: a small one that mints whatever tokens a test describes and counts what it
 * is asked, and a real one (oidc-provider) that mints its own.
 */

import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SignJWT } from 'jose'
import { Provider } from 'oidc-provider'

export interface Minted {
  /** `null` leaves a claim out. */
  readonly claims?: Record<string, unknown>
  readonly header?: Record<string, unknown>
  /** Which of its keys signs; the newest unless told. */
  readonly key?: IssuerKey
}

export interface IssuerKey {
  readonly kid: string
  readonly alg: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

export interface Issuer extends AsyncDisposable {
  readonly issuer: string
  readonly origin: string
  /** How often each path was asked. */
  readonly asked: Map<string, number>
  /** A further key. Published unless told; then it signs from now on. */
  rotate(options?: { readonly publish?: boolean; readonly alg?: string; readonly kid?: string }): IssuerKey
  /** What is published as keys: may be changed. */
  readonly published: Record<string, unknown>[]
  /** What introspection says of a token; whatever is not in it is inactive. */
  readonly active: Map<string, Record<string, unknown>>
  /** What callers of the introspection proved themselves with. */
  readonly callers: string[]
  /** Answers nothing but errors while it is set. */
  down: boolean
  /** Of its metadata: may be changed. */
  readonly metadata: Record<string, unknown>
  mint(token?: Minted): Promise<string>
}

export interface IssuerOptions {
  /** Below its origin: `/realms/acme`. */
  readonly path?: string
  /** With a slash at its end, as Auth0 writes it. */
  readonly slash?: boolean
  /** Where its metadata is, below the origin; every place that clients try unless told. */
  readonly places?: readonly string[]
  /** What its tokens hold unless a test says otherwise. */
  readonly claims?: Record<string, unknown>
  readonly header?: Record<string, unknown>
  readonly alg?: string
}

const json = (response: ServerResponse, value: unknown, status = 200): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}

/** Made once and given out in turn, so that no two that somebody compares are the same: making one takes longer than most tests. */
const RSA_PAIRS = 8
const rsaPairs: ReturnType<typeof makeRsaPair>[] = []
let given = 0
const makeRsaPair = () => generateKeyPairSync('rsa', { modulusLength: 2048 })
const rsaPair = () => (rsaPairs[given++ % RSA_PAIRS] ??= makeRsaPair())

export async function startIssuer({
  path = '',
  slash = false,
  places,
  claims = {},
  header = {},
  alg = 'RS256',
}: IssuerOptions = {}): Promise<Issuer> {
  const http = createServer()
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const { port } = http.address() as AddressInfo
  const origin = `http://127.0.0.1:${port}`
  const issuer = `${origin}${path}${slash ? '/' : ''}`
  const documents = places ?? [
    `/.well-known/oauth-authorization-server${path}`,
    `/.well-known/openid-configuration${path}`,
    `${path}/.well-known/openid-configuration`,
  ]
  const metadata: Record<string, unknown> = {
    issuer,
    authorization_endpoint: `${origin}${path}/authorize`,
    token_endpoint: `${origin}${path}/token`,
    jwks_uri: `${origin}${path}/keys`,
    introspection_endpoint: `${origin}${path}/introspect`,
    response_types_supported: ['code'],
    code_challenge_methods_supported: ['S256'],
  }
  const asked = new Map<string, number>()
  const published: Record<string, unknown>[] = []
  const active = new Map<string, Record<string, unknown>>()
  const callers: string[] = []
  let made = 0
  let signer: IssuerKey | undefined
  const self: Issuer = {
    issuer,
    origin,
    asked,
    published,
    active,
    callers,
    down: false,
    metadata,
    rotate({ publish = true, alg: other = alg, kid = `key-${made + 1}` } = {}) {
      const pair = other.startsWith('ES') ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : rsaPair()
      const key = { ...pair, kid, alg: other }
      made += 1
      if (publish) {
        signer = key
        published.push({ ...pair.publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg: other })
      }
      return key
    },
    mint({ claims: more = {}, header: odd = {}, key = signer as IssuerKey } = {}) {
      const now = Math.floor(Date.now() / 1000)
      const all = { iss: issuer, sub: 'ana', iat: now, exp: now + 600, ...claims, ...more }
      const payload = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null))
      return new SignJWT(payload).setProtectedHeader({ alg: key.alg, kid: key.kid, ...header, ...odd } as never).sign(key.privateKey)
    },
    async [Symbol.asyncDispose]() {
      http.closeAllConnections()
      await new Promise((resolve) => http.close(resolve))
    },
  }
  http.on('request', async (request: IncomingMessage, response: ServerResponse) => {
    const { pathname } = new URL(request.url ?? '/', origin)
    asked.set(pathname, (asked.get(pathname) ?? 0) + 1)
    if (self.down) return json(response, { error: 'server_error' }, 503)
    if (documents.includes(pathname)) return json(response, metadata)
    if (pathname === `${path}/keys`) return json(response, { keys: published })
    if (pathname === `${path}/introspect` && request.method === 'POST') {
      let text = ''
      for await (const chunk of request) text += chunk
      const form = new URLSearchParams(text)
      callers.push(request.headers.authorization ?? `${form.get('client_id')}:${form.get('client_secret')}`)
      const found = active.get(form.get('token') ?? '')
      return json(response, found === undefined ? { active: false } : { active: true, ...found })
    }
    json(response, { error: 'not_found' }, 404)
  })
  self.rotate()
  return self
}

export interface RealIssuer extends AsyncDisposable {
  readonly issuer: string
  /** With client credentials, for `resource` (RFC 8707). */
  token(resource: string, scope: string): Promise<string>
  revoke(token: string): Promise<void>
  readonly clientId: string
  readonly clientSecret: string
}

/** A real oidc-provider with one confidential client. `format`: what its access tokens are. */
export async function startRealIssuer(format: 'jwt' | 'opaque', scopes: readonly string[]): Promise<RealIssuer> {
  const http = createServer()
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const { port } = http.address() as AddressInfo
  const issuer = `http://127.0.0.1:${port}/tenant`
  const [clientId, clientSecret] = ['machine', 'a secret that only tests know']
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const provider = new Provider(issuer, {
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig', kid: 'one' } as never] },
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
        token_endpoint_auth_method: 'client_secret_basic',
        id_token_signed_response_alg: 'ES256',
      },
    ],
    enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    interactions: { url: (_ctx: unknown, { uid }: { uid: string }) => `/tenant/interaction/${uid}` },
    findAccount: (_ctx: unknown, sub: string) => ({ accountId: sub, claims: () => ({ sub }) }),
    cookies: { keys: ['of no use'] },
    features: {
      // Its own pages, which let anybody be anybody.
      devInteractions: { enabled: true },
      registration: { enabled: true },
      clientCredentials: { enabled: true },
      introspection: { enabled: true, allowedPolicy: () => true },
      revocation: { enabled: true, allowedPolicy: () => true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_ctx: unknown, resource: string) => ({
          scope: scopes.join(' '),
          audience: resource,
          accessTokenTTL: 600,
          accessTokenFormat: format,
          ...(format === 'jwt' && { jwt: { sign: { alg: 'ES256' } } }),
        }),
      },
    },
  } as never)
  const callback = provider.callback()
  http.on('request', (request: IncomingMessage, response: ServerResponse) => {
    // As in a framework that has mounted it.
    const { url = '/' } = request
    if (!url.startsWith('/tenant')) return void response.writeHead(404).end()
    Object.assign(request, { originalUrl: url })
    request.url = url.slice('/tenant'.length)
    void callback(request, response)
  })
  const basic = `Basic ${Buffer.from(`${clientId}:${encodeURIComponent(clientSecret)}`).toString('base64')}`
  const post = async (path: string, fields: Record<string, string>): Promise<Response> =>
    fetch(`${issuer}${path}`, { method: 'POST', headers: { authorization: basic }, body: new URLSearchParams(fields) })
  return {
    issuer,
    clientId,
    clientSecret,
    async token(resource, scope) {
      const response = await post('/token', { grant_type: 'client_credentials', resource, scope })
      if (response.status !== 200) throw new Error(`the issuer answered ${response.status}: ${await response.text()}`)
      return ((await response.json()) as { access_token: string }).access_token
    },
    async revoke(token) {
      const response = await post('/token/revocation', { token })
      if (response.status !== 200) throw new Error(`the issuer answered ${response.status}: ${await response.text()}`)
    },
    async [Symbol.asyncDispose]() {
      http.closeAllConnections()
      await new Promise((resolve) => http.close(resolve))
    },
  }
}
