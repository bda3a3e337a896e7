/** Tokens of an issuer that is not ours: discovery, keys, claims and introspection, with the clock in hand. */

import assert from 'node:assert/strict'
import { createHmac, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { describe, test } from 'node:test'
import type { Principal } from '../../src/core/index.ts'
import { type AuthorizationServer, createExternalAuthorization, type ExternalIssuerOptions } from '../../src/oauth/index.ts'
import { verifies } from '../requirements.ts'
import { type Issuer, type IssuerOptions, startIssuer } from '../support/external-issuer.ts'

verifies('external-issuer', 'external-keys')

const RESOURCE = 'https://mcp.example.com/mcp'
const SECOND = 1_000

interface World extends AsyncDisposable {
  readonly issuer: Issuer
  readonly server: AuthorizationServer
  readonly logged: string[]
  advance(ms: number): void
  /** The principal, or why there is none. */
  verify(token: string, resource?: string): Promise<Principal | string>
}

async function start(options: Partial<ExternalIssuerOptions> = {}, about: IssuerOptions = {}): Promise<World> {
  const issuer = await startIssuer({ claims: { aud: RESOURCE, client_id: 'cli', scope: 'tools:read' }, ...about })
  let offset = 0
  const logged: string[] = []
  const server = createExternalAuthorization({
    options: { issuer: issuer.issuer, ...options },
    resources: [RESOURCE],
    shownScopes: () => ['tools:read'],
    clock: () => Date.now() + offset,
    log: (level, message, fields) => void logged.push(`${level} ${message} ${JSON.stringify(fields)}`),
  })
  return {
    issuer,
    server,
    logged,
    advance: (ms) => void (offset += ms),
    async verify(token, resource = RESOURCE) {
      const credential = { scheme: 'bearer', value: token } as const
      if (!server.verifier.claims(credential)) return 'unclaimed'
      const decision = await server.verifier.verify(credential, resource)
      if (decision.allowed) return decision.value.principal
      return decision.denial.reason === 'unauthenticated' ? decision.denial.problem : decision.denial.reason
    },
    async [Symbol.asyncDispose]() {
      await server.close()
      await issuer[Symbol.asyncDispose]()
    },
  }
}

const now = (): number => Math.floor(Date.now() / 1000)
const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

describe('a token', () => {
  test('stands for a subject of its issuer, and of no other', async () => {
    await using world = await start()
    const principal = (await world.verify(await world.issuer.mint({ claims: { jti: 'one', roles: ['staff'] } }))) as Principal
    assert.deepEqual(
      { ...principal },
      {
        issuer: world.issuer.issuer,
        subject: 'ana',
        user: 'ana',
        clientId: 'cli',
        credential: 'token',
        scopes: ['tools:read'],
        roles: ['staff'],
        credentialId: 'one',
      },
    )
  })
  test('is refused for what is wrong with it', async () => {
    await using world = await start()
    const { issuer } = world
    const mint = (claims: Record<string, unknown>, header: Record<string, unknown> = {}): Promise<string> => issuer.mint({ claims, header })
    const good = await issuer.mint()
    const [head = '', body = '', signature = ''] = good.split('.')
    const pem = String(createPublicKey({ key: issuer.published[0] as never, format: 'jwk' }).export({ type: 'spki', format: 'pem' }))
    const foreign = issuer.rotate({ publish: false, kid: 'key-1' })
    const hs256 = `${encode({ alg: 'HS256', kid: 'key-1' })}.${body}`
    const wrong: Record<string, [string, string]> = {
      'another issuer': [await mint({ iss: `${issuer.issuer}/` }), 'wrong_issuer'],
      'no issuer': [await mint({ iss: null }), 'malformed'],
      'another audience': [await mint({ aud: 'https://mcp.example.com' }), 'wrong_audience'],
      'no audience': [await mint({ aud: null }), 'wrong_audience'],
      'an audience that only begins like ours': [await mint({ aud: `${RESOURCE}.evil.example` }), 'wrong_audience'],
      expired: [await mint({ exp: now() - 11 }), 'expired'],
      'not yet valid': [await mint({ nbf: now() + 60 }), 'expired'],
      'issued in the future': [await mint({ iat: now() + 60 }), 'expired'],
      'without an end': [await mint({ exp: null }), 'malformed'],
      'without a beginning': [await mint({ iat: null }), 'malformed'],
      'without a subject and a client': [await mint({ sub: null, client_id: null }), 'malformed'],
      'without a client, as ID tokens are': [await mint({ client_id: null }), 'malformed'],
      'a subject of control characters': [await mint({ sub: 'ana\n' }), 'malformed'],
      'alg none': [`${encode({ alg: 'none', kid: 'key-1' })}.${body}.`, 'malformed'],
      'HS256 over the public key': [`${hs256}.${createHmac('sha256', pem).update(hs256).digest('base64url')}`, 'malformed'],
      'a key of the same name': [await issuer.mint({ key: foreign }), 'unknown'],
      'another signature': [
        `${head}.${encode({ ...JSON.parse(Buffer.from(body, 'base64url').toString()), sub: 'bob' })}.${signature}`,
        'unknown',
      ],
      'an ID token': [await mint({ nonce: 'n', at_hash: 'h' }), 'malformed'],
      'an ID token of Keycloak': [await mint({ typ: 'ID' }), 'malformed'],
      'a refresh token of Keycloak': [await mint({ typ: 'Refresh' }), 'malformed'],
      'a logout token': [await mint({ events: {} }, { typ: 'logout+jwt' }), 'malformed'],
      'bound to what nobody checks': [await mint({ cnf: { jwk: {} } }), 'malformed'],
      'not a JWT': ['an-opaque-token', 'unclaimed'],
      'too long': [await mint({ padding: 'x'.repeat(17_000) }), 'malformed'],
    }
    for (const [what, [token, problem]] of Object.entries(wrong)) assert.equal(await world.verify(token), problem, what)
    assert.equal(typeof (await world.verify(good)), 'object')
    assert.equal(await world.verify(good, 'https://other.example.com/mcp'), 'wrong_audience')
  })
  test('may name the audience with a slash at its end, beside others, and by the name that the operator gave', async () => {
    await using world = await start()
    for (const aud of [`${RESOURCE}/`, ['account', RESOURCE]])
      assert.equal(typeof (await world.verify(await world.issuer.mint({ claims: { aud } }))), 'object')
    await using named = await start({ audience: 'api://notes' })
    assert.equal(typeof (await named.verify(await named.issuer.mint({ claims: { aud: 'api://notes/' } }))), 'object')
    assert.equal(await named.verify(await named.issuer.mint()), 'wrong_audience')
  })
  test('may be bound to a key or a certificate: who presents it must hold that (RFC 9449 §6.1, RFC 8705 §3)', async () => {
    await using world = await start()
    const jkt = 'a'.repeat(43)
    const certified = await world.server.verifier.verify(
      { scheme: 'bearer', value: await world.issuer.mint({ claims: { cnf: { 'x5t#S256': jkt } } }) },
      RESOURCE,
    )
    assert.ok(certified.allowed && certified.value.certificate === jkt)
    const token = await world.issuer.mint({ claims: { cnf: { jkt } } })
    const decision = await world.server.verifier.verify({ scheme: 'dpop', value: token }, RESOURCE)
    assert.ok(decision.allowed)
    assert.equal(decision.value.boundTo, jkt)
  })
  test('must be of the type that is asked for, and of an algorithm that is allowed', async () => {
    await using world = await start({ requiredTokenType: 'at+jwt', algorithms: ['ES256'] }, { alg: 'ES256' })
    const { issuer, verify } = world
    assert.equal(await verify(await issuer.mint({ claims: { aud: RESOURCE } })), 'malformed')
    for (const typ of ['at+jwt', 'application/AT+JWT'])
      assert.equal(typeof (await verify(await issuer.mint({ header: { typ } }))), 'object')
    const rsa = issuer.rotate({ alg: 'RS256' })
    world.advance(31 * SECOND)
    assert.equal(await verify(await issuer.mint({ key: rsa, header: { typ: 'at+jwt' } })), 'malformed')
  })
})

describe('metadata', () => {
  test('is found at each place that the specifications name, and its issuer compared exactly', async () => {
    for (const path of ['', '/realms/acme']) {
      const places = [
        `/.well-known/oauth-authorization-server${path}`,
        `/.well-known/openid-configuration${path}`,
        `${path}/.well-known/openid-configuration`,
      ]
      for (const place of places) {
        await using world = await start({}, { path, places: [place] })
        assert.equal(typeof (await world.verify(await world.issuer.mint())), 'object', place)
      }
    }
    await using world = await start()
    world.issuer.metadata['issuer'] = `${world.issuer.issuer}/`
    world.advance(3_600 * SECOND)
    assert.equal(await world.verify(await world.issuer.mint()), 'overloaded')
  })
  test('of another issuer is not used, and the log says what to write', async () => {
    await using issuer = await startIssuer({ slash: true })
    const logged: string[] = []
    const server = createExternalAuthorization({
      options: { issuer: issuer.origin },
      resources: [RESOURCE],
      shownScopes: () => [],
      clock: Date.now,
      log: (_level, _message, fields) => void logged.push(JSON.stringify(fields)),
    })
    const decision = await server.verifier.verify(
      { scheme: 'bearer', value: await issuer.mint({ claims: { iss: issuer.origin } }) },
      RESOURCE,
    )
    assert.equal(decision.allowed, false)
    assert.ok(logged.some((line) => line.includes(`names another issuer (${issuer.origin}/): auth.issuer must be written exactly so`)))
    await server.close()
  })
  test('is not needed where the operator says where the keys are', async () => {
    await using issuer = await startIssuer({ places: [], claims: { aud: RESOURCE, client_id: 'cli' } })
    await using world = await start({ issuer: issuer.issuer, jwksUri: `${issuer.origin}/keys` })
    assert.equal(typeof (await world.verify(await issuer.mint())), 'object')
  })
  test('cannot lead to an address of this machine that the operator did not write', async () => {
    await using other = await startIssuer()
    await using world = await start()
    world.issuer.metadata['jwks_uri'] = `http://localhost:${new URL(other.origin).port}/keys`
    assert.equal(await world.verify(await world.issuer.mint()), 'overloaded')
    assert.equal(other.asked.get('/keys'), undefined)
  })
})

describe('keys', () => {
  test('are asked for once, however many tokens come', async () => {
    await using world = await start()
    const token = await world.issuer.mint()
    await Promise.all(Array.from({ length: 50 }, () => world.verify(token)))
    world.advance(500 * SECOND)
    await world.verify(token)
    assert.equal(world.issuer.asked.get('/keys'), 1)
  })
  test('that nobody has seen are looked for once, and not again within half a minute', async () => {
    await using world = await start()
    const { issuer } = world
    await world.verify(await issuer.mint())
    const strange = issuer.rotate({ publish: false })
    world.advance(31 * SECOND)
    for (let i = 0; i < 20; i++)
      assert.equal(await world.verify(await issuer.mint({ key: strange, header: { kid: `made-up-${i}` } })), 'unknown')
    assert.equal(issuer.asked.get('/keys'), 2)
    const next = issuer.rotate()
    assert.equal(await world.verify(await issuer.mint({ key: next })), 'unknown')
    world.advance(31 * SECOND)
    assert.equal(typeof (await world.verify(await issuer.mint({ key: next, claims: { exp: now() + 900 } }))), 'object')
    assert.equal(issuer.asked.get('/keys'), 3)
    world.advance(31 * SECOND)
    // Somebody else's tokens make nobody look.
    assert.equal(
      await world.verify(await issuer.mint({ key: strange, header: { kid: 'elsewhere' }, claims: { iss: 'https://other.example' } })),
      'wrong_issuer',
    )
    assert.equal(issuer.asked.get('/keys'), 3)
  })
  test('count for an hour where the issuer does not answer, and then nobody is let in', async () => {
    await using world = await start()
    const { issuer } = world
    const token = await issuer.mint({ claims: { exp: now() + 10_000 } })
    assert.equal(typeof (await world.verify(token)), 'object')
    issuer.down = true
    world.advance(3_000 * SECOND)
    assert.equal(typeof (await world.verify(token)), 'object')
    world.advance(700 * SECOND)
    assert.equal(await world.verify(token), 'overloaded')
    issuer.down = false
    world.advance(11 * SECOND)
    assert.equal(typeof (await world.verify(token)), 'object')
  })
  test('that were withdrawn do not count once the set is read again', async () => {
    await using world = await start()
    const { issuer } = world
    const token = await issuer.mint({ claims: { exp: now() + 10_000 } })
    assert.equal(typeof (await world.verify(token)), 'object')
    issuer.published.length = 0
    issuer.rotate()
    world.advance(601 * SECOND)
    assert.equal(await world.verify(token), 'unknown')
  })
  test('that are private, symmetric, weak or for encryption are none', async () => {
    await using world = await start()
    const { issuer } = world
    const [first = {}] = issuer.published
    const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' })
    const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' })
    for (const key of [
      { ...first, use: 'enc' },
      { ...first, key_ops: ['sign'] },
      { ...first, d: 'AAAA' },
      { ...weak, kid: 'key-1' },
      { ...ec, kid: 'key-1' },
      { kty: 'oct', k: 'AAAA', kid: 'key-1' },
      { kty: 'RSA', n: 'AAAA', kid: 'key-1' },
      null,
    ]) {
      issuer.published.splice(0, issuer.published.length, key as never)
      world.advance(601 * SECOND)
      assert.equal(await world.verify(await issuer.mint({ claims: { exp: now() + 20_000 } })), 'unknown', JSON.stringify(key))
    }
  })
})

describe('introspection', () => {
  const introspection = { clientId: 'sally', clientSecret: 'of:the/sea' }
  test('is the only way for a token that is no JWT', async () => {
    await using world = await start({ introspection })
    const { issuer, verify } = world
    issuer.active.set('opaque', { sub: 'ana', client_id: 'cli', aud: RESOURCE, scope: 'tools:read', exp: now() + 60 })
    assert.deepEqual(((await verify('opaque')) as Principal).scopes, ['tools:read'])
    assert.equal(issuer.callers[0], `Basic ${Buffer.from('sally:of%3Athe%2Fsea').toString('base64')}`)
    assert.equal(await verify('made-up'), 'unknown')
    const wrong: Record<string, [Record<string, unknown>, string]> = {
      'for nobody': [{ sub: 'ana' }, 'wrong_audience'],
      'for another': [{ sub: 'ana', aud: 'https://other.example.com/mcp' }, 'wrong_audience'],
      'of another issuer': [{ sub: 'ana', aud: RESOURCE, iss: 'https://other.example.com' }, 'wrong_issuer'],
      expired: [{ sub: 'ana', aud: RESOURCE, exp: now() - 60 }, 'expired'],
      'not yet valid': [{ sub: 'ana', aud: RESOURCE, nbf: now() + 60 }, 'expired'],
      'of nobody': [{ aud: RESOURCE }, 'malformed'],
      'a refresh token': [{ sub: 'ana', aud: RESOURCE, token_type: 'refresh_token' }, 'malformed'],
      'a refresh token of Keycloak': [{ sub: 'ana', aud: RESOURCE, typ: 'Refresh' }, 'malformed'],
    }
    for (const [what, [claims, problem]] of Object.entries(wrong)) {
      issuer.active.set(what.replaceAll(' ', '-'), claims)
      assert.equal(await verify(what.replaceAll(' ', '-')), problem, what)
    }
  })
  test('tells of a token that was revoked, also where it is a JWT, and is not asked about forged ones', async () => {
    await using world = await start({ introspection })
    const { issuer, verify } = world
    const token = await issuer.mint()
    issuer.active.set(token, {})
    const decision = await world.server.verifier.verify({ scheme: 'bearer', value: token }, RESOURCE)
    assert.ok(decision.allowed && decision.value.expiresAt <= Date.now() + 1_000, 'it counts for a second')
    issuer.active.delete(token)
    assert.equal(await verify(token), 'revoked')
    assert.equal(issuer.asked.get('/introspect'), 2)
    assert.equal(await verify(`${token.slice(0, -8)}AAAAAAAA`), 'unknown')
    assert.equal(await verify(await issuer.mint({ claims: { aud: 'another' } })), 'wrong_audience')
    assert.equal(issuer.asked.get('/introspect'), 2)
  })
  test('only narrows what a JWT grants: fewer scopes and roles, an earlier end, never more of either', async () => {
    await using world = await start({ introspection })
    const { issuer, verify } = world
    const token = await issuer.mint({ claims: { scope: 'tools:read tools:execute', roles: ['staff', 'admin'] } })
    const told = async (claims: Record<string, unknown>): Promise<string | readonly string[]> => {
      issuer.active.set(token, claims)
      world.advance(SECOND)
      const found = await verify(token)
      return typeof found === 'string' ? found : [...found.scopes, ...found.roles]
    }
    const all = ['tools:read', 'tools:execute', 'staff', 'admin']
    assert.deepEqual(await told({}), all, 'what is not repeated stands')
    assert.deepEqual(await told({ scope: null, roles: null, exp: null }), all)
    assert.deepEqual(await told({ scope: 'tools:read' }), ['tools:read', 'staff', 'admin'])
    assert.deepEqual(await told({ scope: 'tools:read tools:write', roles: ['staff', 'owner'] }), ['tools:read', 'staff'])
    assert.deepEqual(await told({ scope: '' }), ['staff', 'admin'])
    assert.equal(await told({ exp: now() - 60 }), 'expired')
    assert.equal(await told({ aud: 'another' }), 'wrong_audience')
    await using another = await start({ introspection })
    await another.verify(await another.issuer.mint({ claims: { jti: 'first' } }))
    const expiresAt = async (claims: Record<string, unknown>, of: Record<string, unknown> = {}): Promise<number> => {
      const value = await another.issuer.mint({ claims: { jti: 'this', ...of } })
      another.issuer.active.set(value, claims)
      const decision = await another.server.verifier.verify({ scheme: 'bearer', value }, RESOURCE)
      return decision.allowed ? decision.value.expiresAt : 0
    }
    // Sooner than the second for which an answer counts, with the ten that clocks may differ by.
    for (const later of [undefined, 600]) {
      const end = Date.now() / 1000 - 9.1
      const found = later === undefined ? await expiresAt({ exp: end }) : await expiresAt({ exp: end + later }, { exp: end })
      assert.equal(found, (end + 10) * SECOND)
    }
  })
  test('costs one question for one token, whether many ask at once or an invented one comes again', async () => {
    await using world = await start({ introspection })
    const { issuer, verify } = world
    issuer.active.set('opaque', { sub: 'ana', aud: RESOURCE })
    await Promise.all(Array.from({ length: 20 }, () => verify('opaque')))
    assert.equal(issuer.asked.get('/introspect'), 1)
    for (let i = 0; i < 20; i++) await verify('made-up')
    assert.equal(issuer.asked.get('/introspect'), 2)
    world.advance(11 * SECOND)
    await verify('made-up')
    assert.equal(issuer.asked.get('/introspect'), 3)
  })
  test('fails closed: no answer, or one that is none, lets nobody in, and says nothing of the secret', async () => {
    await using world = await start({ introspection })
    const { issuer, verify, logged } = world
    issuer.active.set('odd', { sub: 'ana', aud: RESOURCE, active: 'true' })
    assert.equal(await verify('odd'), 'overloaded')
    issuer.down = true
    assert.equal(await verify('opaque'), 'overloaded')
    assert.doesNotMatch(logged.join('\n'), /of:the|opaque|odd/)
  })
})
