/** One identity provider, asked by the client that it has: what holds, and everything that does not. */

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { type Crossing, createOpenIdProvider, type ProviderProblem, type SignInProvider } from '../../src/people/index.ts'
import { verifies } from '../requirements.ts'
import { CLIENT, type SmallProvider, startSmallProvider, type Wrong } from '../support/openid-provider.ts'

const REDIRECT = 'https://mcp.example.com/sign-in/callback/acme'
const secret = () => randomBytes(32).toString('base64url')
const crossing = (changes: Partial<Crossing> = {}): Crossing => ({
  redirectUri: REDIRECT,
  state: secret(),
  nonce: secret(),
  codeVerifier: secret(),
  ...changes,
})

type Came = { readonly claims: Record<string, unknown> } | ProviderProblem

/** There and back: as a browser goes, that keeps nothing. */
async function cross(
  small: SmallProvider,
  { entry = {}, at = crossing(), back = at }: { entry?: Partial<SignInProvider>; at?: Crossing; back?: Crossing } = {},
): Promise<Came> {
  const provider = createOpenIdProvider({ options: small.entry(entry), clock: Date.now })
  try {
    const begun = await provider.begin(at)
    if ('problem' in begun) return begun
    const response = await fetch(begun.location, { redirect: 'manual' })
    const location = response.headers.get('location')
    assert.ok(location !== null && location.startsWith(REDIRECT), 'the provider sends people back to the redirect URI')
    return await provider.finish(back, new URL(location).searchParams)
  } finally {
    provider.close()
  }
}
const problem = (came: Came): string => ('problem' in came ? `${came.problem}: ${came.detail}` : 'signed in')

test('somebody who signs in comes back with what the provider says; the request has PKCE, state and nonce, and the scopes', async () => {
  await using small = await startSmallProvider({ path: '/realms/acme' })
  const at = crossing()
  const came = await cross(small, { at })
  assert.ok('claims' in came)
  assert.equal(came.claims['sub'], '1001')
  const [request] = small.requests
  assert.equal(request?.get('redirect_uri'), REDIRECT)
  assert.equal(request?.get('state'), at.state)
  assert.equal(request?.get('nonce'), at.nonce)
  assert.equal(request?.get('code_challenge_method'), 'S256')
  assert.equal(request?.get('scope'), 'openid email profile')
  assert.equal(request?.get('max_age'), null)
  assert.ok(!request?.toString().includes(at.codeVerifier), 'the verifier stays here')
  assert.ok(!small.asked.includes('/userinfo'), 'nothing was missing')
})

test('the secret goes as the metadata says, or as the operator does', async () => {
  for (const [methods, clientAuth, isBasic] of [
    [['client_secret_basic', 'client_secret_post'], undefined, false],
    [['client_secret_basic'], undefined, true],
    [undefined, undefined, true],
    [['client_secret_basic', 'client_secret_post'], 'basic', true],
    [['client_secret_basic'], 'post', false],
  ] as const) {
    await using small = await startSmallProvider()
    if (methods === undefined) delete small.metadata['token_endpoint_auth_methods_supported']
    else small.metadata['token_endpoint_auth_methods_supported'] = methods
    const came = await cross(small, { entry: { ...(clientAuth && { clientAuth }) } })
    assert.equal(problem(came), 'signed in', JSON.stringify([methods, clientAuth]))
    const [sent] = small.redeemed
    assert.equal(sent?.authorization?.startsWith('Basic ') === true, isBasic)
    assert.equal(sent?.form.get('client_secret') ?? null, isBasic ? null : CLIENT.clientSecret)
  }
})

