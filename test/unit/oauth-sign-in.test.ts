/** From registration to tokens and their renewal, as clients do it, against the server on a real port. */

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createSqliteStore } from '../../src/storage/index.ts'
import {
  ANA,
  authorizeUrl,
  connect,
  postForm,
  redeem,
  register,
  SCOPES,
  startAuthorizationServer,
  type Tokens,
  verify,
} from '../support/authorization.ts'
import { signIn } from '../support/browser.ts'

const json = async (response: Response) => (await response.json()) as Record<string, unknown>
const claimsOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())

test('a client registers, a person signs in, and the token says who may do what where', async () => {
  await using fixture = await startAuthorizationServer()
  const { client_id: clientId } = await register(fixture)
  const { url, verifier } = authorizeUrl(fixture, clientId, { scope: 'tools:read offline_access', prompt: 'consent' })
  const landed = new URL(await signIn(url, ANA))
  assert.equal(landed.origin + landed.pathname, 'http://127.0.0.1:53591/callback')
  assert.equal(landed.searchParams.get('state'), 'the state')
  assert.equal(landed.searchParams.get('iss'), fixture.issuer, 'RFC 9207')

  const response = await redeem(fixture, clientId, landed.searchParams.get('code') ?? '', verifier)
  assert.equal(response.headers.get('cache-control'), 'no-store')
  assert.equal(response.headers.get('access-control-allow-origin'), '*')
  assert.equal(response.headers.get('access-control-allow-credentials'), null)
  const tokens = (await response.json()) as Tokens
  assert.equal(tokens.token_type, 'Bearer')
  assert.equal(tokens.scope, 'tools:read')
  assert.equal(tokens.expires_in, 3600)
  assert.ok(tokens.refresh_token)

  const header = JSON.parse(Buffer.from(tokens.access_token.split('.')[0] ?? '', 'base64url').toString())
  assert.deepEqual([header.alg, header.typ], ['ES256', 'at+jwt'])
  const claims = claimsOf(tokens.access_token)
  assert.equal(claims.aud, fixture.resource)
  assert.equal(claims.iss, fixture.issuer)
  assert.equal(claims.client_id, clientId)
  assert.deepEqual(claims.roles, ['staff'])

  assert.deepEqual(await verify(fixture, tokens.access_token), {
    issuer: fixture.issuer,
    subject: 'ana',
    user: 'ana',
    clientId,
    credential: 'token',
    scopes: ['tools:read'],
    roles: ['staff'],
    credentialId: claims.jti,
  })
  assert.deepEqual(
    fixture.records.map(({ action, decision }) => `${action} ${decision}`),
    ['client.register allow', 'sign-in allow', 'consent allow'],
  )
})

test('a request without scope or resource is one for the defaults, and every scope is echoed', async () => {
  await using fixture = await startAuthorizationServer()
  const { tokens } = await connect(fixture, { changes: { resource: undefined, state: undefined } })
  assert.deepEqual(new Set(tokens.scope?.split(' ')), new Set(SCOPES))
  assert.equal(claimsOf(tokens.access_token).aud, fixture.resource)
})

test('unknown scopes are left out; nothing but unknown ones is an error, not a token for everything', async () => {
  await using fixture = await startAuthorizationServer()
  const { tokens } = await connect(fixture, { changes: { scope: 'openid tools:read admin' } })
  assert.equal(tokens.scope, 'tools:read')
  const { client_id: clientId } = await register(fixture)
  const landed = new URL(await signIn(authorizeUrl(fixture, clientId, { scope: 'admin everything' }).url, ANA))
  assert.equal(landed.searchParams.get('error'), 'invalid_scope')
  assert.equal(landed.searchParams.get('iss'), fixture.issuer, 'errors carry the issuer, too')
})

