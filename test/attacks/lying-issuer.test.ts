// lying-server: an authorization server (and the metadata that leads to it) that lies in every member in turn. The client ends with an
// error of its own that says what was wrong, or does without what was said; it sends no code, token or secret anywhere else, shows none,
// does not hang and does not crash.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createMemoryTokenStore } from '../../src/client/store/memory-store.ts'
import { AnyAnswer, startWorld, type WorldOptions } from '../fixtures/sign-in-world.ts'
import { verifies } from '../requirements.ts'
import { createClient, signInTo } from '../support/client.ts'
import { type Canary, hear, say, startCanary, write } from '../support/lies.ts'
import type { Json } from '../support/sse.ts'

verifies('lying-server')

let canary: Canary
const crashes: unknown[] = []
const crashed = (error: unknown): unknown => crashes.push(error)
before(async () => {
  canary = await startCanary()
  process.on('unhandledRejection', crashed)
})
after(async () => {
  process.off('unhandledRejection', crashed)
  await canary[Symbol.asyncDispose]()
  assert.deepEqual(crashes, [])
  assert.equal(canary.connections(), 0)
  assert.equal((Object.prototype as Json).polluted, undefined)
})

const FINE = 'ends well'
const HUGE = 'x'.repeat(20_000)
const wrongTypes: readonly unknown[] = [null, 1, -1, true, '', [], {}, [[]], { toString: 'x' }, HUGE]
type Place = 'resourceMetadata' | 'serverMetadata' | 'registration' | 'token'
type Change = NonNullable<WorldOptions[Place]>

function lies(place: Place, member: string, values: readonly unknown[], outcome: string | RegExp): void {
  it(`${place}: ${member} is ${values.map((value) => JSON.stringify(value)?.slice(0, 40)).join(', ')}`, async () => {
    for (const value of values) await ends({ [place]: say(member, value) }, outcome, JSON.stringify(value)?.slice(0, 40))
  })
}
function written(place: Place, change: Change, what: string, outcome: string | RegExp): void {
  it(`${place}: ${what}`, () => ends({ [place]: change }, outcome))
}
async function ends(world: WorldOptions, expected: string | RegExp, what?: string): Promise<void> {
  const { outcome } = await hear({ world })
  if (typeof expected === 'string') assert.equal(outcome, expected, what)
  else assert.match(outcome, expected, what)
}
const REFUSED = 'AuthorizationError registration_refused'
const NO_TOKEN = 'AuthorizationError token_refused'
const INVALID = 'AuthorizationError metadata_invalid'

describe('protected resource metadata', () => {
  lies('resourceMetadata', 'resource', [undefined, ...wrongTypes], 'AuthorizationError resource_mismatch')
  lies('resourceMetadata', 'authorization_servers', [undefined, ...wrongTypes, [1], [null], [['https://a.example']], ['no url']], INVALID)
  lies(
    'resourceMetadata',
    'authorization_servers',
    [['javascript:alert(1)'], ['file:///etc/passwd'], ['data:,x']],
    'AuthorizationError insecure_url',
  )
  lies(
    'resourceMetadata',
    'scopes_supported',
    [undefined, ...wrongTypes, ['a b'], [1], ['"'], Array.from({ length: 900 }, (_, at) => `s${at}`)],
    FINE,
  )
  for (const [what, text] of [
    ['its resource stands twice', '"resource":"https://a.example"'],
    ['a member is named __proto__', '"__proto__":{"polluted":true,"resource":"https://a.example"}'],
  ] as const)
    written('resourceMetadata', write(text), what, what.includes('twice') ? INVALID : /^(?:ends well|AuthorizationError metadata_invalid)$/)
})

describe('authorization server metadata', () => {
  for (const member of ['authorization_endpoint', 'token_endpoint'])
    lies('serverMetadata', member, [undefined, ...wrongTypes, 'https://a.example/#x', '/relative'], INVALID)
  lies('serverMetadata', 'registration_endpoint', [null, 1, '', [], {}, HUGE], INVALID)
  lies('serverMetadata', 'registration_endpoint', [undefined], 'AuthorizationError registration_unsupported')
  lies(
    'serverMetadata',
    'code_challenge_methods_supported',
    [undefined, ...wrongTypes, ['plain'], [['S256']]],
    'AuthorizationError pkce_unsupported',
  )
  lies('serverMetadata', 'response_types_supported', [['token'], []], INVALID)
  lies('serverMetadata', 'token_endpoint_auth_methods_supported', [['tls_client_auth'], []], 'AuthorizationError registration_unsupported')
  for (const member of ['scopes_supported', 'grant_types_supported', 'jwks_uri', 'userinfo_endpoint', 'signed_metadata'])
    lies(
      'serverMetadata',
      member,
      [undefined, null, 1, '', [], {}, HUGE, 'javascript:alert(1)'],
      /^(?:ends well|AuthorizationError (?:metadata_invalid|insecure_url))$/,
    )
  written('serverMetadata', write('"token_endpoint":"https://a.example/token"'), 'its token_endpoint stands twice', INVALID)
})

