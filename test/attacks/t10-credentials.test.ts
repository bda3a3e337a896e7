// T10, T21: every wrong credential there is, on GET and POST, in both eras. Forged tokens are signed with the server's own key
// where only one thing about them may be wrong: nothing else can be what refused them.

import assert from 'node:assert/strict'
import { createHmac, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { crc32 } from 'node:zlib'
import { importJWK, type JWTHeaderParameters, type JWTPayload, SignJWT } from 'jose'
import { createApiKeys } from '../../src/oauth/index.ts'
import { tool } from '../fixtures/attacks/behaviour.ts'
import { type HttpWitness, startHttpWitness } from '../fixtures/attacks/http-witness.ts'
import { verifies } from '../requirements.ts'
import { postForm, signingJwk } from '../support/authorization.ts'
import { type Gateway, said, startGateway } from '../support/gateway.ts'
import { type Answer, mcp, type Version } from '../support/mcp.ts'
import { until } from '../support/until.ts'

verifies('T10', 'T21', 'RS4')

type Headers = Record<string, string | string[]>
/** What is sent, and what the audit must say of it. */
type Case = readonly [what: string, headers: Headers, problem: string, query?: string]

const DAY_MS = 86_400_000
const ERAS: readonly Version[] = ['2026-07-28', '2025-11-25']

let gateway: Gateway
let other: Gateway
let web: HttpWitness
let good: string
let goodKey: string
const cases: Case[] = []

before(async () => {
  web = await startHttpWitness({ era: 'modern', name: 'web', tools: [tool('look')] })
  gateway = await startGateway({ servers: { web: { url: web.url } } })
  other = await startGateway({ servers: { web: { url: web.url } } })
  good = await gateway.token()
  goodKey = (await gateway.key()).key
  await prepare()
})
after(async () => {
  await gateway[Symbol.asyncDispose]()
  await other[Symbol.asyncDispose]()
  await web[Symbol.asyncDispose]()
})

const bearer = (value: string): Headers => ({ authorization: `Bearer ${value}` })
const encode = (value: unknown): string => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

async function prepare(): Promise<void> {
  const [head = '', body = '', signature = ''] = good.split('.')
  const header = JSON.parse(Buffer.from(head, 'base64url').toString()) as JWTHeaderParameters
  const payload = JSON.parse(Buffer.from(body, 'base64url').toString()) as JWTPayload
  const now = Math.floor(Date.now() / 1000)

  const { data } = gateway
  const jwk = await signingJwk(data)
  const own = await importJWK(jwk, 'ES256')
  const publicKey = createPublicKey({ key: jwk, format: 'jwk' })
  const foreign = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const sign = (claims: JWTPayload, protectedHeader = header, key = own): Promise<string> =>
    new SignJWT(claims).setProtectedHeader(protectedHeader).sign(key)
  const hmac = (secret: string | Buffer, claimed: object): string => {
    const text = `${encode(claimed)}.${body}`
    return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`
  }

  const revoked = await gateway.signIn()
  await postForm(`${gateway.issuer}/revoke`, { token: revoked.tokens.access_token, client_id: revoked.clientId })
  const refreshable = await gateway.signIn()
  const foreignToken = await other.token()

  const keys = createApiKeys({ ...data, clock: Date.now })
  const revokedKey = await gateway.key()
  await keys.revoke(revokedKey.id)
  const old = createApiKeys({ ...data, clock: () => Date.now() - 2 * DAY_MS })
  const expiredKey = await old.create({ name: 'old', scopes: ['tools:execute'], createdBy: 'test', expiresInDays: 1 })
  const guessed = withChecksum(goodKey.slice(0, -7) + (goodKey.at(-7) === 'a' ? 'b' : 'a'))

  cases.push(
    ['nothing', {}, 'missing'],
    ['an empty bearer', { authorization: 'Bearer ' }, 'missing'],
    ['another scheme', { authorization: `Basic ${good}` }, 'missing'],
    ['the token without a scheme', { authorization: good }, 'missing'],
    ['the token in the query string', {}, 'missing', `?access_token=${good}&token=${good}`],
    ['the key in the query string', {}, 'missing', `?api_key=${goodKey}&key=${goodKey}`],
    ['the token in a cookie', { cookie: `access_token=${good}` }, 'missing'],
    ['garbage', bearer('garbage'), 'unknown'],
    ['dots', bearer('a.b.c'), 'unknown'],
    ['something like a token', bearer('eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbmEifQ.AAAA'), 'unknown'],
    ['a token and a key at once', { ...bearer(good), 'x-api-key': goodKey }, 'several'],
    ['two tokens at once', { authorization: [`Bearer ${good}`, `Bearer ${good}`] }, 'several'],
    ['two tokens in one header', bearer(`${good}, Bearer ${good}`), 'unknown'],

    ['an expired token', bearer(await sign({ ...payload, iat: now - 7200, exp: now - 60 })), 'expired'],
    ['a token that is not valid yet', bearer(await sign({ ...payload, nbf: now + 7200 })), 'expired'],
    ['a token that never expires', bearer(await sign({ ...payload, exp: undefined } as unknown as JWTPayload)), 'malformed'],
    ['a token for another server', bearer(await sign({ ...payload, aud: `${other.issuer}/mcp` })), 'wrong_audience'],
    ['a token for the issuer itself', bearer(await sign({ ...payload, aud: gateway.issuer })), 'wrong_audience'],
    ['a token for nobody', bearer(await sign({ ...payload, aud: undefined } as unknown as JWTPayload)), 'wrong_audience'],
    ['a token of another issuer', bearer(await sign({ ...payload, iss: other.issuer })), 'wrong_issuer'],
    ['another Sallyport’s own token', bearer(foreignToken), 'wrong_issuer'],
    ['an ID token', bearer(await sign({ ...payload, aud: String(payload['client_id']) }, { ...header, typ: 'JWT' })), 'malformed'],
    ['a token of no type', bearer(await sign(payload, { alg: 'ES256', kid: String(header.kid) })), 'malformed'],
    ['a token of a grant that never was', bearer(await sign({ ...payload, grant_id: 'another' })), 'revoked'],
    ['a token of another person', bearer(await sign({ ...payload, sub: 'bob' })), 'revoked'],
    ['a revoked token', bearer(revoked.tokens.access_token), 'revoked'],
    ['a refresh token', bearer(String(refreshable.tokens.refresh_token)), 'unknown'],

    ['alg none', bearer(`${encode({ ...header, alg: 'none' })}.${body}.`), 'malformed'],
    ['alg none, with a signature', bearer(`${encode({ ...header, alg: 'none' })}.${body}.${signature}`), 'malformed'],
    ['alg NONE', bearer(`${encode({ ...header, alg: 'NONE' })}.${body}.AAAA`), 'malformed'],
    [
      'HS256 over the public key',
      bearer(hmac(publicKey.export({ type: 'spki', format: 'pem' }), { ...header, alg: 'HS256' })),
      'malformed',
    ],
    [
      'HS256 over the published JWK',
      bearer(hmac(JSON.stringify(publicKey.export({ format: 'jwk' })), { ...header, alg: 'HS256' })),
      'malformed',
    ],
    ['a signature by another key', bearer(await sign(payload, header, foreign.privateKey as never)), 'unknown'],
    [
      'a key brought along',
      bearer(
        await sign(
          payload,
          { ...header, jwk: foreign.publicKey.export({ format: 'jwk' }) } as JWTHeaderParameters,
          foreign.privateKey as never,
        ),
      ),
      'unknown',
    ],
    [
      'an altered payload',
      bearer(`${head}.${encode({ ...payload, scope: 'tools:read tools:execute admin', sub: 'root' })}.${signature}`),
      'unknown',
    ],
    ['an altered header', bearer(`${encode({ ...header, x: 1 })}.${body}.${signature}`), 'unknown'],
    ['a signature cut short', bearer(good.slice(0, -8)), 'unknown'],
    ['no signature', bearer(`${head}.${body}.`), 'malformed'],

    ['a revoked key', bearer(revokedKey.key), 'revoked'],
    ['an expired key', bearer(expiredKey.key), 'expired'],
    ['a key with a wrong checksum', bearer(goodKey.slice(0, -1) + (goodKey.endsWith('0') ? '1' : '0')), 'malformed'],
    ['a guessed secret with a right checksum', bearer(guessed), 'unknown'],
    ['a key of another data directory', bearer((await other.key()).key), 'unknown'],
    ['a key in capitals', bearer(goodKey.toUpperCase()), 'unknown'],
    ['two keys at once', { 'x-api-key': [goodKey, goodKey] }, 'malformed'],
    ['a token where a key goes', { 'x-api-key': good }, 'unknown'],
  )
}

/** The last six characters anew: CRC-32 in base 62. */
function withChecksum(key: string): string {
  const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
  const body = key.slice(0, 45)
  let rest = crc32(body)
  let sum = ''
  for (let place = 0; place < 6; place++) {
    sum = digits[rest % 62] + sum
    rest = Math.floor(rest / 62)
  }
  return body + sum
}

/** The same call four times: by POST and GET, in either revision. */
async function knock(headers: Headers, query = ''): Promise<readonly (readonly [string, Answer])[]> {
  const answers: (readonly [string, Answer])[] = []
  for (const version of ERAS) {
    const modern = version === '2026-07-28'
    const meta = { 'io.modelcontextprotocol/protocolVersion': version, 'io.modelcontextprotocol/clientCapabilities': {} }
    const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'look', ...(modern && { _meta: meta }) } }
    const mirrored = modern ? { 'mcp-method': 'tools/call', 'mcp-name': 'look' } : {}
    answers.push([`POST ${version}`, await mcp(gateway.url + query, { version }).post(call, { ...mirrored, ...headers })])
    const stream = { accept: 'text/event-stream', 'mcp-protocol-version': version, ...headers }
    const listened = mcp(gateway.url).send('GET', `/mcp${query}`, stream)
    // Whoever is let in gets a stream that does not end.
    answers.push([`GET ${version}`, await Promise.race([listened, delay(20_000, { status: 0 } as Answer, { ref: false })])])
  }
  return answers
}

describe('T10, T21: credentials', () => {
  it('each wrong one gets its 401 with a challenge, nothing reaches the upstream, and each is on record', async () => {
    const heard = web.seen.length
    assert.ok(cases.length > 40)
    for (const [what, headers, problem, query] of cases) {
      // Further than the audit folds equal refusals of one address together.
      gateway.advance(11_000)
      const earlier = (await gateway.data.store.audit.search({ limit: 1 }))[0]?.sequence ?? 0
      for (const [how, { status, headers: answered, error, result }] of await knock(headers, query)) {
        const which = `${what}, ${how}`
        assert.equal(status, problem === 'several' ? 400 : 401, which)
        assert.equal(result, undefined, which)
        const challenge = String(answered['www-authenticate'])
        assert.match(challenge, /^Bearer /, which)
        assert.ok(challenge.includes(`resource_metadata="${gateway.issuer}/.well-known/oauth-protected-resource/mcp"`), which)
        assert.match(challenge, /scope="[^"]*tools:execute/, which)
        // RFC 6750 §3.1: no error where no credential was presented.
        const code = /error="(\w+)"/.exec(challenge)?.[1]
        assert.equal(code, problem === 'missing' ? undefined : problem === 'several' ? 'invalid_request' : 'invalid_token', which)
        assert.ok(error.message.length > 10, which)
      }
      const newest = () => gateway.data.store.audit.search({ limit: 10 })
      await until(`the records of ${what}`, async () => ((await newest())[0]?.sequence ?? 0) >= earlier + 4)
      const fresh = (await newest()).filter(({ sequence }) => sequence > earlier).map(({ record }) => record)
      assert.deepEqual(
        fresh.map(({ decision, reason, facts, subject }) => [decision, reason, facts?.['problem'], subject]),
        Array.from({ length: 4 }, () => ['deny', 'unauthenticated', problem, undefined]),
        what,
      )
    }
    assert.equal(web.seen.length, heard)
  })
  it('the good token and the good key get in, whichever way they are allowed to come', async () => {
    const ways: Headers[] = [bearer(good), { authorization: `bearer ${good}` }, bearer(goodKey), { 'x-api-key': goodKey }]
    const heard = web.seen.length
    for (const headers of ways) {
      for (const version of ERAS) {
        const answer = await mcp(gateway.url, { version, headers }).call('look')
        assert.equal(said(answer), 'web: look')
      }
    }
    assert.equal(web.seen.length, heard + ways.length * ERAS.length)
  })
  it('a token that was good is refused once its hour is over', async () => {
    assert.equal((await mcp(gateway.url, { token: good }).call('look')).status, 200)
    gateway.advance(3_700_000)
    assert.equal((await mcp(gateway.url, { token: good }).call('look')).status, 401)
  })
})
