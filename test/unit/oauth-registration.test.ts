/** Dynamic client registration (RFC 7591) as clients do it, and as attackers would. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { checkRegistration } from '../../src/oauth/registration.ts'
import { ANA, authorizeUrl, connect, postForm, postJson, register, startAuthorizationServer, verify } from '../support/authorization.ts'
import { signIn } from '../support/browser.ts'

const json = async (response: Response) => (await response.json()) as Record<string, unknown>

test('what real clients send is registered', async () => {
  await using fixture = await startAuthorizationServer()
  const bodies: Record<string, Record<string, unknown>> = {
    'without application_type': { redirect_uris: ['http://127.0.0.1:19876/mcp/oauth/callback'] },
    'a web client with a loopback redirect': { application_type: 'web', redirect_uris: ['http://localhost:8000/callback'] },
    'empty strings': { client_uri: '', logo_uri: '', tos_uri: '', client_name: '', contacts: [] },
    'a logo and members that we do not have': {
      logo_uri: 'https://a.example/l.png',
      software_id: 'x',
      software_version: '1',
      default_max_age: 3,
      require_auth_time: true,
    },
    'a grant type that we lack, and several redirects': {
      grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
      redirect_uris: ['https://a.example/redirect', 'http://localhost/', 'http://127.0.0.1:33418/'],
    },
    'a scope that is a permission of ours': { scope: 'tools:read tools:execute offline_access' },
    'an empty path with and without its slash, and a query': {
      redirect_uris: [
        'https://a.example',
        'https://a.example/',
        'https://a.example?x=1',
        'http://localhost:8000',
        'https://a.example/cb?x=%C3%A4',
      ],
    },
    'IPv6 loopback': { redirect_uris: ['http://[::1]:4000/cb'] },
  }
  for (const [name, body] of Object.entries(bodies)) {
    const registered = await register(fixture, body)
    assert.match(registered.client_id, /^cl_/, name)
    assert.equal(registered.client_secret, undefined, name)
    assert.ok(registered['client_id_issued_at'], name)
    assert.equal(registered['application_type'], 'native', `${name}: never web by default`)
  }
  const { client_id: clientId } = await register(fixture, { application_type: 'web', redirect_uris: ['http://localhost:8000/callback'] })
  const landed = await signIn(authorizeUrl(fixture, clientId, { redirect_uri: 'http://localhost:41234/callback' }).url, ANA)
  assert.ok(landed.startsWith('http://localhost:41234/callback?code='), 'its port floats, too')
})

test('a client that wants a secret gets one, and only then', async () => {
  await using fixture = await startAuthorizationServer()
  const registered = await register(fixture, { token_endpoint_auth_method: undefined })
  assert.equal(registered['token_endpoint_auth_method'], 'client_secret_basic', 'RFC 7591 §2')
  assert.ok((registered.client_secret?.length ?? 0) >= 43)
  assert.equal(registered['client_secret_expires_at'], 0)
})

test('codes are sent to https or to this computer, nowhere else', async () => {
  await using fixture = await startAuthorizationServer()
  for (const uri of [
    'http://app.example.com/cb',
    'http://localhost.evil.example/cb',
    'http://127.0.0.1.evil.example/cb',
    'http://127.0.0.2/cb',
    'http://2130706433/cb#x',
    'javascript:alert(1)',
    'data:text/html,x',
    'file:///etc/passwd',
    'vbscript:x',
    'cursor://anything/cb',
    'https://user:password@app.example.com/cb',
    'https://app.example.com/cb#fragment',
    'https://app.example.com\\@evil.example/cb',
    ' https://app.example.com/cb',
    'https://app.exa\tmple.com/cb',
    'https:app.example.com/cb',
    'https:/app.example.com/cb',
    'https:///app.example.com/cb',
    'HTTPS://app.example.com/cb',
    'https://APP.example.com/cb',
    'https://app.example.com:443/cb',
    'https://app.example.com/a/../cb',
    'https://app.ex\u00e4mple.com/cb',
    'https://app.example.com/\u202ecb',
    'https://lo\u00adcalhost/cb',
    'https://*.example.com/cb',
    'https://app.example.com/*',
    'http://2130706433/cb',
    'http://0x7f.1/cb',
    'http://127.1/cb',
    'http://\u24dbocalhost/cb',
    'http://LOCALHOST/cb',
    'http://[0:0:0:0:0:0:0:1]/cb',
    '/relative',
    '',
    7,
  ]) {
    const response = await postJson(`${fixture.issuer}/register`, {
      redirect_uris: ['http://127.0.0.1/cb', uri],
      token_endpoint_auth_method: 'none',
    })
    assert.deepEqual([response.status, (await json(response))['error']], [400, 'invalid_redirect_uri'], String(uri))
    assert.equal(response.headers.get('access-control-allow-origin'), '*')
  }
})

test('what is no registration is refused as one', async () => {
  await using fixture = await startAuthorizationServer()
  const redirect_uris = ['http://127.0.0.1/cb']
  const bodies = [
    [],
    'text',
    null,
    {},
    { redirect_uris: [] },
    { redirect_uris: 'http://127.0.0.1/cb' },
    { redirect_uris: Array.from({ length: 21 }, (_, index) => `http://127.0.0.1/${index}`) },
    { redirect_uris, client_name: 'x'.repeat(201) },
    { redirect_uris, client_name: 7 },
    { redirect_uris, client_uri: 'javascript:alert(1)' },
    { redirect_uris, token_endpoint_auth_method: 'private_key_jwt' },
    { redirect_uris, grant_types: ['password'] },
    { redirect_uris, response_types: ['token'] },
  ]
  for (const body of bodies) {
    const response = await postJson(`${fixture.issuer}/register`, body)
    assert.equal(response.status, 400, JSON.stringify(body))
    assert.match(String((await json(response))['error']), /^invalid_(client_metadata|redirect_uri)$/, JSON.stringify(body))
  }
  const broken = await fetch(`${fixture.issuer}/register`, {
    method: 'POST',
    body: '{"client_secret":"hush',
    headers: { 'content-type': 'application/json' },
  })
  assert.equal(broken.status, 400)
  assert.ok(!JSON.stringify(fixture.records).includes('hush'))
  assert.equal((await fixture.store.records('client').list()).length, 0)
})

test('nothing that a client registers by URL is fetched or kept', async () => {
  await using fixture = await startAuthorizationServer()
  const registered = await register(fixture, {
    jwks_uri: 'https://127.0.0.1:1/jwks',
    sector_identifier_uri: 'https://127.0.0.1:1/sector',
    initiate_login_uri: 'https://127.0.0.1:1/login',
  })
  for (const member of ['jwks_uri', 'sector_identifier_uri', 'initiate_login_uri']) assert.ok(!(member in registered), member)
})

test('a registration that nobody used is forgotten after an hour, a used one stays', async () => {
  await using fixture = await startAuthorizationServer()
  const { client_id: unused } = await register(fixture)
  const { clientId: used, tokens } = await connect(fixture)
  fixture.advance(3_601_000)
  const at = async (client_id: string) => {
    const answer = await postForm(`${fixture.issuer}/token`, {
      grant_type: 'refresh_token',
      refresh_token: tokens.refresh_token,
      client_id,
    })
    return [answer.status, (await json(answer))['error']]
  }
  assert.deepEqual(await at(unused), [401, 'invalid_client'])
  const page = await fetch(authorizeUrl(fixture, unused).url, { redirect: 'manual' })
  assert.equal(page.status, 400)
  assert.deepEqual(await at(used), [200, undefined])
  fixture.advance(80 * 86_400_000)
  assert.equal((await fixture.store.records('client').list()).length, 1)
})

test('one address registers so many an hour and no more; nobody else is kept out', async () => {
  await using fixture = await startAuthorizationServer({ registrationsPerHour: 3 })
  const body = { redirect_uris: ['http://127.0.0.1/cb'], token_endpoint_auth_method: 'none' }
  for (let index = 0; index < 3; index++) assert.equal((await postJson(`${fixture.issuer}/register`, body)).status, 201)
  const refused = await postJson(`${fixture.issuer}/register`, body)
  assert.equal(refused.status, 429)
  assert.ok(Number(refused.headers.get('retry-after')) > 0)
  assert.equal((await json(refused))['error'], 'temporarily_unavailable')
  fixture.advance(3_601_000)
  assert.equal((await postJson(`${fixture.issuer}/register`, body)).status, 201)
})

test('a registration grants nothing: two clients of one name need a consent each', async () => {
  await using fixture = await startAuthorizationServer()
  const one = await connect(fixture)
  const two = await connect(fixture)
  const [first, second] = [await verify(fixture, one.tokens.access_token), await verify(fixture, two.tokens.access_token)]
  assert.ok(typeof first === 'object' && typeof second === 'object')
  assert.notEqual(first.clientId, second.clientId)
  assert.equal(fixture.records.filter(({ action }) => action === 'consent').length, 2)
})

test('whatever is sent as a registration is answered, and what passes sends codes to https or this computer only', () => {
  const uri = fc.oneof(
    fc.webUrl(),
    fc.string(),
    fc.constantFrom('http://127.0.0.1:1/cb', 'http://[::1]/', 'cursor://x', 'https:\\\\x', 'http:/localhost'),
  )
  const body = fc.oneof(
    fc.jsonValue(),
    fc.record({ redirect_uris: fc.array(uri), client_name: fc.jsonValue(), grant_types: fc.jsonValue(), application_type: fc.jsonValue() }),
  )
  fc.assert(
    fc.property(body, (given) => {
      const checked = checkRegistration(given)
      if ('error' in checked) return
      for (const redirect of checked.metadata['redirect_uris'] as string[]) {
        const { protocol, hostname } = new URL(redirect)
        assert.ok(protocol === 'https:' || (protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(hostname)), redirect)
      }
    }),
    { numRuns: 2000 },
  )
})
