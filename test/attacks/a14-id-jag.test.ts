/**
 * A14: an ID-JAG opens this server for the person, the client and the time that it was made for, and once. Each attempt differs from
 * the twin that is right in one thing, and is signed with the issuer's real key unless the key is what is wrong.
 */

import assert from 'node:assert/strict'
import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { calculateJwkThumbprint, decodeJwt, type JWK, SignJWT } from 'jose'
import { createPermits } from '../../src/catalogue/permits.ts'
import { createScopeHierarchy } from '../../src/core/index.ts'
import { createClients } from '../../src/oauth/index.ts'
import { createAccounts } from '../../src/people/index.ts'
import { verifies } from '../requirements.ts'
import { type Fixture, postForm, register, startAuthorizationServer, type Tokens, verify } from '../support/authorization.ts'
import { ID_JAG, type Issuer, JWT_BEARER, startIssuer } from '../support/issuer.ts'

verifies('A14', 'id-jag-once')

let idp: Issuer
let stranger: Issuer
let fixture: Fixture
let client: { id: string; secret: string | undefined }
let other: { id: string; secret: string | undefined }

before(async () => {
  idp = await startIssuer()
  stranger = await startIssuer()
  fixture = await startAuthorizationServer({
    trustedIssuers: [{ issuer: idp.issuer, use: ['id-jag'], subjects: { 'U*': { roles: ['staff'] }, guest: { scopes: ['tools:read'] } } }],
  })
  const clients = createClients({ ...fixture, clock: Date.now })
  const about = { grantTypes: [JWT_BEARER], authMethod: 'client_secret_basic', createdBy: 'test' } as const
  client = await clients.create({ ...about, name: 'Agent' })
  other = await clients.create({ ...about, name: 'Other' })
})
after(async () => {
  await fixture[Symbol.asyncDispose]()
  await idp[Symbol.asyncDispose]()
  await stranger[Symbol.asyncDispose]()
})

const basic = ({ id, secret }: typeof client): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(`${encodeURIComponent(id)}:${secret}`).toString('base64')}`,
})
const ask = (assertion: string | undefined, fields: Record<string, string> = {}, headers = basic(client)): Promise<Response> =>
  postForm(`${fixture.issuer}/token`, { grant_type: JWT_BEARER, assertion, ...fields }, headers)
const jag = (changes: Record<string, unknown> = {}, header: Record<string, unknown> = {}): Promise<string> =>
  idp.idJag({ aud: fixture.issuer, resource: fixture.resource, client_id: client.id, ...changes }, header)
const json = async (response: Response) => (await response.json()) as Record<string, string>
const now = () => Math.floor(Date.now() / 1000)

test('the person of an enterprise is let in without a page, as a principal of that issuer', async () => {
  const response = await ask(await jag({ scope: 'tools:read prompts:read' }))
  const tokens = (await response.json()) as Tokens
  assert.equal(response.status, 200, JSON.stringify(tokens))
  assert.equal(response.headers.get('cache-control'), 'no-store')
  assert.deepEqual(
    [tokens.token_type, tokens.scope, tokens.refresh_token, tokens.expires_in],
    ['Bearer', 'tools:read prompts:read', undefined, 3600],
  )
  const principal = await verify(fixture, tokens.access_token)
  assert.ok(typeof principal === 'object')
  assert.deepEqual(
    [principal.issuer, principal.subject, principal.clientId, principal.roles, principal.scopes],
    [idp.issuer, 'U019488227', client.id, ['staff'], ['tools:read', 'prompts:read']],
  )
  const record = fixture.records.at(-1)
  assert.deepEqual(
    [record?.action, record?.decision, record?.clientId, record?.issuer, record?.subject],
    ['token', 'allow', client.id, idp.issuer, 'U019488227'],
  )
})

test('who is called like an account of this server is somebody else: what is private to one is hidden from the other', async () => {
  await createAccounts({ ...fixture, clock: Date.now }).create({ name: 'guest', password: 'a long enough password' })
  const { access_token: token } = (await (await ask(await jag({ sub: 'guest', scope: 'tools:read' }))).json()) as Tokens
  const principal = await verify(fixture, token)
  assert.ok(typeof principal === 'object')
  assert.equal(principal.subject, 'guest')
  const permits = createPermits(createScopeHierarchy({}))
  const isPermittedTo = (user: string) =>
    permits(principal, {
      permission: { access: 'private', clients: [], users: [user], scopes: ['tools:read'], roles: [] },
      origin: { server: 'own', name: 'diary' },
    }).permitted
  assert.equal(isPermittedTo('guest'), false)
  assert.equal(isPermittedTo(`${idp.issuer}#guest`), true)
})

