/** What the program's own code throws while a request needs it, whoever made the request gets as it is. */

import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { MCPClientOptions } from '../../src/client/index.ts'
import { createMemoryTokenStore } from '../../src/client/store/memory-store.ts'
import { startWorld, type World } from '../fixtures/sign-in-world.ts'
import { createClient, REDIRECT_URI, signInTo } from '../support/client.ts'

const thrown = new Error('of the program', { cause: new Error('what was under it') })
const fail = async (): Promise<never> => {
  throw thrown
}
const isThrown = (error: unknown): boolean => error === thrown
const automatic = (signIn: (url: string) => Promise<string>): MCPClientOptions['auth'] => ({
  type: 'oauth2',
  redirectUri: REDIRECT_URI,
  signIn,
})

async function inWorld(use: (world: World, transport: 'http' | 'websocket') => Promise<void>): Promise<void> {
  await using world = await startWorld()
  for (const transport of ['http', 'websocket'] as const) await use(world, transport)
}

it('of a sign-in', () =>
  inWorld(async (world, transport) => {
    await using client = createClient(world, { auth: automatic(fail), transport })
    await assert.rejects(client.callTool('echo'), isThrown, transport)
  }))

it('of a store, at any of its methods', () =>
  inWorld(async (world, transport) => {
    for (const method of ['read', 'exclusively'] as const) {
      const tokenStore = { ...createMemoryTokenStore(), [method]: fail }
      await using client = createClient(world, { auth: automatic((url) => world.visit(url)), tokenStore, transport })
      await assert.rejects(client.callTool('echo'), isThrown, `${method} over ${transport}`)
    }
  }))

it('of a store, when a token that was refused is to be renewed', async () => {
  await using world = await startWorld()
  const store = createMemoryTokenStore()
  let isBroken = false
  const tokenStore = {
    ...store,
    exclusively: <T>(name: string, work: () => Promise<T>) => (isBroken ? fail() : store.exclusively(name, work)),
  }
  await using client = createClient(world, { tokenStore })
  await signInTo(world, client)
  await client.callTool('echo')
  world.expireTokens()
  isBroken = true
  await assert.rejects(client.callTool('echo'), isThrown)
})
