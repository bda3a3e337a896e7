/**
 * RFC 8693: whoever is called with a token gets at most that token's rights for itself, and not for longer. Each attempt asks for more in
 * one way.
 */

import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { calculateJwkThumbprint, decodeJwt, SignJWT } from 'jose'
import { createScopeHierarchy } from '../../src/core/index.ts'
import { createClients } from '../../src/oauth/index.ts'
import { verifies } from '../requirements.ts'
import { connect, type Fixture, postForm, register, startAuthorizationServer, type Tokens, verify } from '../support/authorization.ts'
import { ACCESS_TOKEN_TYPE, JWT_BEARER, startIssuer, TOKEN_EXCHANGE } from '../support/issuer.ts'

verifies('token-exchange')

type Client = { readonly id: string; readonly secret: string | undefined }
let fixture: Fixture
let agent: Client
let reader: Client

const makeClient = (
  name: string,
  more: { scopes?: readonly string[]; grantTypes?: readonly (typeof TOKEN_EXCHANGE | typeof JWT_BEARER | 'client_credentials')[] } = {},
) =>
  createClients({ ...fixture, clock: Date.now }).create({
    name,
    grantTypes: [TOKEN_EXCHANGE],
    authMethod: 'client_secret_basic',
    createdBy: 'test',
    ...more,
  })

before(async () => {
  fixture = await startAuthorizationServer({
    scopes: () => ['tools:read', 'tools:execute', 'prompts:read', 'resources:read', 'all'],
    hierarchy: createScopeHierarchy({ all: { implies: ['tools:execute', 'tools:read'] } }),
  })
  agent = await makeClient('Agent')
  reader = await makeClient('Reader', { scopes: ['tools:read'] })
})
after(() => fixture[Symbol.asyncDispose]())

const basic = ({ id, secret }: Client): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
})
const exchange = (token: string, fields: Record<string, string | undefined> = {}, headers = basic(agent)): Promise<Response> =>
  postForm(
    `${fixture.issuer}/token`,
    { grant_type: TOKEN_EXCHANGE, subject_token: token, subject_token_type: ACCESS_TOKEN_TYPE, ...fields },
    headers,
  )
const json = async (response: Response) => (await response.json()) as Record<string, string>
const exchanged = async (...asked: Parameters<typeof exchange>): Promise<string> => {
  const response = await exchange(...asked)
  const answer = await json(response)
  assert.equal(response.status, 200, JSON.stringify(answer))
  return String(answer['access_token'])
}

test('a client that acts gets a token for the same person, with its name in it, and no more than was there', async () => {
  const { tokens, clientId } = await connect(fixture, { changes: { scope: 'tools:read tools:execute' } })
  const first = decodeJwt(tokens.access_token)
  const response = await exchange(tokens.access_token, {
    scope: 'tools:read',
    resource: fixture.resource,
    audience: `${fixture.resource}/`,
  })
  const answer = (await response.json()) as Tokens & { issued_token_type: string }
  assert.equal(response.status, 200, JSON.stringify(answer))
  assert.deepEqual(
    [answer.issued_token_type, answer.token_type, answer.scope, answer.refresh_token],
    [ACCESS_TOKEN_TYPE, 'Bearer', 'tools:read', undefined],
  )
  const claims = decodeJwt(answer.access_token)
  assert.deepEqual(
    [claims.sub, claims['client_id'], claims['act'], claims.aud, claims.exp],
    ['ana', agent.id, { sub: agent.id }, first.aud, first.exp],
  )
  assert.ok(answer.expires_in <= tokens.expires_in)
  const principal = await verify(fixture, answer.access_token)
  assert.ok(typeof principal === 'object')
  assert.deepEqual([principal.subject, principal.clientId, principal.scopes, principal.roles], ['ana', agent.id, ['tools:read'], ['staff']])
  const record = fixture.records.at(-1)
  assert.deepEqual(
    [record?.action, record?.subject, record?.clientId, record?.facts?.['from'], record?.facts?.['actors']],
    ['token', 'ana', agent.id, first.jti, [agent.id]],
  )
  assert.notEqual(clientId, agent.id)
})

test('without a scope it is what the token has, of what the client may have; a scope that another implies is one that is there', async () => {
  const scopeOf = async (first: string, scope?: string, client = agent) => {
    const { tokens } = await connect(fixture, { changes: { scope: first } })
    const answer = await json(await exchange(tokens.access_token, { scope }, basic(client)))
    return answer['scope'] ?? answer['error']
  }
  assert.equal(await scopeOf('tools:read prompts:read'), 'tools:read prompts:read')
  assert.equal(await scopeOf('tools:read tools:execute', undefined, reader), 'tools:read')
  assert.equal(await scopeOf('tools:execute', undefined, reader), 'invalid_scope')
  assert.equal(await scopeOf('tools:read tools:execute', 'tools:execute', reader), 'invalid_scope', 'the token has it, the client may not')
  assert.equal(await scopeOf('all', 'tools:execute'), 'tools:execute')
})

