/** An issuer on a real port that vouches for people and workloads: metadata, keys, and JWTs however a test wants them. */

import { generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SignJWT } from 'jose'

export interface Issuer extends AsyncDisposable {
  readonly issuer: string
  /** The paths that were asked for, in order. */
  readonly asked: string[]
  /** A JWT of the newest key. `undefined` leaves a claim or a header member out. */
  sign(claims: Record<string, unknown>, header?: Record<string, unknown>): Promise<string>
  /** What an enterprise says of one of its people. */
  idJag(changes: Record<string, unknown>, header?: Record<string, unknown>): Promise<string>
  /** Makes a new key; `published`: whether it is among those that are shown. */
  rotate(published?: boolean): void
  /** Answers every request with this status. */
  fail(status: number | undefined): void
  /** What the metadata says instead. */
  describe(changes: Record<string, unknown>): void
  /** Keys that are shown beside. */
  alsoPublish(jwk: Record<string, unknown>): void
  /** What is done with a POST to `/token`. */
  onToken(answer: (form: URLSearchParams) => Promise<Record<string, unknown>>): void
}

export const ID_JAG = 'oauth-id-jag+jwt'
export const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
export const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
export const ACCESS_TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:access_token'

const without = (given: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))

export async function startIssuer({ clock = Date.now, rsa = false }: { clock?: () => number; rsa?: boolean } = {}): Promise<Issuer> {
  const http = createServer((request, response) => void answer(request, response))
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const issuer = `http://localhost:${(http.address() as AddressInfo).port}`
  const asked: string[] = []
  const alg = rsa ? 'RS256' : 'ES256'
  let shown: Record<string, unknown>[] = []
  let current: { kid: string; key: KeyObject }
  let failing: number | undefined
  let described: Record<string, unknown> = {}
  let token: ((form: URLSearchParams) => Promise<Record<string, unknown>>) | undefined

  function rotate(published = true): void {
    const pair = rsa ? generateKeyPairSync('rsa', { modulusLength: 2048 }) : generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const kid = randomUUID()
    current = { kid, key: pair.privateKey }
    if (published) shown.push({ ...pair.publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' })
  }
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '/'
    asked.push(path)
    const metadata = {
      issuer,
      jwks_uri: `${issuer}/keys`,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      response_types_supported: ['code'],
    }
    const documents: Record<string, unknown> = {
      '/.well-known/openid-configuration': { ...metadata, ...described },
      '/.well-known/oauth-authorization-server': { ...metadata, ...described },
      '/keys': { keys: shown },
    }
    let text = ''
    for await (const chunk of request) text += chunk
    const body = path === '/token' && token ? await token(new URLSearchParams(text)) : documents[path]
    response.writeHead(failing ?? (body === undefined ? 404 : 200), { 'content-type': 'application/json' }).end(JSON.stringify(body ?? {}))
  }
  async function sign(claims: Record<string, unknown>, header: Record<string, unknown> = {}): Promise<string> {
    const now = Math.floor(clock() / 1000)
    const all = without({ iss: issuer, iat: now, exp: now + 300, jti: randomUUID(), ...claims })
    return new SignJWT(all).setProtectedHeader(without({ alg, kid: current.kid, ...header }) as { alg: string }).sign(current.key)
  }
  rotate()
  return {
    issuer,
    asked,
    sign,
    idJag: (changes, header = {}) => sign({ sub: 'U019488227', ...changes }, { typ: ID_JAG, ...header }),
    rotate,
    fail(status) {
      failing = status
    },
    describe(changes) {
      described = changes
    },
    alsoPublish(jwk) {
      shown = [...shown, jwk]
    },
    onToken(does) {
      token = does
    },
    async [Symbol.asyncDispose]() {
      http.closeAllConnections()
      await new Promise((resolve) => http.close(resolve))
    },
  }
}
