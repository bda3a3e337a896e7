// A13 (MCP extension oauth-client-credentials): clients that act for themselves, and everything that must not get them a token, or
// more of one than they were registered for.

import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto'
import { suite, test } from 'node:test'
import { ClientCredentialsProvider, PrivateKeyJwtProvider, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { SignJWT } from 'jose'
import { createClients, type NewClient } from '../../src/oauth/index.ts'
import { openData } from '../../src/vault/index.ts'
import { eras } from '../clients/sdk-provider.ts'
import { verifies } from '../requirements.ts'
import { type Fixture, postForm, postJson, SCOPES, startAuthorizationServer, verify } from '../support/authorization.ts'
import { startService } from '../support/service.ts'
import { until } from '../support/until.ts'

verifies('A13-metadata', 'A13-secret', 'A13-scope', 'A13-assertion', 'A13-ends')

const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const robot: NewClient = {
  name: 'nightly report',
  grantTypes: ['client_credentials'],
  authMethod: 'client_secret_basic',
  scopes: ['tools:read', 'resources:read'],
  createdBy: 'operator',
}
interface Tokens {
  readonly access_token: string
  readonly scope: string
  readonly refresh_token?: string
  readonly token_type: string
}

const basic = (id: string, secret = ''): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64')}`,
})
const ask = ({ issuer }: Pick<Fixture, 'issuer'>, headers: Record<string, string>, fields: Record<string, string | undefined> = {}) =>
  postForm(`${issuer}/token`, { grant_type: 'client_credentials', ...fields }, headers)
const errorOf = async (response: Response): Promise<[number, unknown]> => [
  response.status,
  ((await response.json()) as { error?: string }).error,
]

test('the metadata says what is on', async () => {
  await using fixture = await startAuthorizationServer()
  const metadata = (await (await fetch(`${fixture.issuer}/.well-known/oauth-authorization-server`)).json()) as Record<string, string[]>
  assert.ok(metadata['grant_types_supported']?.includes('client_credentials'))
  assert.deepEqual(metadata['token_endpoint_auth_methods_supported'], [
    'none',
    'client_secret_basic',
    'client_secret_post',
    'private_key_jwt',
  ])
  const algorithms = metadata['token_endpoint_auth_signing_alg_values_supported'] ?? []
  assert.ok(algorithms.includes('ES256') && algorithms.includes('RS256'))
  assert.ok(!algorithms.some((alg) => alg.startsWith('HS') || alg === 'none'))
  assert.equal(metadata['tls_client_certificate_bound_access_tokens'], undefined, 'no certificate comes here')
})

test('with its secret it gets a token for this server: its own scopes, no refresh token, itself as the subject', async () => {
  await using fixture = await startAuthorizationServer()
  const { id, secret } = await fixture.clients.create(robot)
  const response = await ask(fixture, basic(id, secret))
  assert.equal(response.status, 200, await response.clone().text())
  assert.equal(response.headers.get('cache-control'), 'no-store')
  const tokens = (await response.json()) as Tokens
  assert.deepEqual(tokens.scope.split(' ').sort(), ['resources:read', 'tools:read'])
  assert.equal(tokens.refresh_token, undefined)
  const claims = JSON.parse(Buffer.from(tokens.access_token.split('.')[1] ?? '', 'base64url').toString())
  assert.equal(claims.aud, fixture.resource)
  const principal = await verify(fixture, tokens.access_token)
  assert.ok(typeof principal === 'object')
  const { subject, clientId, credential, roles, scopes } = principal
  assert.deepEqual([subject, clientId, credential, roles], [id, id, 'token', []])
  assert.deepEqual([...scopes].sort(), ['resources:read', 'tools:read'])

  const [info] = (await fixture.clients.list()).filter((one) => one.id === id)
  assert.ok(info?.lastUsedAt !== undefined && info.registered === 'by-operator' && info.expiresAt === undefined)
  assert.ok(!JSON.stringify(info).includes(secret ?? 'x'), 'a secret is shown once')
  const stored = JSON.stringify(await fixture.store.records('client').list())
  assert.ok(!stored.includes(secret ?? 'x'), 'and is not readable in the store')
})