test('the names of this server on loopback, with a slash or without, are one resource; another is refused', async () => {
  await using fixture = await startAuthorizationServer()
  const { port } = fixture
  for (const [asked, redeemed] of [
    [`http://127.0.0.1:${port}/mcp`, `http://localhost:${port}/mcp/`],
    [`http://[::1]:${port}/mcp/`, `http://127.0.0.1:${port}/mcp`],
  ] as const) {
    const { client_id: clientId } = await register(fixture)
    const { url, verifier } = authorizeUrl(fixture, clientId, { resource: asked })
    const code = new URL(await signIn(url, ANA)).searchParams.get('code') ?? ''
    const tokens = (await (await redeem(fixture, clientId, code, verifier, { resource: redeemed })).json()) as Tokens
    assert.equal(claimsOf(tokens.access_token).aud, fixture.resource)
    assert.equal(typeof (await verify(fixture, tokens.access_token, asked)), 'object')
  }
  const { client_id: clientId } = await register(fixture)
  for (const resource of ['https://elsewhere.example/mcp', `http://localhost:${port + 1}/mcp`, `http://localhost:${port}/mcp?x=1`]) {
    const landed = new URL(await signIn(authorizeUrl(fixture, clientId, { resource }).url, ANA))
    assert.equal(landed.searchParams.get('error'), 'invalid_target', resource)
  }
  const { url, verifier } = authorizeUrl(fixture, clientId)
  const code = new URL(await signIn(url, ANA)).searchParams.get('code') ?? ''
  const refused = await redeem(fixture, clientId, code, verifier, { resource: 'https://elsewhere.example/mcp' })
  assert.deepEqual([refused.status, (await json(refused))['error']], [400, 'invalid_target'])
})

test('without PKCE by S256 there is no code, and a code without its verifier is worth nothing', async () => {
  await using fixture = await startAuthorizationServer()
  const { client_id: clientId } = await register(fixture)
  for (const changes of [
    { code_challenge: undefined, code_challenge_method: undefined },
    { code_challenge_method: 'plain' },
    { code_challenge_method: undefined },
  ]) {
    const landed = new URL(await signIn(authorizeUrl(fixture, clientId, changes).url, ANA))
    assert.equal(landed.searchParams.get('error'), 'invalid_request', JSON.stringify(changes))
    assert.equal(landed.searchParams.get('code'), null)
  }
  for (const verifier of [undefined, 'x'.repeat(43)]) {
    const { url } = authorizeUrl(fixture, clientId)
    const code = new URL(await signIn(url, ANA)).searchParams.get('code') ?? ''
    const refused = await redeem(fixture, clientId, code, verifier as string)
    assert.deepEqual([refused.status, (await json(refused))['error']], [400, 'invalid_grant'])
  }
})

test('of twenty parallel redemptions of one code one wins, and using a code twice ends what came of it', async () => {
  await using fixture = await startAuthorizationServer()
  const { client_id: clientId } = await register(fixture)
  const { url, verifier } = authorizeUrl(fixture, clientId)
  const code = new URL(await signIn(url, ANA)).searchParams.get('code') ?? ''
  const answers = await Promise.all(Array.from({ length: 20 }, () => redeem(fixture, clientId, code, verifier)))
  const statuses = answers.map(({ status }) => status)
  assert.equal(statuses.filter((status) => status === 200).length, 1)
  assert.equal(statuses.filter((status) => status === 400).length, 19)
  const winner = (await answers.find(({ status }) => status === 200)?.json()) as Tokens
  assert.equal(await verify(fixture, winner.access_token), 'revoked')
})

test('a code is bound to its client and its redirect URI', async () => {
  await using fixture = await startAuthorizationServer()
  const { client_id: clientId } = await register(fixture)
  const { client_id: other } = await register(fixture)
  for (const changes of [{ client_id: other }, { redirect_uri: 'http://127.0.0.1:1/callback' }]) {
    const { url, verifier } = authorizeUrl(fixture, clientId)
    const code = new URL(await signIn(url, ANA)).searchParams.get('code') ?? ''
    const refused = await redeem(fixture, clientId, code, verifier, changes)
    assert.deepEqual([refused.status, (await json(refused))['error']], [400, 'invalid_grant'])
  }
})

test('five parallel refreshes of one token get one successor, and a repeat within a minute gets it again', async () => {
  await using fixture = await startAuthorizationServer()
  const { tokens, refresh } = await connect(fixture)
  const answers = await Promise.all(Array.from({ length: 5 }, () => refresh()))
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]))
  const renewed = (await Promise.all(answers.map((answer) => answer.json()))) as Tokens[]
  const successors = new Set(renewed.map(({ refresh_token: token }) => token))
  assert.equal(successors.size, 1)
  assert.ok(!successors.has(tokens.refresh_token), 'it rotates')
  for (const { access_token: token } of renewed) assert.equal(typeof (await verify(fixture, token)), 'object')

  fixture.advance(59_000)
  const repeated = (await (await refresh()).json()) as Tokens
  assert.ok(successors.has(repeated.refresh_token))
  assert.equal((await refresh(repeated.refresh_token)).status, 200, 'the successor works')
})

