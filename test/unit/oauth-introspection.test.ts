/** Introspection (RFC 7662): who may ask, and what is said of a token. */

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { exportJWK, generateKeyPair, importJWK, SignJWT } from 'jose'
import { verifies } from '../requirements.ts'
import {
  ANA,
  authorizeUrl,
  connect,
  type Fixture,
  postForm,
  redeem,
  register,
  signingJwk,
  startAuthorizationServer,
  type Tokens,
} from '../support/authorization.ts'
import { signIn } from '../support/browser.ts'
import { startClientSite } from '../support/client-site.ts'
import { connectBound, createHolder } from '../support/dpop.ts'

verifies('introspection')

type Said = Record<string, unknown>

/** A client of the operator's that can authenticate: a resource server beside ours. */
async function createAsker(fixture: Fixture): Promise<(token: string, hint?: string) => Promise<Said>> {
  const { id: clientId, secret = '' } = await fixture.clients.create({
    name: 'reports',
    grantTypes: ['client_credentials'],
    authMethod: 'client_secret_basic',
    scopes: ['tools:read'],
    createdBy: 'operator',
  })
  const authorization = `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}`
  return async (token, hint) => {
    const answer = await postForm(`${fixture.issuer}/introspect`, { token, token_type_hint: hint }, { authorization })
    assert.equal(answer.status, 200, await answer.clone().text())
    assert.match(answer.headers.get('content-type') ?? '', /^application\/json/)
    assert.match(answer.headers.get('cache-control') ?? '', /no-store/)
    return (await answer.json()) as Said
  }
}

test('of a good access token it is said whose it is, for what, and how long', async () => {
  await using fixture = await startAuthorizationServer()
  const ask = await createAsker(fixture)
  const { tokens, clientId } = await connect(fixture, { changes: { scope: 'tools:read' } })
  for (const hint of [undefined, 'access_token', 'refresh_token', 'nonsense']) {
    const { exp, iat, jti, ...said } = await ask(tokens.access_token, hint)
    assert.deepEqual(said, {
      active: true,
      sub: 'ana',
      client_id: clientId,
      scope: 'tools:read',
      iss: fixture.issuer,
      aud: fixture.resource,
      token_type: 'Bearer',
    })
    assert.ok(Number(exp) > Number(iat))
    assert.equal(typeof jti, 'string')
  }
})

test('a bound token is said to be bound, and to which key', async () => {
  await using fixture = await startAuthorizationServer()
  const ask = await createAsker(fixture)
  const holder = await createHolder()
  const { tokens } = await connectBound(fixture, holder)
  const { token_type: type, cnf } = await ask(tokens.access_token)
  assert.deepEqual([type, cnf], ['DPoP', { jkt: holder.thumbprint }])
})

test('of a token that is not good nothing is said but that', async () => {
  await using fixture = await startAuthorizationServer()
  await using elsewhere = await startAuthorizationServer()
  const ask = await createAsker(fixture)
  const { access_token: token } = (await connect(fixture)).tokens
  const [header = '', payload = '', signature = ''] = token.split('.')
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Said
  const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { kid: string }
  const key = await importJWK(await signingJwk(fixture), 'ES256')
  const sign = (changes: Said): Promise<string> =>
    new SignJWT({ ...claims, ...changes }).setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid }).sign(key)
  assert.equal((await ask(await sign({})))['active'], true, 'the twin that is right')
  const attempts: Record<string, string> = {
    nonsense: 'nonsense',
    'what looks like a token': 'eyJ.eyJ.x',
    'of another server': (await connect(elsewhere)).tokens.access_token,
    changed: `${header}.${Buffer.from(JSON.stringify({ ...claims, scope: 'admin' })).toString('base64url')}.${signature}`,
    unsigned: `${Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')}.${payload}.`,
    'for another server': await sign({ aud: 'https://elsewhere.example/mcp' }),
    expired: await sign({ exp: Math.floor(Date.now() / 1000) - 60 }),
    'of another’s grant': await sign({ sub: 'ben' }),
    'bound to what nobody can check': await sign({ cnf: { jwk: {} } }),
  }
  for (const [name, each] of Object.entries(attempts)) assert.deepEqual(await ask(each), { active: false }, name)
})

test('a refresh token is its client’s to ask about', async () => {
  await using fixture = await startAuthorizationServer()
  const ask = await createAsker(fixture)
  const { tokens } = await connect(fixture)
  assert.deepEqual(await ask(tokens.refresh_token ?? '', 'refresh_token'), { active: false }, 'of somebody else')

  const secretly = await register(fixture, { token_endpoint_auth_method: 'client_secret_post' })
  const credentials = { client_id: secretly.client_id, client_secret: secretly.client_secret }
  const own = await signInAs(fixture, credentials)
  const askOwn = async (token: string): Promise<Said> =>
    (await (await postForm(`${fixture.issuer}/introspect`, { token, ...credentials })).json()) as Said
  const said = await askOwn(own.refresh_token ?? '')
  assert.deepEqual([said['active'], said['client_id'], said['sub']], [true, secretly.client_id, 'ana'])
  await postForm(`${fixture.issuer}/revoke`, { token: own.refresh_token, ...credentials })
  assert.deepEqual(await askOwn(own.refresh_token ?? ''), { active: false })
  assert.deepEqual(await askOwn(own.access_token), { active: false }, 'it came of the same grant')
})