test('claims that the ID token lacks come from UserInfo, and never in place of what is signed', async () => {
  await using small = await startSmallProvider()
  small.person = { sub: '1001', name: 'Ana' }
  small.userInfo = { sub: '1001', email: 'ana@acme.example', email_verified: true, name: 'Somebody else' }
  const came = await cross(small)
  assert.ok('claims' in came)
  assert.equal(came.claims['email'], 'ana@acme.example')
  assert.equal(came.claims['name'], 'Ana')

  small.userInfo = { sub: '1002', email: 'ana@acme.example', email_verified: true }
  assert.match(problem(await cross(small)), /^invalid: /, 'what is said of another subject counts for nobody')
  small.userInfo = undefined
  Object.assign(small.wrong, { status: { '/userinfo': 500 } })
  assert.match(problem(await cross(small)), /^unavailable: /, 'fails closed where it cannot be asked')
  assert.equal(problem(await cross(small, { entry: { userInfo: false } })), 'signed in')
})

const now = () => Math.floor(Date.now() / 1000)
const lies: Record<string, { readonly wrong: Wrong; readonly expected: RegExp }> = {
  'an ID token of another issuer': { wrong: { claims: { iss: 'https://evil.example' } }, expected: /^invalid: .*iss/ },
  'an ID token for another client': { wrong: { claims: { aud: 'another' } }, expected: /^invalid: .*aud/ },
  'one for us and another, authorized for the other': {
    wrong: { claims: { aud: [CLIENT.clientId, 'another'], azp: 'another' } },
    expected: /^invalid: /,
  },
  'an ID token that has ended': { wrong: { claims: { iat: now() - 900, exp: now() - 600 } }, expected: /^invalid: / },
  'an ID token without an end': { wrong: { claims: { exp: undefined } }, expected: /^invalid: / },
  'another nonce': { wrong: { claims: { nonce: secret() } }, expected: /^invalid: .*nonce/ },
  'no nonce': { wrong: { claims: { nonce: undefined } }, expected: /^invalid: / },
  'no subject': { wrong: { claims: { sub: undefined } }, expected: /^invalid: / },
  'a signature of a key that nobody published': { wrong: { unknownKey: true }, expected: /^invalid: / },
  'no signature': { wrong: { header: { alg: 'none' } }, expected: /^invalid: / },
  'an answer of another issuer': {
    wrong: { redirect: (back) => back.searchParams.set('iss', 'https://evil.example') },
    expected: /^mixed_up: /,
  },
  'an answer of two issuers': {
    wrong: { redirect: (back) => back.searchParams.append('iss', 'https://evil.example') },
    expected: /^mixed_up: /,
  },
  'an answer that should name its issuer, and does not': {
    wrong: { redirect: (back) => back.searchParams.delete('iss') },
    expected: /^invalid: /,
  },
  'another state': { wrong: { redirect: (back) => back.searchParams.set('state', secret()) }, expected: /^invalid: / },
  'two codes': { wrong: { redirect: (back) => back.searchParams.append('code', 'another') }, expected: /^invalid: / },
  'a code of its own making': { wrong: { redirect: (back) => back.searchParams.set('code', 'another') }, expected: /^invalid: .*400/ },
  'a token beside the code': { wrong: { redirect: (back) => back.searchParams.set('id_token', 'x') }, expected: /^invalid: / },
  no: { wrong: { error: 'access_denied' }, expected: /^refused: the provider answered access_denied$/ },
  'no, in many words': { wrong: { error: '<script>alert(1)</script>' }, expected: /^refused: the provider answered no code$/ },
  'that it is down': { wrong: { status: { '/token': 503 } }, expected: /^unavailable: the provider answered 503$/ },
  'that it does not know us': { wrong: { status: { '/token': 401 } }, expected: /^misconfigured: .*client id/ },
  'to go elsewhere with the code': { wrong: { status: { '/token': 307 } }, expected: /^(?:unavailable|invalid): / },
  'more than anybody reads': { wrong: { bytes: { '/token': 300_000 } }, expected: /^unavailable: .*too_large/ },
  'keys without end': { wrong: { bytes: { '/keys': 300_000 } }, expected: /^unavailable: .*too_large/ },
}
for (const [name, { wrong, expected }] of Object.entries(lies)) {
  test(`a provider that says ${name} signs nobody in`, async () => {
    verifies('provider-answers')
    await using small = await startSmallProvider()
    Object.assign(small.wrong, wrong)
    assert.match(problem(await cross(small)), expected)
  })
}

