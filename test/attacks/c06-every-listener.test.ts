// C6: each header and each secret that a program gives its client, and who gets to see it. Everything that arrives at the server, at the
// authorization server and at a third party is kept, whatever the kind of sign-in.

import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import type { MCPClient, MCPClientOptions } from '../../src/index.ts'
import { AnyAnswer, type Seen, startWorld, type World, type WorldOptions } from '../fixtures/sign-in-world.ts'
import { verifies } from '../requirements.ts'
import { createClient, problemOf, signInTo, startServer } from '../support/client.ts'

verifies('C6')

const KEY = 'a-key-0123456789abcdef0123456789'
const TENANT = 'tenant-0123456789abcdef'
const SECRET = 'the-secret-of-the-machine-0123456789'
const headers = { 'x-tenant': TENANT }

/** Listens to whoever comes. A server on this machine may name another here, so it is asked; what it is told is another matter. */
const told: string[] = []
const third = await startServer((request, response) => {
  told.push(`${request.method} ${request.url} ${JSON.stringify(request.headers)}`)
  request.resume()
  response.writeHead(404).end()
})
const elsewhere = new URL(third.serverUrl).origin
after(() => third[Symbol.asyncDispose]())

const has = ({ path, headers: sent, text }: Seen, value: string): boolean => JSON.stringify([path, sent, text]).includes(value)
const isEndpoint = ({ at, path }: Seen): boolean => at === 'server' && path === '/mcp'

/** Who saw `value`, as places. */
const seers = (world: World, value: string): string[] => [
  ...new Set(world.seen.filter((one) => has(one, value)).map(({ at, path }) => `${at} ${path.split('?')[0]}`)),
]

async function use(world: World, client: MCPClient, isPerson: boolean): Promise<void> {
  if (isPerson) await signInTo(world, client)
  await client.listTools()
  await client.callTool('echo', { text: 'hello' })
  world.expireTokens()
  await client.listTools({ cache: 'refresh' }).catch(() => {})
}

const kinds: Readonly<Record<string, (world: World) => MCPClientOptions['auth']>> = {
  'a person who signs in': () => ({ type: 'oauth2' }),
  'a key': () => ({ type: 'api_key', apiKey: KEY }),
  'a key in a header of its own': () => ({ type: 'api_key', apiKey: KEY, header: 'x-api-key' }),
  'a registered client': ({ issuer }) => ({ type: 'client_credentials', clientId: 'machine', clientSecret: SECRET, issuer }),
  'a workload': ({ issuer }) => ({ type: 'workload', token: () => 'eyJ.workload-token.sig', issuer }),
}
/** What a hostile server adds to its answers to have somebody else asked. */
const lures: Readonly<Record<string, () => WorldOptions>> = {
  'an honest server': () => ({}),
  'a challenge that leads elsewhere': () => ({ challenge: () => `Bearer resource_metadata="${elsewhere}/prm"` }),
  'metadata that leads elsewhere': () => ({
    resourceMetadata: (document) => ({ ...document, authorization_servers: [elsewhere] }),
  }),
  'a token endpoint that redirects': () => ({ token: () => new AnyAnswer({ status: 307, headers: { location: `${elsewhere}/token` } }) }),
  'a server that redirects': () => ({
    serve(_, __, response) {
      response.writeHead(308, { location: `${elsewhere}/mcp` }).end()
      return true
    },
  }),
}

describe('C6: what a program gives its client', () => {
  for (const [who, auth] of Object.entries(kinds))
    for (const [lure, world] of Object.entries(lures))
      it(`${who}, at ${lure}`, async () => {
        told.length = 0
        await using started = await startWorld(world())
        await using client = createClient(started, { auth: auth(started), headers, requestTimeoutSeconds: 5 })
        const problem = await problemOf(use(started, client, who === 'a person who signs in'))
        assert.match(problem, /^(?:no error|AuthorizationError \w+|TransportError \w+|MCPRequestError)/)
        // Metadata may be asked for there, by nobody in particular; nothing is sent on.
        for (const line of told) assert.match(line, /^GET \/(?:prm|\.well-known\/)/)
        assert.doesNotMatch(told.join('\n'), /authorization"|x-tenant|x-api-key|cookie|tenant-0|a-key-0/)
        for (const one of started.seen) {
          const what = `${one.at} ${one.method} ${one.path}`
          if (!isEndpoint(one)) {
            assert.ok(!has(one, TENANT), `the header is shown to ${what}`)
            assert.ok(!has(one, KEY), `the key is shown to ${what}`)
            assert.doesNotMatch(String(one.headers.authorization ?? ''), /^(?:Bearer|DPoP) /, `a token is shown to ${what}`)
          }
          if (one.at !== 'issuer') assert.doesNotMatch(one.text, /the-secret-of|workload-token|refresh-|code_verifier/, what)
          if (one.at === 'issuer' && !one.path.startsWith('/token')) assert.ok(!has(one, 'workload-token') && !has(one, SECRET), what)
          assert.ok(!/workload-token|access-|refresh-/.test(one.path) && !one.path.includes(KEY), `in an address: ${what}`)
        }
      })

  it('and the test would see it: the endpoint gets both, with every request of the protocol', async () => {
    await using world = await startWorld()
    await using client = createClient(world, { auth: { type: 'api_key', apiKey: KEY, header: 'x-api-key' }, headers })
    await problemOf(Promise.resolve(client.listTools()))
    assert.deepEqual(seers(world, KEY), ['server /mcp'])
    assert.deepEqual(seers(world, TENANT), ['server /mcp'])
    assert.ok(world.seen.every(({ headers: sent }) => sent.authorization === undefined))
  })

  it('a server that changes its authorization server gets no token of the first to the second', async () => {
    await using second = await startWorld()
    let moved: string | undefined
    await using world = await startWorld({
      resourceMetadata: (document) => ({ ...document, ...(moved !== undefined && { authorization_servers: [moved] }) }),
    })
    await using client = createClient(world, { headers })
    await signInTo(world, client)
    moved = second.issuer
    world.expireTokens()
    await problemOf(Promise.resolve(client.listTools()))
    await problemOf(client.getAuthorizationUrl({ redirectUri: 'http://127.0.0.1:53591/callback' }))
    assert.doesNotMatch(JSON.stringify(second.seen), /access-|refresh-|tenant-0/)
  })

  it('cannot be a header that signing in, or the protocol, says itself', () => {
    for (const name of [
      'authorization',
      'Authorization',
      'cookie',
      'host',
      'mcp-session-id',
      'Mcp-Method',
      'dpop',
      'proxy-authorization',
      'sec-fetch-site',
      'origin',
      'a b',
      'x\ny',
      '',
    ])
      assert.throws(
        () => createClient({ serverUrl: 'http://127.0.0.1:1/mcp' }, { headers: { [name]: 'x' } }),
        { name: 'ConfigError' },
        name,
      )
    for (const value of ['a\r\nauthorization: x', 'a\nb', '\u0000', 'é', ''])
      assert.throws(() => createClient({ serverUrl: 'http://127.0.0.1:1/mcp' }, { headers: { 'x-tenant': value } }), {
        name: 'ConfigError',
      })
  })
})
