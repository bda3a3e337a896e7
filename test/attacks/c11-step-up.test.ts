// C11: a server that refuses for want of a scope has a person sent to the authorization server again. A hostile one does so for ever, for
// anything; who is asked too often says yes to everything. What was asked for before stays, and an end is put to it.

import assert from 'node:assert/strict'
import { it } from 'node:test'
import { createMemoryTokenStore } from '../../src/client/store/memory-store.ts'
import type { TokenStore } from '../../src/client/store/token-store.ts'
import type { MCPClient } from '../../src/index.ts'
import { startWorld, type World } from '../fixtures/sign-in-world.ts'
import { verifies } from '../requirements.ts'
import { createClient, problemOf, REDIRECT_URI } from '../support/client.ts'

verifies('C11')

interface Refusing extends AsyncDisposable {
  readonly world: World
  readonly client: MCPClient
  /** Of each time that a person was asked. */
  readonly asked: string[][]
}
/** Calls of tools are refused for want of what `wants` says. */
async function refusing(wants: (times: number) => string, tokenStore: TokenStore = createMemoryTokenStore()): Promise<Refusing> {
  let times = 0
  const world = await startWorld({
    serve({ method }, _, response) {
      if (method !== 'tools/call') return false
      response.writeHead(403, { 'www-authenticate': `Bearer error="insufficient_scope", scope="${wants(++times)}"` }).end()
      return true
    },
  })
  const asked: string[][] = []
  const client = createClient(world, {
    requestTimeoutSeconds: 10,
    tokenStore,
    auth: {
      type: 'oauth2',
      redirectUri: REDIRECT_URI,
      signIn(url) {
        asked.push((new URL(url).searchParams.get('scope') ?? '').split(' '))
        return world.visit(url)
      },
    },
  })
  return {
    world,
    client,
    asked,
    async [Symbol.asyncDispose]() {
      await client.close()
      await world[Symbol.asyncDispose]()
    },
  }
}

it('another scope each time, for ever: a person is asked twice for one request, and each time for all of it', async () => {
  await using refuses = await refusing((times) => `more:${times}`)
  await refuses.client.listTools()
  const before = refuses.asked.length
  assert.equal(await problemOf(refuses.client.callTool('echo')), 'AuthorizationError insufficient_scope')
  assert.equal(refuses.asked.length - before, 2)
  const [first = [], second = []] = refuses.asked.slice(before)
  assert.ok(first.includes('tools:read') && first.includes('more:1'), first.join())
  for (const scope of [...first, 'more:2']) assert.ok(second.includes(scope), scope)
})

it('the same scope each time, though it was granted: the person is not asked for it again', async () => {
  await using refuses = await refusing(() => 'tools:admin')
  await refuses.client.listTools()
  const before = refuses.asked.length
  for (let n = 0; n < 5; n++) assert.equal(await problemOf(refuses.client.callTool('echo')), 'AuthorizationError insufficient_scope')
  assert.ok(refuses.asked.length - before <= 2, `asked ${refuses.asked.length - before} times`)
})

it('of many requests at once, one asks', async () => {
  await using refuses = await refusing(() => 'tools:admin')
  await refuses.client.listTools()
  const before = refuses.asked.length
  await Promise.all(Array.from({ length: 20 }, () => problemOf(refuses.client.callTool('echo'))))
  assert.ok(refuses.asked.length - before <= 2, `asked ${refuses.asked.length - before} times`)
})

it('what is no scope is not asked for', async () => {
  for (const wants of ['', ' ', 'a\\"b', 'x'.repeat(20_000), Array.from({ length: 500 }, (_, n) => `s${n}`).join(' '), 'é', 'a\\\\b']) {
    await using refuses = await refusing(() => Buffer.from(wants).toString('latin1'))
    await refuses.client.listTools()
    const outcome = await problemOf(refuses.client.callTool('echo'))
    assert.match(outcome, /^(?:AuthorizationError insufficient_scope|TransportError \w+)$/, wants.slice(0, 20))
    for (const scopes of refuses.asked) {
      assert.ok(scopes.length <= 210, `${scopes.length} scopes`)
      for (const scope of scopes) assert.match(scope, /^[\x21\x23-\x5b\x5d-\x7e]+$/)
    }
  }
})

it('hundreds of scopes each time: nobody is asked for more than can be read, and the sign-in is still there after a restart', async () => {
  const tokenStore = createMemoryTokenStore()
  await using refuses = await refusing((times) => Array.from({ length: 150 }, (_, at) => `s${times}:${at}`).join(' '), tokenStore)
  for (let call = 0; call < 6; call++)
    assert.equal(await problemOf(refuses.client.callTool('echo')), 'AuthorizationError insufficient_scope')
  assert.ok(refuses.asked.length > 0)
  for (const scopes of refuses.asked) assert.ok(scopes.length <= 200, `${scopes.length}`)
  await using later = createClient(refuses.world, { tokenStore })
  assert.equal((await later.listTools()).length, 1)
})