test('what is wrong with one thing is refused, says how to mend it, quotes nothing, and is on record', async () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const right = await jag()
  const [head = '', body = '', signature = ''] = right.split('.')
  const parse = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString())
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const attempts: Record<string, readonly [assertion: string, error: string]> = {
    'another server’s': [await jag({ aud: 'https://elsewhere.example' }), 'invalid_grant'],
    'for two servers': [await jag({ aud: [fixture.issuer, 'https://elsewhere.example'] }), 'invalid_grant'],
    'for the token endpoint': [await jag({ aud: `${fixture.issuer}/token` }), 'invalid_grant'],
    'for nobody': [await jag({ aud: undefined }), 'invalid_grant'],
    'another client’s': [await jag({ client_id: other.id }), 'invalid_grant'],
    'for no client': [await jag({ client_id: undefined }), 'invalid_grant'],
    'for another resource': [await jag({ resource: 'https://elsewhere.example/mcp' }), 'invalid_target'],
    'for no resource': [await jag({ resource: undefined }), 'invalid_grant'],
    'an ID token': [await jag({}, { typ: 'JWT' }), 'invalid_request'],
    'an access token of the issuer': [await jag({}, { typ: 'at+jwt' }), 'invalid_request'],
    expired: [await jag({ iat: now() - 600, exp: now() - 300 }), 'invalid_grant'],
    'without an end': [await jag({ exp: undefined }), 'invalid_grant'],
    'good for a day': [await jag({ exp: now() + 86_400 }), 'invalid_grant'],
    'not valid yet': [await jag({ nbf: now() + 300 }), 'invalid_grant'],
    'from the future': [await jag({ iat: now() + 300 }), 'invalid_grant'],
    'without an issue time': [await jag({ iat: undefined }), 'invalid_grant'],
    'without a jti': [await jag({ jti: undefined }), 'invalid_grant'],
    'with a jti that is too long': [await jag({ jti: 'x'.repeat(300) }), 'invalid_grant'],
    'without a subject': [await jag({ sub: undefined }), 'invalid_grant'],
    'a subject on two lines': [await jag({ sub: 'U1\nallowed' }), 'invalid_grant'],
    'a subject that no rule names': [await jag({ sub: 'mallory' }), 'invalid_grant'],
    'a scope that is a list': [await jag({ scope: ['tools:read'] }), 'invalid_grant'],
    'only scopes that do not exist': [await jag({ scope: 'admin' }), 'invalid_scope'],
    'limits in a way that we do not know': [await jag({ authorization_details: [{ type: 'x' }] }), 'invalid_request'],
    'bound to a key that nobody proves': [await jag({ cnf: { jkt: 'a'.repeat(43) } }), 'invalid_grant'],
    'of an issuer that is not trusted': [
      await stranger.idJag({ aud: fixture.issuer, resource: fixture.resource, client_id: client.id }),
      'invalid_grant',
    ],
    'of a stranger who says to be the issuer': [
      await stranger.idJag({ iss: idp.issuer, aud: fixture.issuer, resource: fixture.resource, client_id: client.id }),
      'invalid_grant',
    ],
    'another key under a published name': [
      await new SignJWT(parse(body)).setProtectedHeader({ ...parse(head) }).sign(privateKey),
      'invalid_grant',
    ],
    'a key in the header': [
      await new SignJWT(parse(body))
        .setProtectedHeader({ ...parse(head), jwk: privateKey.export({ format: 'jwk' }) as never })
        .sign(privateKey),
      'invalid_grant',
    ],
    'alg none': [`${encode({ ...parse(head), alg: 'none' })}.${body}.${signature}`, 'invalid_grant'],
    HMAC: [
      await new SignJWT(parse(body)).setProtectedHeader({ ...parse(head), alg: 'HS256' }).sign(Buffer.from('a'.repeat(32))),
      'invalid_grant',
    ],
    'changed since': [`${head}.${encode({ ...parse(body), sub: 'U2' })}.${signature}`, 'invalid_grant'],
    endless: [`${head}.${body}.${'A'.repeat(20_000)}`, 'invalid_request'],
    'no JWT': ['eyJ.x.y', 'invalid_request'],
  }
  for (const [name, [assertion, error]] of Object.entries(attempts)) {
    const before = fixture.records.length
    const response = await ask(assertion)
    const answer = await json(response)
    assert.deepEqual(
      [response.status, answer['error'], answer['access_token']],
      [400, error, undefined],
      `${name}: ${JSON.stringify(answer)}`,
    )
    assert.ok((answer['error_description']?.length ?? 0) > 30, name)
    for (const quoted of ['elsewhere.example', 'mallory', other.id, 'U019488227', stranger.issuer])
      assert.ok(!answer['error_description']?.includes(quoted), `${name} quotes ${quoted}`)
    const [record] = fixture.records.slice(before)
    assert.deepEqual([record?.action, record?.decision, record?.reason, record?.clientId], ['token', 'deny', error, client.id], name)
    assert.ok(!JSON.stringify(record).includes(assertion.slice(0, 40)), `${name}: the assertion is not on record`)
  }
  assert.equal((await ask(right)).status, 200, 'the twin that is right, unspent by all of these')
})