test('a refresh token that comes back late ends the whole family', async () => {
  await using fixture = await startAuthorizationServer()
  const { tokens, refresh } = await connect(fixture)
  const second = (await (await refresh()).json()) as Tokens
  const third = (await (await refresh(second.refresh_token)).json()) as Tokens
  assert.equal(typeof (await verify(fixture, third.access_token)), 'object')

  fixture.advance(61_000)
  const late = await refresh(tokens.refresh_token)
  assert.deepEqual([late.status, (await json(late))['error']], [400, 'invalid_grant'])
  assert.equal((await refresh(third.refresh_token)).status, 400, 'the newest is dead, too')
  for (const { access_token: token } of [tokens, second, third]) assert.equal(await verify(fixture, token), 'revoked')
  assert.ok(fixture.published.some((message) => message.startsWith('grant:')))
  const refusal = fixture.records.find(({ action }) => action === 'token')
  assert.deepEqual(
    [refusal?.decision, refusal?.reason, refusal?.facts?.['detail']],
    ['deny', 'invalid_grant', 'refresh token already used'],
  )
  assert.ok(fixture.records.some(({ action }) => action === 'grant.revoke'))
})

test('a refresh can narrow the scope, and not widen it', async () => {
  await using fixture = await startAuthorizationServer()
  const { tokens, clientId } = await connect(fixture, { changes: { scope: 'tools:read prompts:read' } })
  const ask = (refresh_token: string | undefined, scope: string) =>
    postForm(`${fixture.issuer}/token`, { grant_type: 'refresh_token', refresh_token, scope, client_id: clientId })
  const narrowed = (await (await ask(tokens.refresh_token, 'tools:read')).json()) as Tokens
  assert.equal(narrowed.scope, 'tools:read')
  const widened = await ask(narrowed.refresh_token, 'tools:read tools:execute')
  assert.deepEqual([widened.status, (await json(widened))['error']], [400, 'invalid_scope'])
})

test('a client that registered no refresh token gets none', async () => {
  await using fixture = await startAuthorizationServer()
  const { tokens } = await connect(fixture, { metadata: { grant_types: ['authorization_code'] } })
  assert.equal(tokens.refresh_token, undefined)
})

test('the token endpoint answers JSON whatever Accept prefers, and 401 invalid_client for a client that it does not know', async () => {
  await using fixture = await startAuthorizationServer()
  const answer = await postForm(
    `${fixture.issuer}/token`,
    { grant_type: 'refresh_token', refresh_token: 'x', client_id: 'cl_nobody' },
    { accept: 'text/html' },
  )
  assert.equal(answer.status, 401)
  assert.match(answer.headers.get('content-type') ?? '', /^application\/json/)
  assert.equal((await json(answer))['error'], 'invalid_client')
  assert.ok(
    fixture.records.some(({ action, decision, reason }) => action === 'token' && decision === 'deny' && reason === 'invalid_client'),
  )
})

test('a confidential client has to show its secret', async () => {
  await using fixture = await startAuthorizationServer()
  const { client_id: clientId, client_secret: secret } = await register(fixture, { token_endpoint_auth_method: 'client_secret_post' })
  assert.ok(secret)
  const redeemWith = async (client_secret: string | undefined) => {
    const { url, verifier } = authorizeUrl(fixture, clientId)
    const code = new URL(await signIn(url, ANA)).searchParams.get('code') ?? ''
    return (await redeem(fixture, clientId, code, verifier, { client_secret })).status
  }
  assert.equal(await redeemWith(undefined), 401)
  assert.equal(await redeemWith('wrong'), 401)
  assert.equal(await redeemWith(secret), 200)
})

