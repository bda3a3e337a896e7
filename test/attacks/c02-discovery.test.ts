// C1, C2, C5, C7: a server says who its authorization server is, and an authorization server says who it is. Whoever can change one of those
// documents tries to have a code, a token or a secret sent elsewhere; the client stops before it sends anything.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { AnyAnswer, startWorld, type WorldOptions } from '../fixtures/sign-in-world.ts'
import { verifies } from '../requirements.ts'
import { createClient, problemOf, REDIRECT_URI, signInTo } from '../support/client.ts'
import type { Json } from '../support/sse.ts'

verifies('C1', 'C2', 'C5', 'C7')

/** How a sign-in ends, and what was asked on the way. */
async function attempt(options: WorldOptions): Promise<{ problem: string; paths: string[] }> {
  await using world = await startWorld(options)
  await using client = createClient(world)
  const problem = await problemOf(signInTo(world, client))
  return { problem, paths: world.seen.map(({ method, path }) => `${method} ${path.split('?')[0]}`) }
}
const FINE = 'no error: undefined'
const sendsNothing = ({ paths }: { paths: string[] }): void =>
  assert.ok(!paths.some((path) => /authorize|token|register/.test(path)), paths.join('\n'))
const gone = new AnyAnswer({ status: 404 })

describe('C2: authorization server metadata', () => {
  it('is looked for in the order of the specification', async () => {
    const serverMetadata = (): AnyAnswer => gone
    const plain = await attempt({ serverMetadata })
    assert.equal(plain.problem, 'AuthorizationError metadata_missing')
    assert.deepEqual(plain.paths.slice(-2), ['GET /.well-known/oauth-authorization-server', 'GET /.well-known/openid-configuration'])
    const tenant = await attempt({ serverMetadata, issuerPath: '/tenant1' })
    assert.deepEqual(tenant.paths.slice(-3), [
      'GET /.well-known/oauth-authorization-server/tenant1',
      'GET /.well-known/openid-configuration/tenant1',
      'GET /tenant1/.well-known/openid-configuration',
    ])
    assert.equal((await attempt({ issuerPath: '/tenant1' })).problem, FINE, 'where it is there, it is used')
  })

  for (const [what, change] of [
    ['another issuer', () => 'https://honest.example'],
    ['its issuer with a slash more', (issuer: string) => `${issuer}/`],
    ['its issuer in capitals', (issuer: string) => issuer.toUpperCase()],
    ['a list of issuers', (issuer: string) => [issuer]],
    ['no issuer', () => undefined],
  ] as const)
    it(`that names ${what} is not used`, async () => {
      const result = await attempt({ serverMetadata: (document) => ({ ...document, issuer: change(document.issuer) }) })
      assert.equal(result.problem, 'AuthorizationError issuer_mismatch')
      sendsNothing(result)
    })

  for (const [what, answer, problem] of [
    ['redirects', { status: 302, headers: { location: '/elsewhere' } }, 'redirected'],
    ['is broken JSON', { body: '{"issuer":' }, 'metadata_invalid'],
    ['has a key twice', { body: '{"issuer":"a","issuer":"b"}' }, 'metadata_invalid'],
    ['is HTML', { body: '<html>', headers: { 'content-type': 'text/html' } }, 'metadata_invalid'],
    ['is a list', { body: [] }, 'metadata_invalid'],
    ['is an error of the server', { status: 500 }, 'metadata_invalid'],
  ] as const)
    it(`that ${what} ends the sign-in`, async () => {
      const result = await attempt({ serverMetadata: () => new AnyAnswer(answer) })
      assert.equal(result.problem, `AuthorizationError ${problem}`)
      sendsNothing(result)
    })

  for (const member of ['authorization_endpoint', 'token_endpoint', 'registration_endpoint'])
    for (const url of [
      'http://as.example/x',
      'javascript:alert(1)',
      'data:text/html,x',
      'file:///etc/passwd',
      'not a url',
      'https://a:b@as.example/',
      'wss://as.example/x',
    ])
      it(`whose ${member} is ${url} is not used`, async () => {
        const result = await attempt({ serverMetadata: (document) => ({ ...document, [member]: url }) })
        assert.match(result.problem, /^AuthorizationError (?:insecure_url|metadata_invalid)$/)
        sendsNothing(result)
      })
})

