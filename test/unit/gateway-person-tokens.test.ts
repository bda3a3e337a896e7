/** Tokens of people at a guarded server: renewed once for all calls of a process, and by one process at a time. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createEndpointFinder, createNetwork, discover, type Tokens } from '../../src/client/index.ts'
import { createRedactor } from '../../src/core/index.ts'
import { createKeptTokens, type KeptTokens } from '../../src/gateway/credentials/kept-tokens.ts'
import { createKnownTokens } from '../../src/gateway/credentials/known-tokens.ts'
import { createPersonTokens } from '../../src/gateway/credentials/person-tokens.ts'
import { createUpstreamClient } from '../../src/gateway/credentials/upstream-client.ts'
import { createMemoryStore } from '../../src/storage/index.ts'
import { createMemoryKeyRing, createMemoryVault } from '../../src/vault/index.ts'
import { startWorld } from '../fixtures/sign-in-world.ts'
import { verifies } from '../requirements.ts'

const clock = Date.now
const endpoint = new URL('https://as.example/token')
const server = { issuer: 'https://as.example', authorizationEndpoint: endpoint, tokenEndpoint: endpoint } as Tokens['grant']['server']
const client = { issuer: 'https://as.example', clientId: 'us', clientSecret: undefined, method: 'none' } as const
const tokens = (name: string): Tokens => ({
  grant: { server, client, resource: 'https://mcp.example/mcp' },
  accessToken: `access-${name}`,
  refreshToken: `refresh-${name}`,
  scopes: ['tools:read'],
  receivedAt: clock(),
  expiresAt: undefined,
})
const keep = (): KeptTokens =>
  createKeptTokens({
    server: 'notes',
    url: 'https://mcp.example/mcp',
    store: createMemoryStore({ clock }),
    keyRing: createMemoryKeyRing(),
    vault: createMemoryVault(),
    clock,
    stands: async () => true,
  })

test('however many calls of one process find a token refused, it asks for another once, and takes the right to do so once', async () => {
  verifies('upstream-renewed-once')
  const kept = keep()
  await kept.connect('ana', tokens('1'), clock())
  let claims = 0
  let refreshed = 0
  const people = createPersonTokens({
    // Who else comes is not kept out by the record here: the process itself has to.
    kept: { ...kept, claim: async () => ++claims > 0 },
    known: createKnownTokens(createRedactor()),
    clock,
    async refresh() {
      refreshed++
      await new Promise((resolve) => setTimeout(resolve, 20))
      return tokens('2')
    },
    unwanted: () => assert.fail('one that nobody wants'),
    ended: () => assert.fail('it has not ended'),
  })
  const held = await Promise.all(Array.from({ length: 50 }, () => people.renew('ana', 'access-1')))
  assert.deepEqual({ claims, refreshed }, { claims: 1, refreshed: 1 })
  assert.ok(held.every((one) => typeof one === 'object' && one.tokens.accessToken === 'access-2'))
})

test('a permission that turns out to be needed leaves the renewal of another process alone: a refresh token is good for one use', async () => {
  const kept = keep()
  await kept.connect('ana', tokens('1'), clock())
  assert.equal(await kept.claim('ana', 'access-1'), true)
  await kept.change('ana', 'access-1', { needed: ['tools:execute'] })
  assert.deepEqual((await kept.find('ana'))?.kept.needed, ['tools:execute'])
  assert.equal(await kept.claim('ana', 'access-1'), false)
  await kept.change('ana', 'access-1', {})
  assert.equal(await kept.claim('ana', 'access-1'), true, 'given back by whoever had it')
})

test('the secret of a client that another process registered is known before it is used, so that nobody hears it', async () => {
  await using world = await startWorld()
  const serverUrl = new URL(world.serverUrl)
  const network = createNetwork({ serverUrl, privateHosts: [], ca: [] })
  const finder = createEndpointFinder({ network, serverUrl, clientInfo: { name: 'sallyport', version: '0' }, mayBeSilent: true })
  const found = await discover({ network, finder })
  const parts = { server: 'notes', registered: {}, network, store: createMemoryStore({ clock }), vault: createMemoryVault(), clock }
  const learned: string[][] = [[], []]
  for (const each of learned)
    await createUpstreamClient({ ...parts, learn: (secret) => each.push(secret) }).identify(found, 'http://localhost:7777/back')
  assert.deepEqual([...world.clients.values()], learned[0])
  assert.deepEqual(learned[1], learned[0])
  await network.close()
})