describe('a registration', () => {
  lies('registration', 'client_id', [undefined, ...wrongTypes, 'a\nb', 'é'], REFUSED)
  lies('registration', 'client_secret', [null, 1, true, '', [], {}, HUGE, 'a\u0000b'], REFUSED)
  lies('registration', 'redirect_uris', [['https://a.example/callback'], []], REFUSED)
  lies('registration', 'token_endpoint_auth_method', ['tls_client_auth', 1, [], {}, '__proto__', 'client_secret_basic'], REFUSED)
  lies('registration', 'client_secret_expires_at', [-1, 'x', 1e300, [], null], FINE)
  for (const [what, answer] of [
    ['is HTML', { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>' }],
    ['has no body', { status: 204 }],
    ['is an error without a name', { status: 400, body: {} }],
    ['is an error with a name that is none', { status: 400, body: { error: { message: 'x' } } }],
    ['is an error of many lines', { status: 400, body: { error: 'a\nb', error_description: 'call 0800' } }],
    ['is compressed, unasked', { status: 201, headers: { 'content-encoding': 'gzip' }, body: 'x' }],
  ] as const)
    written('registration', () => new AnyAnswer(answer), `its answer ${what}`, REFUSED)
})

describe('a token', () => {
  lies('token', 'access_token', [undefined, ...wrongTypes, 'a b', 'a\r\nx: y', 'é', '\u0000'], NO_TOKEN)
  lies('token', 'token_type', [undefined, ...wrongTypes, 'mac', 'N_A', '__proto__', ['Bearer']], NO_TOKEN)
  lies('token', 'expires_in', [-1, -1e300, 1e300, '3600', 'NaN', null, [], {}, 0, 0.5], FINE)
  lies('token', 'refresh_token', [null, 1, true, '', [], {}, HUGE, 'a b', 'a\r\nb'], FINE)
  lies('token', 'scope', [null, 1, '', [], {}, HUGE, 'admin root', 'a "b"', 'a\nb'], FINE)
  written('token', write('"access_token":"access-00000000ffff"'), 'the access token stands twice', NO_TOKEN)
  for (const [what, answer] of [
    [
      'is HTML',
      { status: 200, headers: { 'content-type': 'text/html' }, body: '{"access_token":"access-00000000ffff","token_type":"Bearer"}' },
    ],
    ['is a list', { status: 200, body: [] }],
    ['has no body', { status: 204 }],
    ['is 201', { status: 201, body: { access_token: 'access-00000000ffff', token_type: 'Bearer' } }],
    ['is 400 without a name', { status: 400 }],
    [
      'is 401 with a challenge that leads elsewhere',
      { status: 401, headers: { 'www-authenticate': 'Bearer resource_metadata="https://169.254.169.254/"' } },
    ],
    ['is an error that names itself like a member of every object', { status: 400, body: { error: '__proto__' } }],
  ] as const)
    written('token', () => new AnyAnswer(answer), `its answer ${what}`, NO_TOKEN)
  for (const status of [429, 500, 503])
    written(
      'token',
      () => new AnyAnswer({ status, headers: { 'retry-after': '99999999999' }, body: {} }),
      `its answer is ${status}, to be asked again in three thousand years`,
      'TransportError http_status',
    )
  it('is not asked for twice where its answer is no good', async () => {
    const { world } = await hear({ world: { token: () => new AnyAnswer({ status: 400, body: { error: 'invalid_grant' } }) } })
    assert.equal(world.to('/token').length, 1)
  })
})

describe('every document', () => {
  for (const place of ['resourceMetadata', 'serverMetadata', 'registration', 'token'] as const)
    for (const status of [300, 301, 302, 303, 305, 307, 308])
      it(`${place}: a redirect (${status}) to elsewhere is not followed`, () =>
        ends({ [place]: () => new AnyAnswer({ status, headers: { location: `${canary.url}/x` } }) }, 'AuthorizationError redirected'))
})

describe('what an authorization server says back', () => {
  // It knows these already; a log that others read does not.
  for (const field of ['code', 'code_verifier', 'client_secret', 'the Authorization header'])
    for (const member of ['error', 'error_description', 'error_uri'])
      it(`of ${field} as ${member} is in no error`, async () => {
        let world: { seen: { path: string; text: string; headers: Json }[] } | undefined
        const echo = (): AnyAnswer => {
          const { text = '', headers = {} } = world?.seen.findLast(({ path }) => path.startsWith('/token')) ?? {}
          const basic = String(headers['authorization'] ?? '').slice('Basic '.length)
          const secret = Buffer.from(basic, 'base64').toString().split(':')[1]
          const sent = { client_secret: secret, 'the Authorization header': basic.slice(0, 64) }
          const value = sent[field as keyof typeof sent] ?? new URLSearchParams(text).get(field)
          assert.ok(value)
          return new AnyAnswer({ status: 400, body: { error: 'invalid_grant', [member]: value } })
        }
        const { outcome } = await hear({
          world: { token: echo },
          client: { auth: { type: 'oauth2' } },
          async use(client, started) {
            world = started as never
            const { clientSecret } = await client.registerClient({ clientName: 'x', redirectUris: ['http://127.0.0.1:53591/callback'] })
            assert.ok(clientSecret)
            await client.handleCallback(
              await started.visit(await client.getAuthorizationUrl({ redirectUri: 'http://127.0.0.1:53591/callback' })),
            )
          },
        })
        assert.equal(outcome, NO_TOKEN)
      })
})

it('a life that is longer than any number is kept all the same', async () => {
  const tokenStore = createMemoryTokenStore()
  await using world = await startWorld({ token: say('expires_in', 1e308) })
  await using client = createClient(world, { tokenStore })
  await signInTo(world, client)
  await using later = createClient(world, { tokenStore })
  assert.equal((await later.listTools()).length, 1)
})
