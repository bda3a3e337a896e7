// C20: what a server allows to be kept is kept for what was asked, and for whoever was signed in then. Nobody gets what was meant for
// another, nor what came of questions that one of them answered.

import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { MCPClient } from '../../src/index.ts'
import { startWorld } from '../fixtures/sign-in-world.ts'
import { verifies } from '../requirements.ts'
import { createClient, signInTo } from '../support/client.ts'
import { complete, listOf, startHostileServer } from '../support/hostile-server.ts'

verifies('C20')

const LONG = 3_600_000
const tool = (name: string): object => ({ name, inputSchema: { type: 'object' } })

it('a list that was kept for one person is not the next one’s, whatever its scope says', async () => {
  for (const cacheScope of ['private', 'public', 'shared']) {
    const asked: string[] = []
    await using world = await startWorld({
      serve({ id, method }, request, response) {
        if (method !== 'tools/list') return false
        const who = String(request.headers.authorization)
        asked.push(who)
        const result = complete({ tools: [tool(`of-${who.slice(-8)}`)], ttlMs: LONG, cacheScope })
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ jsonrpc: '2.0', id, result }))
        return true
      },
    })
    await using client = createClient(world)
    await signInTo(world, client)
    const names = async (): Promise<string[]> => (await client.listTools()).map(({ name }) => name).sort()
    // What comes while a connection opens need not be kept.
    const opened = await names().catch(() => undefined)
    if (opened === undefined) continue // a scope that the protocol does not have
    const first = await names()
    const before = asked.length
    assert.deepEqual(await names(), first)
    assert.equal(asked.length, before, 'kept')
    await signInTo(world, client)
    assert.notDeepEqual(await names(), first)
    assert.equal(asked.length, before + 1)
  }
})

it('two clients share nothing', async () => {
  let asked = 0
  await using server = await startHostileServer({ 'tools/list': () => listOf([tool(`number-${++asked}`)], LONG) })
  await using one = createClient(server, { auth: { type: 'api_key', apiKey: 'the-key-of-one-0123' } })
  await using two = createClient(server, { auth: { type: 'api_key', apiKey: 'the-key-of-two-0123' } })
  const nameAt = async (client: MCPClient): Promise<string | undefined> => (await client.listTools())[0]?.name
  await nameAt(one)
  const kept = await nameAt(one)
  assert.notEqual(await nameAt(two), kept)
  assert.notEqual(await nameAt(two), kept)
  assert.equal(await nameAt(one), kept)
})

it('a resource is kept by its whole URI, and a caller who changes what came changes it for nobody', async () => {
  await using server = await startHostileServer({
    'resources/read': ({ message: { params } }) =>
      complete({ contents: [{ uri: params.uri, text: params.uri }], ttlMs: LONG, cacheScope: 'private' }),
  })
  await using client = createClient(server, { auth: undefined })
  const uris = ['note://a', 'note://a/', 'note://a?b', 'note://A', 'note://a\u0000', 'note://__proto__', '__proto__']
  for (const uri of uris) assert.equal((await client.readResource(uri)).contents[0]?.uri, uri)
  const [first] = (await client.readResource('note://a')).contents
  Object.assign(first as object, { text: 'changed by its reader' })
  assert.deepEqual((await client.readResource('note://a')).contents, [{ uri: 'note://a', text: 'note://a' }])
  assert.equal(server.to('resources/read').length, uris.length)
})

it('what came of an answer to a question is kept for nobody', async () => {
  const question = {
    method: 'elicitation/create',
    params: { mode: 'form', message: '?', requestedSchema: { type: 'object', properties: {} } },
  }
  await using server = await startHostileServer({
    'resources/read': ({ message: { params } }) =>
      params.inputResponses === undefined
        ? { resultType: 'input_required', inputRequests: { a: question } }
        : complete({ contents: [{ uri: params.uri, text: 'yours' }], ttlMs: LONG, cacheScope: 'public' }),
  })
  let answered = 0
  await using client = createClient(server, {
    auth: undefined,
    onInput: {
      elicitation() {
        answered++
        return { action: 'accept', content: {} }
      },
    },
  })
  await client.readResource('note://a')
  await client.readResource('note://a')
  assert.equal(answered, 2)
})

it('calls of tools are never kept', async () => {
  await using server = await startHostileServer({
    'tools/call': () => complete({ content: [], ttlMs: LONG, cacheScope: 'public' }),
  })
  await using client = createClient(server, { auth: undefined })
  await client.callTool('echo')
  await client.callTool('echo')
  assert.equal(server.to('tools/call').length, 2)
})

it('no longer than the server says, however it says it', async () => {
  for (const ttlMs of [0, 1]) {
    await using server = await startHostileServer({ 'tools/list': () => listOf([tool('a')], ttlMs) })
    await using client = createClient(server, { auth: undefined })
    for (let n = 0; n < 3; n++) {
      await client.listTools()
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    assert.equal(server.to('tools/list').length, 3, String(ttlMs))
  }
})