test('a code that was got for another crossing is worth nothing: its verifier and its nonce stay with the browser', async () => {
  await using small = await startSmallProvider()
  const at = crossing()
  assert.match(problem(await cross(small, { at, back: { ...at, codeVerifier: secret() } })), /^invalid: .*400/)
  assert.match(problem(await cross(small, { at, back: { ...at, nonce: secret() } })), /^invalid: .*nonce/)
})

test('metadata counts only where it names exactly the issuer that the operator wrote', async () => {
  await using small = await startSmallProvider()
  for (const issuer of [`${small.issuer}/`, small.issuer.toUpperCase(), 'https://evil.example']) {
    small.metadata['issuer'] = issuer
    const provider = createOpenIdProvider({ options: small.entry(), clock: Date.now })
    const begun = await provider.begin(crossing())
    assert.match(problem(begun as Came), /^misconfigured: its metadata names another issuer/, issuer)
    assert.match((await provider.check()) ?? '', /names another issuer/)
    provider.close()
  }
})

test('no redirect is followed', async () => {
  for (const moved of ['/.well-known/openid-configuration', '/keys', '/userinfo']) {
    await using small = await startSmallProvider()
    small.person = { sub: '1001' }
    small.wrong.moved = moved
    assert.match(problem(await cross(small)), /^unavailable: .*redirected/, moved)
    assert.ok(!small.asked.some((path) => path.startsWith('/moved')))
  }
})

test('hosts that only the metadata names must be public', async () => {
  await using small = await startSmallProvider()
  for (const host of ['127.0.0.1:1', '169.254.169.254', '10.0.0.1', '[::1]:1']) {
    small.metadata['token_endpoint'] = `https://${host}/token`
    assert.match(problem(await cross(small)), /^unavailable: .*address_blocked/, host)
  }
})

test('metadata is asked for once an hour, once for all that come together; an outage leaves it as it was', async () => {
  await using small = await startSmallProvider()
  let at = Date.now()
  const provider = createOpenIdProvider({ options: small.entry(), clock: () => at })
  const asked = () => small.asked.filter((path) => path.startsWith('/.well-known')).length
  await Promise.all(Array.from({ length: 20 }, () => provider.begin(crossing())))
  assert.equal(asked(), 1)
  at += 3_700_000
  Object.assign(small.wrong, { status: { '/.well-known/openid-configuration': 500 } })
  assert.ok('location' in (await provider.begin(crossing())))
  assert.equal(asked(), 2)
  assert.ok('location' in (await provider.begin(crossing())))
  assert.equal(asked(), 2, 'not with every sign-in')
  provider.close()
})

test('where a person has to show anew who they are, the provider is asked for that, and an old sign-in does not do', async () => {
  await using small = await startSmallProvider()
  const at = crossing({ freshSince: Date.now() })
  assert.equal(problem(await cross(small, { at })), 'signed in')
  assert.equal(small.requests[0]?.get('max_age'), '0')
  assert.equal(small.requests[0]?.get('prompt'), null, 'some refuse a prompt that they do not know')
  small.metadata['prompt_values_supported'] = ['none', 'login', 'select_account']
  assert.equal(problem(await cross(small, { at: crossing({ freshSince: Date.now() }) })), 'signed in')
  assert.equal(small.requests[1]?.get('prompt'), 'select_account')
  small.wrong.claims = { auth_time: now() - 3600 }
  assert.match(problem(await cross(small, { at: crossing({ freshSince: Date.now() }) })), /^not_fresh: /)
})

test('a provider that cannot be reached is said so, and what it is lacking', async () => {
  const small = await startSmallProvider()
  const provider = createOpenIdProvider({ options: small.entry(), clock: Date.now })
  assert.equal(await provider.check(), undefined)
  delete small.metadata['jwks_uri']
  assert.equal(await provider.check(), 'its metadata has no jwks_uri')
  await small[Symbol.asyncDispose]()
  assert.equal(await provider.check(), 'the provider did not answer (unreachable)')
  provider.close()
})