test('only the client that it names, and only where it authenticates', async () => {
  const { client_id: open } = await register(fixture)
  const forOpen = await jag({ client_id: open })
  assert.equal(
    (await json(await ask(forOpen, { client_id: open }, {})))['error'],
    'unauthorized_client',
    'anybody may register, but not for it',
  )
  const unproven = await createClients({ ...fixture, clock: Date.now }).create({
    name: 'Public',
    grantTypes: [JWT_BEARER],
    authMethod: 'none',
    createdBy: 'test',
  })
  assert.equal(
    (await json(await ask(await jag({ client_id: unproven.id }), { client_id: unproven.id }, {})))['error'],
    'unauthorized_client',
    'an operator may make one, and anybody can say that he is it',
  )
  assert.equal((await ask(await jag(), { client_id: client.id }, {})).status, 401, 'no secret')
  assert.equal((await ask(await jag(), {}, basic({ ...client, secret: 'wrong' }))).status, 401)
  const stolen = await jag()
  assert.equal((await json(await ask(stolen, {}, basic(other))))['error'], 'invalid_grant')
  assert.equal((await ask(await jag(), { client_id: 'sallyport:workload' }, {})).status, 401, 'nobody is the client of workloads here')
  assert.equal((await ask(stolen)).status, 200)
})

test('an ID-JAG is good once, whoever comes second, and of fifty at once one wins', async () => {
  const assertion = await jag()
  const answers = await Promise.all(Array.from({ length: 50 }, () => ask(assertion)))
  assert.equal(answers.filter(({ status }) => status === 200).length, 1)
  assert.match((await json(await ask(assertion)))['error_description'] ?? '', /used before/)
  assert.equal((await ask(await jag({ exp: now() + 60.5, iat: now() + 0.25 }))).status, 200, 'times with a fraction')
  const jti = 'the same'
  assert.equal((await ask(await jag({ jti }))).status, 200)
  assert.equal((await ask(await jag({ jti }))).status, 400, 'another one with its jti')
})

test('scopes are what the client asks, the assertion says and the rule allows, of what there is', async () => {
  const scopeOf = async (changes: Record<string, unknown>, scope?: string) => {
    const answer = await json(await ask(await jag(changes), scope === undefined ? {} : { scope }))
    return answer['scope'] ?? answer['error']
  }
  assert.equal(await scopeOf({}), 'tools:read tools:execute prompts:read resources:read', 'nothing said: what there is to see')
  assert.equal(await scopeOf({ scope: 'tools:read admin offline_access' }), 'tools:read')
  assert.equal(await scopeOf({ scope: 'tools:read prompts:read' }, 'tools:read tools:execute'), 'tools:read')
  assert.equal(await scopeOf({ scope: 'prompts:read' }, 'tools:execute'), 'invalid_scope')
  assert.equal(await scopeOf({ sub: 'guest' }), 'tools:read', 'the rule')
  assert.equal(await scopeOf({ sub: 'guest', scope: 'tools:execute' }), 'invalid_scope')
  const limited = await createClients({ ...fixture, clock: Date.now }).create({
    name: 'Limited',
    grantTypes: [JWT_BEARER],
    authMethod: 'client_secret_basic',
    scopes: ['prompts:read'],
    createdBy: 'test',
  })
  const answer = await json(await ask(await jag({ client_id: limited.id }), {}, basic(limited)))
  assert.equal(answer['scope'], 'prompts:read', 'what the client is registered for')
})