test('it gets what it was registered for and nothing more', async () => {
  await using fixture = await startAuthorizationServer()
  const { id, secret } = await fixture.clients.create(robot)
  const scopeOf = async (scope: string) => {
    const response = await ask(fixture, basic(id, secret), { scope })
    return response.status === 200 ? ((await response.json()) as Tokens).scope : errorOf(response)
  }
  assert.equal(await scopeOf('tools:read'), 'tools:read')
  assert.equal(await scopeOf('tools:read tools:execute'), 'tools:read')
  assert.equal(await scopeOf('tools:read offline_access'), 'tools:read')
  assert.deepEqual(await scopeOf('tools:execute'), [400, 'invalid_scope'])
  assert.deepEqual(await scopeOf('no:such'), [400, 'invalid_scope'])
  const slash = await ask(fixture, basic(id, secret), { resource: `${fixture.resource}/` })
  assert.equal(slash.status, 200, 'a trailing slash is forgiven')
  assert.deepEqual(await errorOf(await ask(fixture, basic(id, secret), { resource: 'https://elsewhere.example/mcp' })), [
    400,
    'invalid_target',
  ])
  const { id: other, secret: otherSecret } = await fixture.clients.create({ ...robot, scopes: ['no:such'] })
  assert.deepEqual(await errorOf(await ask(fixture, basic(other, otherSecret))), [400, 'invalid_scope'])
})

test('whoever is not that client, or comes another way than it was registered for, gets nothing', async () => {
  await using fixture = await startAuthorizationServer()
  const { id, secret } = await fixture.clients.create(robot)
  const { id: post, secret: postSecret = '' } = await fixture.clients.create({ ...robot, authMethod: 'client_secret_post' })
  assert.equal((await ask(fixture, {}, { client_id: post, client_secret: postSecret })).status, 200, 'the twin that is right')
  for (const [what, headers, fields] of [
    ['a wrong secret', basic(id, `${secret}x`), {}],
    ['another client’s secret', basic(id, postSecret), {}],
    ['an id alone', {}, { client_id: id }],
    ['an unknown id', basic('cl_nobody', secret), {}],
    ['a wrong secret in the form', {}, { client_id: post, client_secret: 'x' }],
  ] as const)
    assert.deepEqual(await errorOf(await ask(fixture, headers, fields)), [401, 'invalid_client'], what)
  for (const [what, headers, fields] of [
    ['no secret', basic(id), {}],
    ['two ways at once', basic(id, secret), { client_secret: secret }],
  ] as const)
    assert.deepEqual(await errorOf(await ask(fixture, headers, fields)), [400, 'invalid_request'], what)

  const { id: person, secret: personSecret } = await fixture.clients.create({
    name: 'an app',
    grantTypes: ['authorization_code'],
    redirectUris: ['https://app.example/callback'],
    authMethod: 'client_secret_basic',
    createdBy: 'operator',
  })
  assert.equal((await ask(fixture, basic(person, personSecret))).status, 400, 'it acts for people only')
})

test('nobody registers such a client himself, and an operator makes none that anybody could be', async () => {
  await using fixture = await startAuthorizationServer()
  await assert.rejects(fixture.clients.create({ ...robot, authMethod: 'none' }), /authMethod/)
  const registered = await postJson(`${fixture.issuer}/register`, {
    redirect_uris: ['http://127.0.0.1/callback'],
    grant_types: ['client_credentials', 'authorization_code'],
    token_endpoint_auth_method: 'client_secret_basic',
    scope: SCOPES.join(' '),
  })
  const { client_id: id, client_secret: secret, grant_types: grants } = (await registered.json()) as Record<string, string>
  assert.ok(registered.status === 201 && id !== undefined)
  assert.deepEqual(grants, ['authorization_code'])
  assert.equal((await ask(fixture, basic(id, secret))).status, 400)
  for (const metadata of [
    { grant_types: ['client_credentials'], token_endpoint_auth_method: 'client_secret_basic' },
    { grant_types: ['client_credentials'], redirect_uris: ['http://127.0.0.1/callback'] },
    { redirect_uris: ['http://127.0.0.1/callback'], token_endpoint_auth_method: 'tls_client_auth', tls_client_auth_subject_dn: 'CN=x' },
  ])
    assert.equal((await postJson(`${fixture.issuer}/register`, metadata)).status, 400, JSON.stringify(metadata))
})

