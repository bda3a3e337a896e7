// C13, T22: every place in which a server or its authorization server can name a URL, and every way to write an address of this machine or
// network. A canary on loopback counts connections: whatever is named and wherever, it must not see one.

import assert from 'node:assert/strict'
import { get } from 'node:https'
import { after, before, describe, it } from 'node:test'
import { setDefaultCACertificates } from 'node:tls'
import type { MCPClient, MCPClientOptions } from '../../src/index.ts'
import { AnyAnswer, startWorld, type World, type WorldOptions } from '../fixtures/sign-in-world.ts'
import { verifies } from '../requirements.ts'
import { createTestAuthority, type TestAuthority } from '../support/certificates.ts'
import { createClient, problemOf, REDIRECT_URI, signInTo } from '../support/client.ts'
import { type Canary, startCanary } from '../support/lies.ts'

verifies('C13', 'T22')

let authority: TestAuthority
let tls: NonNullable<WorldOptions['tls']>
let canary: Canary
before(async () => {
  authority = await createTestAuthority()
  // Not the option `ca`: with it, each of some hundred clients would read all the authorities of Node anew.
  setDefaultCACertificates([authority.cert])
  tls = { ...(await authority.issue(['mcp.example', 'as.example', 'flips.example'])), serverName: 'mcp.example', issuerName: 'as.example' }
  canary = await startCanary()
})
after(async () => {
  const heard = canary.connections()
  await fetch(canary.url).catch(() => {})
  const proof = canary.connections() - heard
  await canary[Symbol.asyncDispose]()
  assert.equal(heard, 0)
  assert.equal(proof, 1, 'the canary hears whoever comes')
})

/** How the attack is written where `PORT` is the canary's. Names lead where `addresses` says. */
const hosts = [
  '127.0.0.1',
  '127.1',
  '0x7f.1',
  '0x7f000001',
  '2130706433',
  '017700000001',
  '0177.0.0.1',
  '127.0.0.1.',
  '0.0.0.0',
  '0',
  '①②⑦.⓪.⓪.①',
  '[::1]',
  '[::]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[64:ff9b::7f00:1]',
  '[2002:7f00:1::]',
  '[fc00::1]',
  '[fdff::1]',
  '[fe80::1]',
  '[fd00:ec2::254]',
  '169.254.169.254',
  '169.254.170.2',
  '0xa9fea9fe',
  '100.100.100.200',
  '100.64.0.1',
  '10.0.0.1',
  '172.16.0.1',
  '192.168.0.1',
  'localhost',
  'localhost.',
  'inside.example',
  'both.example',
  'six.example',
]
const addresses: Readonly<Record<string, readonly string[]>> = {
  'mcp.example': ['127.0.0.1'],
  'as.example': ['127.0.0.1'],
  'inside.example': ['127.0.0.1'],
  'both.example': ['203.0.114.1', '127.0.0.1'],
  'six.example': ['::ffff:127.0.0.1'],
  localhost: ['127.0.0.1'],
  'localhost.': ['127.0.0.1'],
}

/** Only the two hosts of the world may be where they are; to everybody else the client is one on the internet. */
const options = (): Partial<MCPClientOptions> => ({
  dangerouslyAllowPrivateHosts: ['mcp.example', 'as.example'],
  requestTimeoutSeconds: 5,
  lookup: (host, answer) =>
    answer(
      null,
      (addresses[host] ?? []).map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    ),
})

type Signed = World & { client: MCPClient }
interface Place {
  readonly world: (url: () => string) => WorldOptions
  /** What leads the client there; a sign-in and a call unless told. */
  readonly use?: (signed: Signed) => Promise<unknown>
  readonly auth?: MCPClientOptions['auth']
}
const metadata = (member: string) => (url: () => string) => ({ serverMetadata: (document: object) => ({ ...document, [member]: url() }) })

/** The person's browser is not ours to guard: it comes back with a code as if it had been there. */
async function signIn({ client, ...world }: Signed): Promise<void> {
  const url = await client.getAuthorizationUrl({ redirectUri: REDIRECT_URI })
  const state = new URL(url).searchParams.get('state') ?? ''
  await client.handleCallback(`/callback?${new URLSearchParams({ code: 'the-code', state, iss: world.issuer })}`)
}

/** The browser resolves no name of a test: it goes to where the world really is. */
async function visitTls(world: World, url: string): Promise<string> {
  const { port } = new URL(world.issuer)
  return new Promise((resolve, reject) => {
    const asked = get(
      { host: '127.0.0.1', port, path: new URL(url).pathname + new URL(url).search, servername: 'as.example' },
      (answer) => {
        answer.resume()
        resolve(String(answer.headers.location))
      },
    )
    asked.once('error', reject)
  })
}

