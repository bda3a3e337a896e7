/** When a token stops being good: its time, its audience, its maker, and what it came from. */

import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { SignJWT } from 'jose'
import { connect, postForm, signingJwk, startAuthorizationServer, verify } from '../support/authorization.ts'

const partsOf = (token: string) => token.split('.') as [string, string, string]
const decode = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString())
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

test('a token is good until it expires, with five seconds for clocks that differ', async () => {
  await using fixture = await startAuthorizationServer({ accessTokenTtlSeconds: 900 })
  const { access_token: token } = (await connect(fixture)).tokens
  const decision = await fixture.server.verifier.verify({ scheme: 'bearer', value: token }, fixture.resource)
  assert.ok(decision.allowed)
  assert.equal(decision.value.expiresAt, decode(partsOf(token)[1]).exp * 1000)
  fixture.advance(895_000)
  assert.equal(typeof (await verify(fixture, token)), 'object')
  fixture.advance(15_000)
  assert.equal(await verify(fixture, token), 'expired')
})

test('a token is good at this server only', async () => {
  await using here = await startAuthorizationServer()
  await using elsewhere = await startAuthorizationServer()
  const { access_token: token } = (await connect(here)).tokens
  assert.equal(await verify(elsewhere, token), 'wrong_issuer')
  assert.equal(await verify(here, token, elsewhere.resource), 'wrong_audience')
  assert.equal(typeof (await verify(here, token, `${here.resource}/`)), 'object')
})

test('what was not signed by us, or was changed since, is refused', async () => {
  await using fixture = await startAuthorizationServer()
  const { access_token: token } = (await connect(fixture)).tokens
  const [header, payload, signature] = partsOf(token)
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const forge = (changes: Record<string, unknown>, headerChanges: Record<string, unknown> = {}) =>
    new SignJWT({ ...decode(payload), ...changes }).setProtectedHeader({ ...decode(header), ...headerChanges }).sign(privateKey)

  const attempts: Record<string, [string, string]> = {
    'another key': [await forge({}), 'unknown'],
    'another key and issuer': [await forge({ iss: 'https://evil.example' }), 'wrong_issuer'],
    'more scopes': [`${header}.${encode({ ...decode(payload), scope: 'admin' })}.${signature}`, 'unknown'],
    'alg none': [`${encode({ alg: 'none', typ: 'at+jwt' })}.${payload}.`, 'malformed'],
    'alg none with a signature': [`${encode({ ...decode(header), alg: 'none' })}.${payload}.${signature}`, 'malformed'],
    'HMAC with the public key': [`${encode({ ...decode(header), alg: 'HS256' })}.${payload}.${signature}`, 'malformed'],
    'a cut signature': [`${header}.${payload}.${signature.slice(0, -2)}`, 'unknown'],
    'not a JWT': ['eyJ.x.y', 'malformed'],
    'a payload that is no JSON': [`${header}.eyJub3RKU09O.${signature}`, 'unknown'],
    'a payload that is cut short': [`${header}.${Buffer.from('{"\\u0000').toString('base64url')}.${signature}`, 'unknown'],
    'a header that is no JSON': [`eyJub3RKU09O.${payload}.${signature}`, 'malformed'],
    'a header with crit': [`${encode({ ...decode(header), crit: ['x'], x: 1 })}.${payload}.${signature}`, 'malformed'],
    'a key in the header': [
      `${encode({ ...decode(header), jwk: privateKey.export({ format: 'jwk' }) })}.${payload}.${signature}`,
      'unknown',
    ],
    'an endless one': [`${header}.${payload}.${'A'.repeat(9000)}`, 'malformed'],
  }
  for (const [name, [value, problem]] of Object.entries(attempts)) assert.equal(await verify(fixture, value), problem, name)
})

test('tokens that our own key signed for something else are refused', async () => {
  await using fixture = await startAuthorizationServer()
  const { access_token: token } = (await connect(fixture)).tokens
  const [header, payload] = partsOf(token)
  const jwk = await signingJwk(fixture)
  const { importJWK } = await import('jose')
  const key = await importJWK(jwk, 'ES256')
  const sign = (changes: Record<string, unknown>, headerChanges: Record<string, unknown> = {}) =>
    new SignJWT({ ...decode(payload), ...changes }).setProtectedHeader({ ...decode(header), ...headerChanges }).sign(key)
  const now = Math.floor(Date.now() / 1000)

  assert.equal(typeof (await verify(fixture, await sign({}))), 'object', 'the twin that is right')
  const attempts: Record<string, [string, string]> = {
    'another audience': [await sign({ aud: 'https://elsewhere.example/mcp' }), 'wrong_audience'],
    'no audience': [await sign({ aud: undefined }), 'wrong_audience'],
    'another issuer': [await sign({ iss: 'https://elsewhere.example' }), 'wrong_issuer'],
    'the type of an ID token': [await sign({}, { typ: 'JWT' }), 'malformed'],
    'not valid yet': [await sign({ nbf: now + 60 }), 'expired'],
    expired: [await sign({ exp: now - 60 }), 'expired'],
    'no expiry': [await sign({ exp: undefined }), 'malformed'],
    'no grant': [await sign({ grant_id: undefined }), 'malformed'],
    'another’s grant': [await sign({ sub: 'ben' }), 'revoked'],
    'another client’s grant': [await sign({ client_id: 'cl_other' }), 'revoked'],
    'an unknown key id': [await sign({}, { kid: 'other' }), 'unknown'],
  }
  for (const [name, [value, problem]] of Object.entries(attempts)) assert.equal(await verify(fixture, value), problem, name)
})

