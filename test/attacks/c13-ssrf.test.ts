// C13: a server names addresses that the client then asks: its metadata, its authorization server, the endpoints of that. A hostile one
// names what only this machine or network can reach. A canary counts connections, asked or not: none may come.

import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import type { MCPClientOptions } from '../../src/client/index.ts'
import { startWorld, type World, type WorldOptions } from '../fixtures/sign-in-world.ts'
import { verifies } from '../requirements.ts'
import { createTestAuthority, type TestAuthority } from '../support/certificates.ts'
import { createClient, problemOf, REDIRECT_URI, signInTo } from '../support/client.ts'

verifies('C13')

const FINE = 'no error: undefined'
const NAMES = ['mcp.example', 'as.example']
let authority: TestAuthority
let tls: NonNullable<WorldOptions['tls']>
before(async () => {
  authority = await createTestAuthority()
  tls = { ...(await authority.issue(NAMES)), serverName: 'mcp.example', issuerName: 'as.example' }
})

/** A server on the internet, as far as the client is told: only its own host may be where it really is, on loopback. */
const options = (addresses: Record<string, string> = {}): Partial<MCPClientOptions> => ({
  ca: authority.cert,
  dangerouslyAllowPrivateHosts: ['mcp.example'],
  lookup: (host, answer) => answer(null, [{ address: addresses[host] ?? '127.0.0.1', family: addresses[host]?.includes(':') ? 6 : 4 }]),
})

describe('C13: a server on the internet', () => {
  it('cannot lead the client to an authorization server on this machine, unless its user named it', async () => {
    await using world = await startWorld({ tls })
    await using client = createClient(world, options())
    assert.equal(await problemOf(signInTo(world, client)), 'TransportError address_blocked')
    assert.equal(world.issuerConnections(), 0)

    await using told = createClient(world, { ...options(), dangerouslyAllowPrivateHosts: NAMES })
    const url = new URL(await told.getAuthorizationUrl({ redirectUri: REDIRECT_URI }))
    assert.equal(url.host, new URL(world.issuer).host)
    assert.ok(world.issuerConnections() > 0, 'the canary hears what is let through')
  })

  it('cannot lead it to a private, link-local, metadata or unspecified address by any name', async () => {
    for (const address of [
      '10.0.0.1',
      '192.168.1.1',
      '172.16.0.1',
      '169.254.169.254',
      '169.254.1.1',
      '0.0.0.0',
      '100.64.0.1',
      '::1',
      'fd00::1',
      'fe80::1',
      '::ffff:127.0.0.1',
      '64:ff9b::7f00:1',
    ]) {
      await using world = await startWorld({ tls })
      await using client = createClient(world, options({ 'as.example': address }))
      assert.equal(await problemOf(signInTo(world, client)), 'TransportError address_blocked', address)
    }
  })

  it('nor by writing the address itself, in any spelling', async () => {
    for (const host of [
      '127.0.0.1',
      '[::1]',
      '127.1',
      '0x7f000001',
      '2130706433',
      '0177.0.0.1',
      '[::ffff:7f00:1]',
      '10.0.0.1',
      '169.254.169.254',
    ]) {
      await using world = await startWorld({
        tls,
        resourceMetadata: (document, { issuer }) => ({ ...document, authorization_servers: [`https://${host}:${new URL(issuer).port}`] }),
      })
      await using client = createClient(world, options())
      assert.equal(await problemOf(signInTo(world, client)), 'TransportError address_blocked', host)
      assert.equal(world.issuerConnections(), 0, host)
    }
  })

  it('nor over plain http, this machine or not', async () => {
    for (const host of ['as.example', 'localhost', '127.0.0.1', '[::1]']) {
      await using world = await startWorld({
        tls,
        resourceMetadata: (document, { issuer }) => ({ ...document, authorization_servers: [`http://${host}:${new URL(issuer).port}`] }),
      })
      await using client = createClient(world, options())
      assert.equal(await problemOf(signInTo(world, client)), 'AuthorizationError insecure_url', host)
      assert.equal(world.issuerConnections(), 0)
    }
  })

  it('nor by where its metadata is', async () => {
    const canary = await startWorld({ tls })
    for (const [url, problem] of [
      [`${canary.issuer}/prm`, 'TransportError address_blocked'],
      [`https://127.0.0.1:${new URL(canary.issuer).port}/prm`, 'TransportError address_blocked'],
      ['http://169.254.169.254/latest/meta-data', 'AuthorizationError insecure_url'],
      ['file:///etc/passwd', 'AuthorizationError insecure_url'],
      ['not a url', 'AuthorizationError metadata_invalid'],
    ] as const) {
      await using world = await startWorld({ tls, challenge: () => `Bearer resource_metadata="${url}"` })
      await using client = createClient(world, options())
      assert.equal(await problemOf(signInTo(world, client)), problem, url)
    }
    assert.equal(canary.issuerConnections(), 0)
    await canary[Symbol.asyncDispose]()
  })

  it('nor by the endpoints that its authorization server names', async () => {
    await using canary = await startWorld({ tls })
    for (const member of ['token_endpoint', 'registration_endpoint']) {
      // The authorization server itself may be asked here; only the endpoint is on a host that may not.
      await using world: World = await startWorld({
        tls: { ...tls, issuerName: 'mcp.example' },
        serverMetadata: (document) => ({ ...document, [member]: `${canary.issuer}/x` }),
      })
      await using client = createClient(world, {
        ...options(),
        auth: { type: 'oauth2', ...(member === 'token_endpoint' && { clientId: 'pre' }) },
      })
      const begun = client.getAuthorizationUrl({ redirectUri: REDIRECT_URI })
      if (member === 'registration_endpoint') {
        assert.equal(await problemOf(begun), 'TransportError address_blocked')
        continue
      }
      const state = new URL(await begun).searchParams.get('state')
      const callback = `/callback?${new URLSearchParams({ code: 'x', state: state ?? '', iss: world.issuer })}`
      assert.equal(await problemOf(client.handleCallback(callback)), 'TransportError address_blocked')
    }
    assert.equal(canary.issuerConnections(), 0)
  })

  it('is itself not asked where its own name leads here, unless its user said so', async () => {
    await using world = await startWorld({ tls })
    await using client = createClient(world, { ...options(), dangerouslyAllowPrivateHosts: [] })
    assert.equal(await problemOf(signInTo(world, client)), 'TransportError address_blocked')
    assert.equal(world.seen.length, 0)
  })
})

describe('C13: a server on this machine', () => {
  it('may name an authorization server on this machine, over plain http', async () => {
    await using world = await startWorld()
    await using client = createClient(world)
    assert.equal(await problemOf(signInTo(world, client)), FINE)
  })

  it('may not name one in the network around it', async () => {
    for (const [issuer, problem] of [
      ['https://10.0.0.1', 'TransportError address_blocked'],
      ['https://169.254.169.254', 'TransportError address_blocked'],
      ['http://10.0.0.1', 'AuthorizationError insecure_url'],
      ['http://as.example', 'AuthorizationError insecure_url'],
    ] as const) {
      await using world = await startWorld({ resourceMetadata: (document) => ({ ...document, authorization_servers: [issuer] }) })
      await using client = createClient(world)
      assert.equal(await problemOf(signInTo(world, client)), problem, issuer)
    }
  })
})