test('more than was there is refused, quotes nothing, and is on record', async () => {
  const { tokens } = await connect(fixture, { changes: { scope: 'tools:read offline_access' } })
  const { access_token: token, refresh_token: refresh = '' } = tokens
  const [head = '', body = '', signature = ''] = token.split('.')
  const forged = `${head}.${Buffer.from(JSON.stringify({ ...decodeJwt(token), scope: 'tools:execute' })).toString('base64url')}.${signature}`
  await using stranger = await startIssuer()
  const foreign = await stranger.sign({ ...decodeJwt(token), iss: fixture.issuer }, { typ: 'at+jwt' })
  const attempts: Record<string, readonly [token: string, fields: Record<string, string | undefined>, error: string]> = {
    'a scope that it has not': [token, { scope: 'tools:read tools:execute' }, 'invalid_scope'],
    'a scope above the one it has': [token, { scope: 'all' }, 'invalid_scope'],
    'a refresh token by scope': [token, { scope: 'tools:read offline_access' }, 'invalid_scope'],
    'a refresh token by type': [token, { requested_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' }, 'invalid_request'],
    'an ID-JAG': [token, { requested_token_type: 'urn:ietf:params:oauth:token-type:id-jag' }, 'invalid_request'],
    'another audience': [token, { audience: 'https://elsewhere.example' }, 'invalid_target'],
    'another resource': [token, { resource: 'https://elsewhere.example/mcp' }, 'invalid_target'],
    'somebody else to act': [token, { actor_token: token, actor_token_type: ACCESS_TOKEN_TYPE }, 'invalid_request'],
    'with a refresh token': [refresh, {}, 'invalid_request'],
    'with a refresh token by its type': [
      refresh,
      { subject_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' },
      'invalid_request',
    ],
    'with a token of another key': [foreign, {}, 'invalid_request'],
    'with a changed token': [forged, {}, 'invalid_request'],
    'with half a token': [`${head}.${body}.`, {}, 'invalid_request'],
    'with nothing': ['', {}, 'invalid_request'],
    'with an ID token type': [token, { subject_token_type: 'urn:ietf:params:oauth:token-type:id_token' }, 'invalid_request'],
  }
  for (const [name, [subject, fields, error]] of Object.entries(attempts)) {
    const before = fixture.records.length
    const response = await exchange(subject, fields)
    const answer = await json(response)
    assert.deepEqual(
      [response.status, answer['error'], answer['access_token']],
      [400, error, undefined],
      `${name}: ${JSON.stringify(answer)}`,
    )
    assert.ok(!/elsewhere|ana\b/.test(answer['error_description'] ?? ''), `${name} quotes nothing`)
    const [record] = fixture.records.slice(before)
    assert.deepEqual([record?.action, record?.decision, record?.reason, record?.clientId], ['token', 'deny', error, agent.id], name)
    if (subject !== '') assert.ok(!JSON.stringify(record).includes(subject), `${name}: no token on record`)
  }
  await exchanged(token)
})

test('only clients that are registered for it, and that authenticate', async () => {
  const { tokens, clientId } = await connect(fixture)
  assert.equal(
    (await json(await exchange(tokens.access_token, { client_id: clientId }, {})))['error'],
    'unauthorized_client',
    'the client that has it',
  )
  assert.equal((await exchange(tokens.access_token, { client_id: agent.id }, {})).status, 401, 'no secret')
  assert.equal((await exchange(tokens.access_token, {}, {})).status, 400, 'nobody')
  const open = await register(fixture, {
    grant_types: ['authorization_code', TOKEN_EXCHANGE],
    token_endpoint_auth_method: 'client_secret_basic',
  })
  assert.deepEqual(open['grant_types'], ['authorization_code'], 'nobody registers himself for it')
  const unnamed = await createClients({ ...fixture, clock: Date.now }).create({
    name: 'Public',
    grantTypes: [TOKEN_EXCHANGE],
    authMethod: 'none',
    createdBy: 'test',
  })
  assert.equal((await json(await exchange(tokens.access_token, { client_id: unnamed.id }, {})))['error'], 'unauthorized_client')
})

test('it ends with the first token, with its grant, and with any client in between', async () => {
  const { tokens } = await connect(fixture)
  const second = await makeClient('Second')
  const narrowed = await exchanged(tokens.access_token)
  const further = await exchanged(narrowed, {}, basic(second))
  assert.deepEqual(decodeJwt(further)['act'], { sub: second.id, act: { sub: agent.id } })
  const all = async () => Promise.all([tokens.access_token, narrowed, further].map(async (token) => typeof (await verify(fixture, token))))
  assert.deepEqual(await all(), ['object', 'object', 'object'])

  await postForm(`${fixture.issuer}/revoke`, { token: further }, basic(second))
  assert.deepEqual(await all(), ['object', 'object', 'string'], 'who acts ends its own only')
  const again = await exchanged(narrowed, {}, basic(second))
  const { clientId } = (await verify(fixture, tokens.access_token)) as { clientId: string }
  await postForm(`${fixture.issuer}/revoke`, { token: tokens.access_token, client_id: clientId })
  assert.deepEqual(await all(), ['string', 'string', 'string'])
  assert.equal(await verify(fixture, again), 'revoked')
  assert.equal((await exchange(narrowed)).status, 400)

  const other = await connect(fixture)
  const middle = await makeClient('Middle')
  const last = await exchanged(await exchanged(other.tokens.access_token, {}, basic(middle)))
  assert.equal(typeof (await verify(fixture, last)), 'object')
  await createClients({ ...fixture, clock: Date.now }).remove(middle.id)
  assert.equal(await verify(fixture, last), 'revoked', 'a client in between is gone')
})

test('it never outlives the first, however often and late it is exchanged', async () => {
  await using short = await startAuthorizationServer({ accessTokenTtlSeconds: 900 })
  const client = await createClients({ ...short, clock: Date.now }).create({
    name: 'Agent',
    grantTypes: [TOKEN_EXCHANGE],
    authMethod: 'client_secret_basic',
    createdBy: 'test',
  })
  const { tokens } = await connect(short)
  const first = decodeJwt(tokens.access_token)
  const ask = (token: string) =>
    postForm(
      `${short.issuer}/token`,
      { grant_type: TOKEN_EXCHANGE, subject_token: token, subject_token_type: ACCESS_TOKEN_TYPE },
      basic(client),
    )
  short.advance(600_000)
  const answer = (await (await ask(tokens.access_token)).json()) as Tokens
  assert.equal(decodeJwt(answer.access_token).exp, first.exp)
  assert.ok(answer.expires_in <= 300)
  short.advance(301_000)
  assert.equal((await ask(tokens.access_token)).status, 400, 'expired, though clocks may differ by five seconds')
  short.advance(10_000)
  assert.equal(await verify(short, answer.access_token), 'expired')
})

test('the chain of those who act is bounded', async () => {
  const { tokens } = await connect(fixture)
  let token = tokens.access_token
  for (let i = 0; i < 4; i++) token = await exchanged(token)
  assert.equal(typeof (await verify(fixture, token)), 'object')
  const refused = await json(await exchange(token))
  assert.deepEqual([refused['error'], /at most 4/.test(refused['error_description'] ?? '')], ['invalid_request', true])
})

test('a token that is bound to a key is narrowed by the holder of that key alone, and stays bound', async () => {
  const own = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const others = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const proof = ({ publicKey, privateKey }: { publicKey: KeyObject; privateKey: KeyObject }) =>
    new SignJWT({ htm: 'POST', htu: `${fixture.issuer}/token`, jti: randomUUID() })
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: publicKey.export({ format: 'jwk' }) as never })
      .setIssuedAt()
      .sign(privateKey)
  const robot = await makeClient('Robot', { grantTypes: ['client_credentials'], scopes: ['tools:read'] })
  const response = await postForm(
    `${fixture.issuer}/token`,
    { grant_type: 'client_credentials' },
    { ...basic(robot), dpop: await proof(own) },
  )
  const { access_token: bound, token_type: type } = (await response.json()) as Tokens
  assert.equal(type, 'DPoP')
  assert.equal((await json(await exchange(bound)))['error'], 'invalid_request', 'no proof: it would be good for whoever copied it')
  assert.equal((await exchange(bound, {}, { ...basic(agent), dpop: await proof(others) })).status, 400, 'another key')
  const narrowed = await exchanged(bound, {}, { ...basic(agent), dpop: await proof(own) })
  const { cnf, sub, act } = decodeJwt(narrowed) as { cnf?: { jkt?: string }; sub?: string; act?: unknown }
  assert.deepEqual(
    [cnf?.jkt, sub, act],
    [await calculateJwkThumbprint(own.publicKey.export({ format: 'jwk' }) as never), robot.id, { sub: agent.id }],
  )
  assert.equal(typeof (await verify(fixture, narrowed)), 'object')
})