test('its tokens end with it, each can be revoked, and what it may no longer do its tokens no longer do', async () => {
  await using fixture = await startAuthorizationServer()
  const { id, secret } = await fixture.clients.create(robot)
  const next = async () => ((await (await ask(fixture, basic(id, secret))).json()) as Tokens).access_token
  const [one, two] = [await next(), await next()]
  const revoked = await postForm(`${fixture.issuer}/revoke`, { token: one }, basic(id, secret))
  assert.equal(revoked.status, 200)
  assert.deepEqual([await verify(fixture, one), typeof (await verify(fixture, two))], ['revoked', 'object'])

  const records = fixture.store.records<{ scopes: string[] }>('client')
  const found = await records.get(id)
  assert.ok(found)
  await records.compareAndSet(id, found.version, { ...found.value, scopes: ['tools:read'] })
  const narrowed = await verify(fixture, two)
  assert.deepEqual(typeof narrowed === 'object' && narrowed.scopes, ['tools:read'])

  const now = await records.get(id)
  assert.ok(now)
  await records.compareAndSet(id, now.version, { ...now.value, metadata: { grant_types: ['authorization_code'] } } as never)
  assert.equal(await verify(fixture, two), 'revoked', 'it acts for people only from now on')
  const then = await records.get(id)
  await records.compareAndSet(id, then?.version ?? 0, now.value)
  assert.equal(typeof (await verify(fixture, two)), 'object')

  fixture.published.length = 0
  assert.equal(await fixture.clients.remove(id), true)
  assert.deepEqual(fixture.published, [`client:${id}`], 'whoever remembers an outcome is told')
  assert.equal(await verify(fixture, two), 'revoked')
  assert.deepEqual(await errorOf(await ask(fixture, basic(id, secret))), [401, 'invalid_client'])
  assert.equal(await fixture.clients.remove(id), false)
})

test('nobody can have an account that is called like a client', async () => {
  await using fixture = await startAuthorizationServer()
  const made = await fixture.accounts.create({ name: 'cl_abcdefgh', password: 'a quiet harbour at dawn' })
  assert.ok('problem' in made)
})

