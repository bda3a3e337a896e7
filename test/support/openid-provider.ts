/**
 * An identity provider on a port of its own: a small one that says of people whatever a test wants it to, and a real one (oidc-provider)
 * with a sign-in page of its own. Both check what a provider checks of its client: id, secret, redirect URI and PKCE.
 */

import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SignJWT } from 'jose'
import { Provider } from 'oidc-provider'
import type { SignInProvider } from '../../src/people/index.ts'

export const CLIENT = { clientId: 'sallyport', clientSecret: 'a secret: only tests & providers know it' } as const

type Claims = Record<string, unknown>

export interface SmallProvider extends AsyncDisposable {
  readonly issuer: string
  /** An entry of `auth.signIn` for it. */
  entry(changes?: Partial<SignInProvider>): SignInProvider
  /** Every path that was asked, in order. */
  readonly asked: string[]
  /** Every authorization request that came. */
  readonly requests: URLSearchParams[]
  /** What was sent to the token endpoint, and how. */
  readonly redeemed: { readonly form: URLSearchParams; readonly authorization: string | undefined }[]
  /** What its ID token says of whoever signs in next. */
  person: Claims
  /** What it says at UserInfo; undefined: the same. */
  userInfo: Claims | undefined
  /** Of its metadata: may be changed. */
  readonly metadata: Claims
  /** What it does wrong. */
  readonly wrong: Wrong
}

export interface Wrong {
  /** Changes what an ID token says; `undefined` leaves a claim out. */
  claims?: Claims
  header?: Claims
  /** Signs with a key that it does not publish. */
  unknownKey?: boolean
  /** Changes where a browser is sent back to. */
  redirect?: (back: URL) => void
  /** Answers an error instead of a code. */
  error?: string
  /** By path. */
  status?: Readonly<Record<string, number>>
  /** Sends whoever asks for this path elsewhere, where it is. */
  moved?: string
  /** An answer of this many bytes, by path. */
  bytes?: Readonly<Record<string, number>>
}

const json = (response: ServerResponse, value: unknown, status = 200): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}
const s256 = (text: string): string => createHash('sha256').update(text).digest('base64url')
const defined = (claims: Claims): Claims => Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined))

async function listen(http: Server): Promise<number> {
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  return (http.address() as AddressInfo).port
}
async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  let text = ''
  for await (const chunk of request) text += chunk
  return new URLSearchParams(text)
}

export async function startSmallProvider({ path = '' }: { readonly path?: string } = {}): Promise<SmallProvider> {
  const http = createServer((request, response) => void answer(request, response))
  const origin = `http://localhost:${await listen(http)}`
  const issuer = origin + path
  const keyOf = (): KeyObject => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  const [key, unpublished] = [keyOf(), keyOf()]
  const jwk = { ...createPublicKey(key).export({ format: 'jwk' }), kid: 'one', alg: 'ES256', use: 'sig' }
  const codes = new Map<string, { readonly asked: URLSearchParams; readonly person: Claims }>()
  const tokens = new Map<string, Claims>()
  const self: SmallProvider = {
    issuer,
    asked: [],
    requests: [],
    redeemed: [],
    person: { sub: '1001', email: 'ana@acme.example', email_verified: true },
    userInfo: undefined,
    metadata: {
      issuer,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      userinfo_endpoint: `${issuer}/userinfo`,
      jwks_uri: `${issuer}/keys`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['ES256'],
      code_challenge_methods_supported: ['S256'],
      token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
      authorization_response_iss_parameter_supported: true,
    },
    wrong: {},
    entry: (changes = {}) => ({
      id: 'acme',
      title: 'Acme',
      issuer,
      ...CLIENT,
      allow: { emailDomains: ['acme.example'] },
      ...changes,
    }),
    async [Symbol.asyncDispose]() {
      http.closeAllConnections()
      await new Promise((resolve) => http.close(resolve))
    },
  }

  function authorize(query: URLSearchParams, response: ServerResponse): void {
    self.requests.push(query)
    if (query.get('client_id') !== CLIENT.clientId) return json(response, { error: 'unknown client' }, 400)
    const back = new URL(query.get('redirect_uri') ?? '')
    const code = randomUUID()
    codes.set(code, { asked: query, person: self.person })
    if (self.wrong.error === undefined) back.searchParams.set('code', code)
    else back.searchParams.set('error', self.wrong.error)
    back.searchParams.set('state', query.get('state') ?? '')
    back.searchParams.set('iss', issuer)
    self.wrong.redirect?.(back)
    response.writeHead(302, { location: back.href }).end()
  }
  async function redeem(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const form = await readForm(request)
    const { authorization } = request.headers
    self.redeemed.push({ form, authorization })
    const basic = `Basic ${Buffer.from([CLIENT.clientId, CLIENT.clientSecret].map(formEncoded).join(':')).toString('base64')}`
    const isPost = form.get('client_id') === CLIENT.clientId && form.get('client_secret') === CLIENT.clientSecret
    if (authorization !== basic && !isPost) return json(response, { error: 'invalid_client' }, 401)
    const found = codes.get(form.get('code') ?? '')
    codes.delete(form.get('code') ?? '')
    const isRight =
      found?.asked.get('redirect_uri') === form.get('redirect_uri') &&
      found?.asked.get('code_challenge') === s256(form.get('code_verifier') ?? '') &&
      found.asked.get('code_challenge_method') === 'S256'
    if (!found || !isRight) return json(response, { error: 'invalid_grant' }, 400)
    const accessToken = randomUUID()
    tokens.set(accessToken, found.person)
    json(response, { access_token: accessToken, token_type: 'Bearer', id_token: await idToken(found.asked, found.person) })
  }
  async function idToken(asked: URLSearchParams, person: Claims): Promise<string> {
    const now = Math.floor(Date.now() / 1000)
    const nonce = asked.get('nonce') ?? undefined
    const fresh = asked.get('max_age') === null ? {} : { auth_time: now }
    const claims = { iss: issuer, aud: CLIENT.clientId, iat: now, exp: now + 300, nonce, ...fresh, ...person, ...self.wrong.claims }
    const header = { alg: 'ES256', kid: 'one', ...self.wrong.header }
    if (header.alg === 'none') {
      const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
      return `${part(header)}.${part(defined(claims))}.`
    }
    return new SignJWT(defined(claims)).setProtectedHeader(header).sign(self.wrong.unknownKey ? unpublished : key)
  }
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', origin)
    const asked = pathname.slice(path.length)
    self.asked.push(asked)
    if (asked === self.wrong.moved) return void response.writeHead(302, { location: `${issuer}/moved${asked}` }).end()
    const place = asked.replace(/^\/moved/, '')
    const [status, bytes] = [self.wrong.status?.[place], self.wrong.bytes?.[place]]
    if (status !== undefined) return json(response, { error: 'server_error' }, status)
    if (bytes !== undefined) return json(response, { padding: 'x'.repeat(bytes) })
    if (place === '/.well-known/openid-configuration') return json(response, self.metadata)
    if (place === '/keys') return json(response, { keys: [jwk] })
    if (place === '/authorize') return authorize(searchParams, response)
    if (place === '/token' && request.method === 'POST') return redeem(request, response)
    const person = tokens.get(/^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '')
    if (place === '/userinfo' && person) return json(response, self.userInfo ?? person)
    json(response, { error: 'not_found' }, 404)
  }
  return self
}