test('an account of this server with the same name is somebody else', async () => {
  await fixture.accounts.create({ name: 'guest', password: 'a quiet harbour at night', roles: ['admin'] })
  const { access_token: token = '' } = await json(await ask(await jag({ sub: 'guest' })))
  const principal = await verify(fixture, token)
  assert.ok(typeof principal === 'object')
  assert.deepEqual([principal.issuer, principal.subject, principal.roles], [idp.issuer, 'guest', []])
})

test('its token ends when it is revoked, and with its client', async () => {
  const tokenOf = async () => String((await json(await ask(await jag())))['access_token'])
  const [one, two] = [await tokenOf(), await tokenOf()]
  assert.equal((await postForm(`${fixture.issuer}/revoke`, { token: one }, basic(other))).status, 200)
  assert.equal(typeof (await verify(fixture, one)), 'object', 'not by another client')
  assert.equal((await postForm(`${fixture.issuer}/revoke`, { token: one }, basic(client))).status, 200)
  assert.equal(await verify(fixture, one), 'revoked')
  assert.equal(typeof (await verify(fixture, two)), 'object')
  await createClients({ ...fixture, clock: Date.now }).remove(client.id)
  assert.equal(await verify(fixture, two), 'revoked')
})

test('one that is bound to a key is good with a proof of that key, and the demand for a nonce does not use it up', async () => {
  await using strict = await startAuthorizationServer({ requireDpopNonce: true, trustedIssuers: [{ issuer: idp.issuer, use: ['id-jag'] }] })
  const agent = await createClients({ ...strict, clock: Date.now }).create({
    name: 'Agent',
    grantTypes: [JWT_BEARER],
    authMethod: 'client_secret_basic',
    createdBy: 'test',
  })
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = publicKey.export({ format: 'jwk' }) as JWK
  const jkt = await calculateJwkThumbprint(jwk)
  const assertion = await idp.idJag({ aud: strict.issuer, resource: strict.resource, client_id: agent.id, cnf: { jkt } })
  const send = async (nonce?: string) => {
    const dpop = await new SignJWT({ htm: 'POST', htu: `${strict.issuer}/token`, jti: randomUUID(), ...(nonce && { nonce }) })
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk })
      .setIssuedAt()
      .sign(privateKey)
    return postForm(`${strict.issuer}/token`, { grant_type: JWT_BEARER, assertion }, { ...basic(agent), dpop })
  }
  const asked = await send()
  assert.deepEqual([asked.status, (await json(asked))['error']], [400, 'use_dpop_nonce'])
  const response = await send(asked.headers.get('dpop-nonce') ?? '')
  const answer = await json(response)
  assert.deepEqual([response.status, answer['token_type']], [200, 'DPoP'], JSON.stringify(answer))
  assert.deepEqual(decodeJwt(answer['access_token'] ?? '')['cnf'], { jkt })
  assert.equal(
    (await json(await send(response.headers.get('dpop-nonce') ?? asked.headers.get('dpop-nonce') ?? '')))['error'],
    'invalid_grant',
  )
})

test('where nobody is trusted the grant is not offered, and refused', async () => {
  await using bare = await startAuthorizationServer()
  const metadata = (await (await fetch(`${bare.issuer}/.well-known/oauth-authorization-server`)).json()) as Record<string, string[]>
  assert.ok(!metadata['grant_types_supported']?.includes(JWT_BEARER))
  assert.equal(metadata['authorization_grant_profiles_supported'], undefined)
  const agent = await createClients({ ...bare, clock: Date.now }).create({
    name: 'Agent',
    grantTypes: [JWT_BEARER],
    authMethod: 'client_secret_basic',
    createdBy: 'test',
  })
  const assertion = await idp.idJag({ aud: bare.issuer, resource: bare.resource, client_id: agent.id })
  const response = await postForm(`${bare.issuer}/token`, { grant_type: JWT_BEARER, assertion }, basic(agent))
  assert.deepEqual([response.status, (await json(response))['error']], [400, 'unauthorized_client'])
  const on = (await (await fetch(`${fixture.issuer}/.well-known/oauth-authorization-server`)).json()) as Record<string, string[]>
  assert.ok(on['grant_types_supported']?.includes(JWT_BEARER))
  assert.deepEqual(on['authorization_grant_profiles_supported'], ['urn:ietf:params:oauth:grant-profile:id-jag'])
  assert.equal(ID_JAG, 'oauth-id-jag+jwt')
})