test('claims() tells our tokens from keys and from what is no token', async () => {
  await using fixture = await startAuthorizationServer()
  const { claims } = fixture.server.verifier
  assert.equal(claims({ scheme: 'bearer', value: 'eyJ.eyJ.x' }), true)
  assert.equal(claims({ scheme: 'api_key', value: 'eyJ.eyJ.x' }), false)
  assert.equal(claims({ scheme: 'bearer', value: 'spk_abcdefgh_x' }), false)
})

test('revoking a token ends its grant: the signed tokens of it are refused at once', async () => {
  await using fixture = await startAuthorizationServer()
  for (const hint of [undefined, 'refresh_token', 'access_token']) {
    for (const kind of ['access_token', 'refresh_token'] as const) {
      const { tokens, clientId, refresh } = await connect(fixture)
      assert.equal(typeof (await verify(fixture, tokens.access_token)), 'object')
      fixture.published.length = 0
      const revoked = await postForm(`${fixture.issuer}/revoke`, { token: tokens[kind], token_type_hint: hint, client_id: clientId })
      assert.equal(revoked.status, 200, `${kind} with hint ${hint}`)
      assert.equal(revoked.headers.get('access-control-allow-origin'), '*')
      assert.equal(await verify(fixture, tokens.access_token), 'revoked')
      assert.equal((await refresh()).status, 400)
      const { action, clientId: by } = fixture.records.at(-2) ?? {}
      assert.deepEqual([action, by], ['grant.revoke', clientId])
      assert.deepEqual(
        fixture.published.map((message) => message.split(':')[0]),
        ['grant'],
        'whoever remembers an outcome is told',
      )
    }
  }
})

test('nobody revokes another client’s token', async () => {
  await using fixture = await startAuthorizationServer()
  const one = await connect(fixture)
  const two = await connect(fixture)
  for (const token of [one.tokens.access_token, one.tokens.refresh_token]) {
    await postForm(`${fixture.issuer}/revoke`, { token, client_id: two.clientId })
    assert.equal(typeof (await verify(fixture, one.tokens.access_token)), 'object')
  }
  const unknown = await postForm(`${fixture.issuer}/revoke`, { token: one.tokens.access_token, client_id: 'cl_nobody' })
  assert.equal(unknown.status, 401)
  const nonsense = await postForm(`${fixture.issuer}/revoke`, { token: 'nonsense', client_id: two.clientId })
  assert.equal(nonsense.status, 200, 'RFC 7009 §2.2: an unknown token is revoked already')
})

test('an expired token still names the grant to revoke', async () => {
  await using fixture = await startAuthorizationServer()
  const { tokens, clientId, refresh } = await connect(fixture)
  fixture.advance(3_700_000)
  assert.equal(await verify(fixture, tokens.access_token), 'expired')
  await postForm(`${fixture.issuer}/revoke`, { token: tokens.access_token, client_id: clientId })
  assert.equal((await refresh()).status, 400)
})

test('a token ends with its account and with its client; roles are the account’s of now', async () => {
  await using fixture = await startAuthorizationServer()
  const { tokens, refresh, clientId } = await connect(fixture)
  const accounts = fixture.store.records<{ roles: string[]; since: number }>('account')
  const found = await accounts.get('ana')
  assert.ok(found)
  await accounts.compareAndSet('ana', found.version, { ...found.value, roles: ['staff', 'admin'] })
  const principal = await verify(fixture, tokens.access_token)
  assert.deepEqual(typeof principal === 'object' && principal.roles, ['staff', 'admin'])

  await accounts.takeOnce('ana')
  assert.equal(await verify(fixture, tokens.access_token), 'revoked')
  assert.equal((await refresh()).status, 400)
  await accounts.putIfAbsent('ana', { ...found.value, since: Date.now() + 60_000 })
  assert.equal(await verify(fixture, tokens.access_token), 'revoked', 'somebody else of the same name')
  assert.equal((await refresh()).status, 400)

  await accounts.takeOnce('ana')
  await accounts.putIfAbsent('ana', found.value)
  assert.equal(typeof (await verify(fixture, tokens.access_token)), 'object', 'the twin that is right')
  await fixture.store.records('client').takeOnce(clientId)
  assert.equal(await verify(fixture, tokens.access_token), 'revoked')
})

test('the key outlives a restart, and two servers over one store agree on it', async () => {
  const { createSigningKeys } = await import('../../src/oauth/signing-keys.ts')
  await using fixture = await startAuthorizationServer()
  const { store, vault } = fixture
  const parts = { store, vault, clock: Date.now }
  const keys = await Promise.all([1, 2, 3].map(() => createSigningKeys(parts).current()))
  assert.equal(new Set(keys.map(({ kid }) => kid)).size, 1)
  const { keys: published } = (await (await fetch(`${fixture.issuer}/jwks`)).json()) as { keys: Record<string, string>[] }
  assert.equal(published[0]?.['kid'], keys[0]?.kid)
  assert.deepEqual(Object.keys(published[0] ?? {}).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'], 'nothing private')
})