/** As `application/x-www-form-urlencoded` (RFC 6749 §2.3.1). */
const formEncoded = (text: string): string => new URLSearchParams({ '': text }).toString().slice(1)

export interface RealProvider extends AsyncDisposable {
  readonly issuer: string
  entry(changes?: Partial<SignInProvider>): SignInProvider
  /** What it says of people, by the name that they type on its own page. */
  readonly people: Map<string, Claims>
}

/** `redirectUris`: asked when the first request comes, since the server that it is for starts after it. */
export async function startRealProvider(redirectUris: () => readonly string[]): Promise<RealProvider> {
  const http = createServer((request, response) => void answer(request, response))
  const issuer = `http://localhost:${await listen(http)}`
  const people = new Map<string, Claims>()
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const made = (): Provider =>
    new Provider(issuer, {
      jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig', kid: 'one' } as never] },
      clients: [
        {
          client_id: CLIENT.clientId,
          client_secret: CLIENT.clientSecret,
          redirect_uris: [...redirectUris()],
          grant_types: ['authorization_code'],
          response_types: ['code'],
          id_token_signed_response_alg: 'ES256',
        },
      ],
      enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
      claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'groups'] },
      cookies: { keys: ['of no use'] },
      features: { devInteractions: { enabled: false } },
      pkce: { required: () => true },
      interactions: { url: (_ctx: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
      findAccount: (_ctx: unknown, sub: string) => ({ accountId: sub, claims: () => ({ sub, ...people.get(sub) }) }),
      // Nobody is asked for consent here: it is the company's own.
      async loadExistingGrant(ctx: never) {
        const { oidc } = ctx as { oidc: { client: { clientId: string }; session: { accountId: string }; provider: Provider } }
        const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId })
        grant.addOIDCScope('openid email profile')
        await grant.save()
        return grant
      },
    } as never)
  let provider: Provider | undefined

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    provider ??= made()
    const uid = /^\/interaction\/([\w-]+)$/.exec(request.url ?? '')?.[1]
    if (uid === undefined) return provider.callback()(request, response)
    if (request.method !== 'POST') {
      const page = `<!doctype html><html lang="en"><title>Acme</title><h1>Acme: sign in</h1><form method="post" action="/interaction/${uid}"><label for="login">Name at Acme</label><input type="text" id="login" name="login"><button type="submit">Go on</button></form></html>`
      return void response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page)
    }
    const login = (await readForm(request)).get('login') ?? ''
    const result = people.has(login) ? { login: { accountId: login } } : { error: 'access_denied' }
    await provider.interactionFinished(request, response, result)
  }
  return {
    issuer,
    people,
    entry: (changes = {}) => ({ id: 'acme', title: 'Acme', issuer, ...CLIENT, allow: { emailDomains: ['acme.example'] }, ...changes }),
    async [Symbol.asyncDispose]() {
      http.closeAllConnections()
      await new Promise((resolve) => http.close(resolve))
    },
  }
}