describe('C5: protected resource metadata', () => {
  for (const [what, change] of [
    ['another server', () => 'https://other.example/mcp'],
    ['another path', (resource: string) => `${resource}/more`],
    ['another port', (resource: string) => resource.replace(/:\d+/, ':1')],
    ['the whole origin', (resource: string) => new URL(resource).origin],
    ['its own URL with a fragment', (resource: string) => `${resource}#x`],
    ['no resource', () => undefined],
  ] as const)
    it(`that speaks of ${what} is not used`, async () => {
      const result = await attempt({ resourceMetadata: (document) => ({ ...document, resource: change(document.resource) }) })
      assert.equal(result.problem, 'AuthorizationError resource_mismatch')
      sendsNothing(result)
    })

  // Our parser finds the server's own URL in each of these, and another one finds somebody else's: a token for that one would come to us.
  for (const [what, path, change] of [
    ['a host after a backslash and an @', '/@victim.example/mcp', (url: URL) => `${url.origin}\\@victim.example/mcp`],
    ['a way back out of another path', '/mcp', (url: URL) => `${url.origin}/victim/../mcp`],
    ['the same, escaped', '/mcp', (url: URL) => `${url.origin}/victim/%2e%2e/mcp`],
    ['a tab', '/mcp', (url: URL) => `${url.origin}/m\tcp`],
    ['the end of a line', '/mcp', (url: URL) => `${url.href}\n`],
    ['backslashes', '/mcp', (url: URL) => url.href.replaceAll('/', '\\')],
    ['a password', '/mcp', (url: URL) => url.href.replace('//', '//:secret@')],
    ['no slashes', '/mcp', (url: URL) => url.href.replace('//', '')],
    ['an escaped host', '/mcp', (url: URL) => url.href.replace('127', '%3127')],
  ] as const)
    it(`in which others read another server is not used: ${what}`, async () => {
      const resourceMetadata = (document: { resource: string }): object => ({ ...document, resource: change(new URL(document.resource)) })
      const result = await attempt({ path, resourceMetadata })
      assert.equal(result.problem, 'AuthorizationError resource_mismatch')
      sendsNothing(result)
    })

  it('names no issuer in which others read another one, or that is too long to be kept', async () => {
    for (const more of ['\\@victim.example', '/victim/../x', '/x\ty', `/${'ü'.repeat(1500)}`]) {
      const resourceMetadata = (document: Json, { issuer }: { issuer: string }): Json => ({
        ...document,
        authorization_servers: [issuer + more],
      })
      const result = await attempt({ resourceMetadata })
      assert.equal(result.problem, 'AuthorizationError metadata_invalid', more)
      sendsNothing(result)
    }
  })

  it('that is not given just now is not looked for elsewhere', async () => {
    for (const status of [408, 425, 429])
      for (const challenge of [undefined, (): undefined => undefined]) {
        const { problem, paths } = await attempt({ ...(challenge && { challenge }), resourceMetadata: () => new AnyAnswer({ status }) })
        assert.equal(problem, 'TransportError http_status')
        assert.equal(paths.at(-1), 'GET /.well-known/oauth-protected-resource/mcp')
      }
  })

  it('is found where the challenge says, else at the path, else at the root', async () => {
    const challenge = (): undefined => undefined
    const { paths, problem } = await attempt({ challenge, resourceMetadata: () => gone })
    assert.equal(problem, 'AuthorizationError metadata_missing')
    assert.deepEqual(paths, [
      'POST /mcp',
      'GET /.well-known/oauth-protected-resource/mcp',
      'GET /.well-known/oauth-protected-resource',
      // A server of 2025-03-26 would be its own issuer.
      'GET /.well-known/oauth-authorization-server',
    ])
    assert.equal((await attempt({ challenge })).problem, FINE)
    const told = await attempt({ resourceMetadata: () => gone })
    assert.deepEqual(told.paths, ['POST /mcp', 'GET /.well-known/oauth-protected-resource/mcp'], 'a place that was named is the only one')
  })

  it('at the root, found there by convention, may speak of the whole origin, and in no other place', async () => {
    const resourceMetadata = (document: { resource: string }): object => ({ ...document, resource: new URL(document.resource).origin })
    const challenge = (): undefined => undefined
    assert.equal((await attempt({ challenge, resourceMetadata, resourceMetadataPath: '' })).problem, FINE)
    for (const options of [{ challenge }, { resourceMetadataPath: '' }]) {
      const result = await attempt({ ...options, resourceMetadata })
      assert.equal(result.problem, 'AuthorizationError resource_mismatch')
      sendsNothing(result)
    }
  })

  it('gives the resource of every request to the authorization server, as it writes it', async () => {
    await using world = await startWorld({ resourceMetadata: (document) => ({ ...document, resource: `${document.resource}/` }) })
    await using client = createClient(world)
    await signInTo(world, client)
    world.expireTokens()
    await client.listTools()
    const asked = [
      ...world.to('/authorize').map(({ path }) => new URL(path, world.issuer).searchParams.get('resource')),
      ...world.to('/token').map(({ text }) => new URLSearchParams(text).get('resource')),
    ]
    assert.deepEqual(
      asked,
      Array.from({ length: 3 }, () => `${world.serverUrl}/`),
    )
  })

  it('without a path in serverUrl has to name the URL that is used', async () => {
    for (const [path, change, problem] of [
      ['/mcp', (resource: string) => resource, FINE],
      ['/mcp', (resource: string) => new URL(resource).origin, 'AuthorizationError resource_mismatch'],
      ['/elsewhere', (resource: string) => resource, 'TransportError no_endpoint'],
    ] as const) {
      await using world = await startWorld({ path, resourceMetadata: (document) => ({ ...document, resource: change(document.resource) }) })
      await using client = createClient({ serverUrl: new URL(world.serverUrl).origin })
      assert.equal(await problemOf(signInTo(world, client)), problem)
    }
  })
})