test('prompt=none is answered with an error, not with a token behind the person’s back', async () => {
  await using fixture = await startAuthorizationServer()
  const { client_id: clientId } = await register(fixture)
  const landed = new URL(await signIn(authorizeUrl(fixture, clientId, { prompt: 'none' }).url, ANA))
  assert.equal(landed.searchParams.get('error'), 'login_required')
})

test('parameters of OpenID Connect and unknown prompts do not stop a client', async () => {
  await using fixture = await startAuthorizationServer()
  const { tokens } = await connect(fixture, { changes: { nonce: 'n', max_age: '10', acr_values: 'x', prompt: 'select_account consent' } })
  assert.ok(tokens.access_token)
})

test('nothing that a client or browser holds is in the store as it is', async () => {
  await using fixture = await startAuthorizationServer()
  const { client_id: clientId, client_secret: secret } = await register(fixture, { token_endpoint_auth_method: 'client_secret_post' })
  const { url, verifier } = authorizeUrl(fixture, clientId)
  const code = new URL(await signIn(url, ANA)).searchParams.get('code') ?? ''
  const tokens = (await (await redeem(fixture, clientId, code, verifier, { client_secret: secret })).json()) as Tokens
  const kinds = ['account', 'client', 'grant', 'oauth_artifact', 'secret', 'one_time_link'] as const
  const stored = JSON.stringify(await Promise.all(kinds.map((kind) => fixture.store.records(kind).list())))
  assert.ok(stored.includes(clientId), 'the store was read')
  for (const value of [secret, code, tokens.refresh_token, tokens.access_token, ANA.password, '"d":']) {
    assert.ok(value && !stored.includes(value), String(value).slice(0, 12))
  }
  const recorded = JSON.stringify(fixture.records)
  for (const value of [secret, code, tokens.refresh_token, tokens.access_token, ANA.password])
    assert.ok(!recorded.includes(value as string))
})

test('the same over SQLite: one redemption, one successor, and a restart in between', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-oauth-'))
  const store = createSqliteStore({ file: join(folder, 'sallyport.db') })
  try {
    await using fixture = await startAuthorizationServer({ store })
    const { client_id: clientId } = await register(fixture)
    const { url, verifier } = authorizeUrl(fixture, clientId)
    const code = new URL(await signIn(url, ANA)).searchParams.get('code') ?? ''
    const redemptions = await Promise.all(Array.from({ length: 20 }, () => redeem(fixture, clientId, code, verifier)))
    assert.equal(redemptions.filter(({ status }) => status === 200).length, 1)

    const { refresh, tokens } = await connect(fixture)
    const renewed = (await Promise.all(Array.from({ length: 5 }, async () => (await refresh()).json()))) as Tokens[]
    assert.equal(new Set(renewed.map(({ refresh_token: token }) => token)).size, 1)
    assert.equal(typeof (await verify(fixture, tokens.access_token)), 'object')
  } finally {
    await store.close()
    await rm(folder, { recursive: true })
  }
})

test('what nobody could parse is answered, and a caller that hangs up breaks nothing', async () => {
  await using fixture = await startAuthorizationServer()
  const raw = (text: string, hangUp = false) =>
    new Promise<string>((resolve) => {
      const socket = createConnection(fixture.port, '127.0.0.1', () => {
        socket.write(text)
        if (hangUp) setTimeout(() => socket.destroy(), 30)
      })
      let answer = ''
      socket.setEncoding('utf8').on('data', (chunk: string) => {
        answer += chunk
        socket.end()
      })
      socket.on('close', () => resolve(answer))
    })
  const host = `Host: localhost:${fixture.port}\r\n`
  assert.match(await raw(`GET http://[ HTTP/1.1\r\n${host}\r\n`), /^HTTP\/1.1 400/)
  assert.match(await raw(`GET //token HTTP/1.1\r\n${host}\r\n`), /^HTTP\/1.1 404/)
  await raw(
    `POST /token HTTP/1.1\r\n${host}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\ngrant_type=`,
    true,
  )
  assert.ok((await connect(fixture)).tokens.access_token)
  assert.ok(fixture.records.every(({ decision }) => decision !== 'error'))
})

test('without a catalogue the standard scopes can be asked for', async () => {
  await using fixture = await startAuthorizationServer({ scopes: () => [] })
  assert.deepEqual(new Set((await connect(fixture)).tokens.scope?.split(' ')), new Set(SCOPES))
})