test('who registered by itself, or describes itself at a URL, learns of its own tokens and of nobody else’s', async () => {
  await using site = await startClientSite()
  await using fixture = await startAuthorizationServer({ cimd: 'on', guardedFetch: site.fetch })
  const foreign = (await connect(fixture)).tokens.access_token
  const { publicKey, privateKey } = await generateKeyPair('ES256')
  const jwk = { ...(await exportJWK(publicKey)), alg: 'ES256', kid: 'one' }
  const described = site.publish('/asker.json', { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [jwk] } })
  const assertion = (): Promise<string> =>
    new SignJWT({ jti: randomUUID() })
      .setProtectedHeader({ alg: 'ES256', kid: 'one' })
      .setIssuer(described)
      .setSubject(described)
      .setAudience(fixture.issuer)
      .setIssuedAt()
      .setExpirationTime('1m')
      .sign(privateKey)
  const registered = await register(fixture, { token_endpoint_auth_method: 'client_secret_post' })
  const askers = {
    described: {
      id: described,
      prove: async () => ({
        client_assertion: await assertion(),
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      }),
    },
    registered: { id: registered.client_id, prove: async () => ({ client_secret: registered.client_secret }) },
  }
  for (const [name, { id, prove }] of Object.entries(askers)) {
    const credentials = async () => ({ client_id: id, ...(await prove()) })
    const own = await signInAs(fixture, await credentials())
    const ask = async (token: string): Promise<Said> =>
      (await (await postForm(`${fixture.issuer}/introspect`, { token, ...(await credentials()) })).json()) as Said
    assert.deepEqual(await ask(foreign), { active: false }, name)
    const { active, client_id: clientId } = await ask(own.access_token)
    assert.deepEqual([active, clientId], [true, id], name)
  }
})

test('a revoked grant is inactive at once', async () => {
  await using fixture = await startAuthorizationServer()
  const ask = await createAsker(fixture)
  const { tokens, clientId } = await connect(fixture)
  assert.equal((await ask(tokens.access_token))['active'], true)
  await postForm(`${fixture.issuer}/revoke`, { token: tokens.access_token, client_id: clientId })
  assert.deepEqual(await ask(tokens.access_token), { active: false })
})

test('who does not authenticate learns nothing: public clients, wrong secrets, unknown clients, nobody', async () => {
  await using fixture = await startAuthorizationServer()
  const { tokens, clientId } = await connect(fixture)
  const { client_id: confidential } = await register(fixture, { token_endpoint_auth_method: 'client_secret_post' })
  const askers: Record<string, string>[] = [
    { client_id: clientId },
    { client_id: confidential, client_secret: 'wrong' },
    { client_id: confidential },
    { client_id: 'cl_nobody', client_secret: 'x' },
    {},
  ]
  for (const asker of askers)
    for (const token of [tokens.access_token, tokens.refresh_token, 'nonsense']) {
      const answer = await postForm(`${fixture.issuer}/introspect`, { token, ...asker })
      assert.ok([400, 401].includes(answer.status), JSON.stringify(asker))
      const said = (await answer.json()) as Said
      assert.match(String(said['error']), /^invalid_(client|request)$/)
      assert.equal(said['active'], undefined)
    }
})

test('it is told where tokens are introspected and how clients authenticate there', async () => {
  await using fixture = await startAuthorizationServer()
  const said = (await (await fetch(`${fixture.issuer}/.well-known/oauth-authorization-server`)).json()) as Record<string, string[]>
  assert.equal(said['introspection_endpoint'], `${fixture.issuer}/introspect`)
  assert.ok(!said['introspection_endpoint_auth_methods_supported']?.includes('none'))
  assert.ok(said['introspection_endpoint_auth_methods_supported']?.includes('client_secret_basic'))
  assert.equal((await fetch(`${fixture.issuer}/introspect`)).status, 405)
})

async function signInAs(fixture: Fixture, credentials: { client_id: string; [field: string]: string | undefined }): Promise<Tokens> {
  const { url, verifier } = authorizeUrl(fixture, credentials.client_id)
  const code = new URL(await signIn(url, ANA)).searchParams.get('code') ?? ''
  return (await (await redeem(fixture, credentials.client_id, code, verifier, credentials)).json()) as Tokens
}