suite('assertions', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const keyed: NewClient = {
    ...robot,
    authMethod: 'private_key_jwt',
    jwks: { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'one', alg: 'ES256', use: 'sig' }] },
  }
  const now = () => Math.floor(Date.now() / 1000)
  interface Changes {
    readonly claims?: Record<string, unknown>
    readonly header?: Record<string, unknown>
    readonly key?: KeyObject | Uint8Array
  }
  const sign = (id: string, aud: string, { claims, header, key = privateKey }: Changes = {}) =>
    new SignJWT({ iss: id, sub: id, aud, jti: randomUUID(), iat: now(), exp: now() + 60, ...claims })
      .setProtectedHeader({ alg: 'ES256', kid: 'one', ...header })
      .sign(key)
  const present = (fixture: Fixture, assertion: string, fields: Record<string, string | undefined> = {}) =>
    ask(fixture, {}, { client_assertion_type: JWT_BEARER, client_assertion: assertion, ...fields })

  test('an assertion with the issuer or the token endpoint as its audience gets a token, once', async () => {
    await using fixture = await startAuthorizationServer()
    const { id, secret } = await fixture.clients.create(keyed)
    assert.equal(secret, undefined)
    for (const aud of [fixture.issuer, `${fixture.issuer}/token`]) {
      const assertion = await sign(id, aud)
      assert.equal((await present(fixture, assertion)).status, 200, aud)
      assert.deepEqual(await errorOf(await present(fixture, assertion)), [401, 'invalid_client'], 'a second time')
    }
    const assertion = await sign(id, fixture.issuer)
    const raced = await Promise.all(Array.from({ length: 20 }, () => present(fixture, assertion)))
    assert.equal(raced.filter(({ status }) => status === 200).length, 1, 'of many at once')
  })

  test('every assertion with one thing wrong is refused', async () => {
    await using fixture = await startAuthorizationServer()
    const { id } = await fixture.clients.create(keyed)
    const { id: secretive } = await fixture.clients.create(robot)
    const { issuer } = fixture
    const otherKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
    const [header, payload] = (await sign(id, issuer)).split('.')
    const none = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url')
    const attempts: Record<string, string> = {
      'another key': await sign(id, issuer, { key: otherKey }),
      'another client’s name': await sign(secretive, issuer),
      'another issuer': await sign(id, issuer, { claims: { iss: secretive } }),
      'another audience': await sign(id, 'https://elsewhere.example'),
      'the MCP endpoint': await sign(id, fixture.resource),
      'two audiences': await sign(id, issuer, { claims: { aud: [issuer, 'https://elsewhere.example'] } }),
      'no audience': await sign(id, issuer, { claims: { aud: undefined } }),
      expired: await sign(id, issuer, { claims: { exp: now() - 60 } }),
      'no end': await sign(id, issuer, { claims: { exp: undefined } }),
      'an end in an hour': await sign(id, issuer, { claims: { exp: now() + 3600 } }),
      'not valid yet': await sign(id, issuer, { claims: { nbf: now() + 60 } }),
      'no id': await sign(id, issuer, { claims: { jti: undefined } }),
      'an endless id': await sign(id, issuer, { claims: { jti: 'x'.repeat(5000) } }),
      'a shared key': await sign(id, issuer, {
        header: { alg: 'HS256' },
        key: Buffer.from(JSON.stringify(publicKey.export({ format: 'jwk' }))),
      }),
      'no signature': `${none}.${payload}.`,
      'a cut signature': `${header}.${payload}.AAAA`,
    }
    for (const [what, assertion] of Object.entries(attempts)) {
      const [status, error] = await errorOf(await present(fixture, assertion))
      assert.deepEqual([status, error], [401, 'invalid_client'], what)
    }
    const good = await sign(id, issuer)
    assert.deepEqual(await errorOf(await present(fixture, good, { client_id: secretive })), [400, 'invalid_request'], 'another client_id')
    assert.deepEqual(await errorOf(await present(fixture, good, { client_assertion_type: 'other' })), [400, 'invalid_request'])
    assert.equal((await present(fixture, good)).status, 200, 'the twin that is right')
  })
})

const createModern = eras[0][1]

test('the official SDK’s own providers sign in with a secret and with a key, in both eras', async () => {
  await using served = await startService({ port: 0 })
  const { url, issuer } = served.service
  const data = await openData({ dataDir: served.dataDir })
  const clients = createClients({ ...data, clock: Date.now })
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const bySecret = await clients.create({ ...robot, scopes: SCOPES })
  const byKey = await clients.create({
    ...robot,
    scopes: SCOPES,
    authMethod: 'private_key_jwt',
    jwks: { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'rsa' }] },
  })
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const providers = {
    secret: () => new ClientCredentialsProvider({ clientId: bySecret.id, clientSecret: bySecret.secret ?? '', expectedIssuer: issuer }),
    key: () => new PrivateKeyJwtProvider({ clientId: byKey.id, privateKey: pem, algorithm: 'RS256', expectedIssuer: issuer }),
  }
  for (const [version, createClient] of eras)
    for (const [what, create] of Object.entries(providers)) {
      const client = createClient()
      await client.connect(new StreamableHTTPClientTransport(new URL(url), { authProvider: create() }))
      const { content } = await client.callTool({ name: 'echo', arguments: { text: 'hello' } })
      assert.deepEqual(content, [{ type: 'text', text: 'hello' }], `${what}, ${version}`)
      await client.close()
    }
  const calls = (await served.records()).filter(({ action }) => action === 'tools/call')
  assert.deepEqual(new Set(calls.map(({ subject }) => subject)), new Set([bySecret.id, byKey.id]))

  // Removed by another process: its tokens end within a second.
  const provider = providers.secret()
  const client = createModern()
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { authProvider: provider }))
  await client.callTool({ name: 'echo', arguments: { text: 'still here' } })
  const token = provider.tokens()?.access_token ?? ''
  await clients.remove(bySecret.id)
  const isRefused = async (): Promise<boolean> =>
    (await fetch(url, { method: 'POST', headers: { authorization: `Bearer ${token}` } })).status === 401
  await until('it to be refused', isRefused, 1_000)
  await client.close()
  await data.store.close()
})