describe('C7: what an authorization server gave is for that one', () => {
  const elsewhere = (other: () => string | undefined) => (document: object) => ({
    ...document,
    ...(other() !== undefined && { authorization_servers: [other()] }),
  })

  it('a client that registered with one registers again with the next', async () => {
    await using second = await startWorld()
    let moved: string | undefined
    await using world = await startWorld({ resourceMetadata: elsewhere(() => moved) })
    await using client = createClient(world)
    const { clientSecret = '' } = await client.registerClient({ clientName: 'x', redirectUris: [REDIRECT_URI] })
    await signInTo(world, client)
    moved = second.issuer
    await second.visit(await client.getAuthorizationUrl({ redirectUri: REDIRECT_URI }))
    assert.equal(second.to('/register').length, 1)
    assert.ok(!JSON.stringify(second.seen).includes(clientSecret))
  })

  it('a client that was registered beforehand is not introduced to the next', async () => {
    await using second = await startWorld()
    let moved: string | undefined
    await using world = await startWorld({ resourceMetadata: elsewhere(() => moved) })
    for (const issuer of [undefined, world.issuer]) {
      moved = undefined
      await using client = createClient(world, { auth: { type: 'oauth2', clientId: 'pre', issuer } })
      await signInTo(world, client)
      moved = second.issuer
      assert.equal(await problemOf(client.getAuthorizationUrl({ redirectUri: REDIRECT_URI })), 'AuthorizationError issuer_mismatch')
    }
    assert.equal(second.to('/authorize').length, 0)
  })
})