const places: Readonly<Record<string, Place>> = {
  'resource_metadata of the challenge': { world: (url) => ({ challenge: () => `Bearer resource_metadata="${encodeURI(url())}"` }) },
  'authorization_servers of the resource metadata': {
    world: (url) => ({ resourceMetadata: (document) => ({ ...document, authorization_servers: [url()] }) }),
  },
  'the registration_endpoint': { world: metadata('registration_endpoint') },
  'the token_endpoint': { world: metadata('token_endpoint'), auth: { type: 'oauth2', clientId: 'pre' } },
  'the device_authorization_endpoint': {
    world: metadata('device_authorization_endpoint'),
    auth: { type: 'oauth2', clientId: 'pre' },
    use: ({ client }) => client.signIn({ device: true, onDeviceCode: () => {} }),
  },
  'a redirect of the resource metadata': { world: (url) => ({ resourceMetadata: () => redirect(url()) }) },
  'a redirect of the server metadata': { world: (url) => ({ serverMetadata: () => redirect(url()) }) },
  'a redirect of the registration': { world: (url) => ({ registration: () => redirect(url()) }) },
  'a redirect of the token endpoint': { world: (url) => ({ token: () => redirect(url()) }), auth: { type: 'oauth2', clientId: 'pre' } },
  'a redirect of the MCP endpoint': {
    world: () => ({}),
    auth: { type: 'api_key', apiKey: 'spk_abcdefgh_0123456789ABCDEFGHIJabcdefghij' },
    use: ({ client }) => client.listTools(),
  },
}
const redirect = (location: string): AnyAnswer => new AnyAnswer({ status: 307, headers: { location: encodeURI(location) } })
const CLOSED =
  /^(?:TransportError (?:address_blocked|redirected|unreachable)|AuthorizationError (?:insecure_url|redirected|metadata_invalid|credential_refused))$/

describe('C13: a URL that is named', () => {
  for (const [what, { world: lies, use = signIn, auth }] of Object.entries(places))
    it(`as ${what} leads to nothing of this machine or network`, async () => {
      let named = ''
      await using world = await startWorld({ tls, ...lies(() => named) })
      for (const host of hosts)
        for (const scheme of ['https', 'http']) {
          named = `${scheme}://${host}:${canary.port}/x`
          await using client = createClient(world, { ...options(), ...(auth && { auth }) })
          const problem = await problemOf(use(Object.assign(world, { client })))
          assert.match(problem, CLOSED, `${scheme}://${host}`)
          assert.equal(canary.connections(), 0, `${scheme}://${host}`)
        }
    })

  it('as a name that changes what it stands for is resolved once, and what was checked is what is dialled', async () => {
    let asked = 0
    await using world = await startWorld({
      tls,
      serverMetadata: (document, { issuer }) => ({ ...document, token_endpoint: `https://flips.example:${new URL(issuer).port}/token` }),
    })
    await using client = createClient(world, {
      ...options(),
      auth: { type: 'oauth2', clientId: 'pre' },
      dangerouslyAllowPrivateHosts: ['mcp.example', 'as.example', 'flips.example'],
      lookup(host, answer) {
        if (host !== 'flips.example') return options().lookup?.(host, answer)
        answer(null, [{ address: asked++ === 0 ? '127.0.0.1' : '169.254.169.254', family: 4 }])
      },
    })
    assert.equal(await problemOf(signIn(Object.assign(world, { client }))), 'AuthorizationError token_refused')
    assert.equal(world.to('/token').length, 1)
    assert.equal(asked, 1)
  })

  it('as the revocation_endpoint is not asked, and signing out goes on without', async () => {
    let named = ''
    await using world = await startWorld({ tls, ...metadata('revocation_endpoint')(() => named) })
    for (const host of hosts) {
      named = `https://${host}:${canary.port}/x`
      await using client = createClient(world, options())
      await signInTo({ ...world, visit: (url) => visitTls(world, url) }, client)
      await problemOf(client.signOut())
      assert.equal(canary.connections(), 0, host)
      assert.equal(await problemOf(client.callTool('echo')), 'AuthorizationError sign_in_required', 'it is forgotten here all the same')
    }
  })

  it('that nobody needs is not asked for at all', async () => {
    const named = `https://127.0.0.1:${canary.port}/x`
    const unused = [
      'jwks_uri',
      'userinfo_endpoint',
      'introspection_endpoint',
      'device_authorization_endpoint',
      'op_policy_uri',
      'service_documentation',
      'pushed_authorization_request_endpoint',
      'end_session_endpoint',
    ]
    await using world = await startWorld({
      tls,
      serverMetadata: (document) => ({ ...document, ...Object.fromEntries(unused.map((member) => [member, named])) }),
      resourceMetadata: (document) => ({ ...document, jwks_uri: named, resource_documentation: named, resource_policy_uri: named }),
    })
    await using client = createClient(world, { ...options(), auth: { type: 'oauth2', clientId: 'pre' } })
    await problemOf(signIn(Object.assign(world, { client })))
    assert.equal(world.to('/token').length, 1)
    assert.equal(canary.connections(), 0)
  })
})
