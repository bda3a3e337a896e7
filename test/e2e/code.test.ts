/** Code of a caller, end to end: at a server in code, at a gateway over another server, and with a token that is bound to a key. */

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { MCPClient } from '../../src/client/index.ts'
import { ConfigError, silentLog } from '../../src/core/index.ts'
import { MCPServer, toCodeSettings, tool } from '../../src/server/index.ts'
import { verifies } from '../requirements.ts'
import { needsBubblewrap } from '../support/bubblewrap.ts'
import { connectBound, createHolder } from '../support/dpop.ts'
import { tool as entry, say } from '../support/engine.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { mcp } from '../support/mcp.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { startService } from '../support/service.ts'

verifies('snippet-pipeline', 'snippet-record')

const text = { type: 'string', maxLength: 100 } as const
const order = tool({
  name: 'get_order',
  description: 'One order */ of the shop',
  permissions: { requiredScopes: ['tools:read'] },
  parameters: { type: 'object', properties: { id: { type: 'integer', description: 'Its number' } }, required: ['id'] },
  outputSchema: { type: 'object', properties: { id: { type: 'integer' }, euros: { type: 'number' } }, required: ['id', 'euros'] },
  execute: ({ id }) => ({ id, euros: id * 10 }),
})
const refund = tool({
  name: 'refund',
  permissions: { requiredScopes: ['shop:refund'] },
  parameters: { type: 'object', properties: { id: { type: 'integer' }, why: text }, required: ['id'] },
  execute: () => 'refunded',
})
const open = <Tool extends object>(definition: Tool): Tool => ({ ...definition, permissions: 'public' })
const SUM = `const orders = await Promise.all([1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((id) => tools.get_order({ id })))
return orders.reduce((sum, { euros }) => sum + euros, 0)`
const client = (url: string, apiKey: string): MCPClient =>
  new MCPClient({ serverUrl: url, auth: { type: 'api_key', apiKey }, log: silentLog })

suite('code at a server', needsBubblewrap, () => {
  let server: TestServer
  let one: MCPClient
  before(async () => {
    server = await startServer({ tools: [order, refund], code: { tools: ['get_*', 'refund'] } })
    one = client(server.url, await server.key(['tools:read', 'tools:execute']))
  })
  after(async () => {
    await one?.close()
    await server?.[Symbol.asyncDispose]()
  })

  test('one call uses ten tools, and its answer is what matters', async () => {
    const { structuredContent } = await one.callTool('run_code', { code: SUM })
    assert.deepEqual(structuredContent, { result: 550, calls: 10 })
  })

  test('what can be called is told as types, of what its caller may use alone', async () => {
    const { content } = await one.callTool('code_functions', {})
    const [{ text: told }] = content as unknown as [{ readonly text: string }]
    assert.ok(told.includes('get_order(args: { /** Its number */ id: number }): Promise<{ id: number; euros: number }>'), told)
    assert.ok(!told.includes('refund'))
    assert.equal(told.match(/\*\//g)?.length, 2)
    const other = client(server.url, await server.key(['tools:read', 'tools:execute', 'shop:refund']))
    const all = await other.callTool('code_functions', { query: 'give money back: refund' })
    assert.match(JSON.stringify(all.content), /refund\(args/)
    await other.close()
  })

  test('the names of its tools are not to be had twice', () => {
    for (const name of ['run_code', 'code_functions'])
      assert.throws(
        () => new MCPServer({ log: false, tools: [tool({ name, execute: () => 'x' })], code: {} }),
        (error: unknown) => error instanceof ConfigError && error.message.includes(name),
      )
    assert.throws(() => new MCPServer({ log: false, code: { tools: ['*'], timeOut: 1 } as never }), ConfigError)
    assert.throws(() => new MCPServer({ log: false, code: { permissions: { access: 'private' } } }), ConfigError)
  })

  test('without tools there is nothing to call, and nothing that tells of it', async () => {
    await using alone = await startServer({ tools: [order], code: { name: 'compute' } })
    const asking = client(alone.url, await alone.key(['tools:read', 'tools:execute']))
    const names = (await asking.listTools()).map(({ name }) => name)
    assert.deepEqual(names.sort(), ['compute', 'get_order'])
    const { structuredContent } = await asking.callTool('compute', {
      code: 'return await tools.get_order({ id: 1 }).catch((e) => e.message)',
    })
    assert.deepEqual(structuredContent, { result: 'Unknown tool', calls: 1 })
    await asking.close()
  })
})

test('a sandbox that lacks something runs code with a warning, and is an error where that was asked for', async () => {
  const told = { code: {}, sandbox: { depth: 'node-permission' } } as const
  await assert.rejects(
    startServer({ ...told, strict: true }),
    (error: unknown) => error instanceof ConfigError && /code: strict/.test(error.message),
  )
  const warned: string[] = []
  await using server = await startServer({ ...told, log: (level, text) => void (level === 'warn' && warned.push(text)) })
  const one = client(server.url, await server.key(['tools:execute']))
  assert.deepEqual((await one.callTool('run_code', { code: 'return 1' })).structuredContent, { result: 1, calls: 0 })
  assert.match(warned.join(), /code: the sandbox is node-permission/)
  await one.close()
})

suite('code at a gateway', needsBubblewrap, () => {
  let upstream: TestServer
  let gateway: Gateway
  let one: MCPClient
  before(async () => {
    upstream = await startServer({
      tools: [open(order), open(refund)],
      auth: { cimd: 'off', dangerouslyAllowAnonymous: true },
    })
    gateway = await startGateway({
      servers: { shop: { url: upstream.url, tools: { get_order: 'read', refund: 'ask' } } },
      config: { code: { tools: ['*'], maxCalls: 12 } },
    })
    one = client(gateway.url, (await gateway.key()).key)
  })
  after(async () => {
    await one?.close()
    await gateway?.[Symbol.asyncDispose]()
    await upstream?.[Symbol.asyncDispose]()
  })

  test('a guarded server’s tools are called by it, each on record with the code that it was called by', async () => {
    const { structuredContent } = await one.callTool('run_code', { code: SUM })
    assert.deepEqual(structuredContent, { result: 550, calls: 10 })
    const records = await gateway.records()
    const outer = records.find(({ target }) => target === 'run_code')
    const inner = records.filter(({ within }) => within === outer?.id)
    assert.deepEqual([inner.length, new Set(inner.map(({ target, server }) => `${server} ${target}`)).size], [10, 1])
  })

  test('what a person must agree to is not done by code', async () => {
    const { structuredContent } = await one.callTool('run_code', { code: 'return await tools.refund({ id: 1 }).catch((e) => e.message)' })
    assert.match(JSON.stringify(structuredContent), /a person agrees/)
  })

  test('an upstream’s mistake is the code’s to handle', async () => {
    const { structuredContent } = await one.callTool('run_code', {
      code: 'return await tools.get_order({ id: "one" }).catch((e) => [e.name, e.tool])',
    })
    assert.deepEqual((structuredContent as { result: unknown }).result, ['ToolCallError', 'get_order'])
  })
})

test('a token that is bound to a key counts for the calls of its code, with the one proof that came', needsBubblewrap, async () => {
  const code = toCodeSettings({ tools: ['*'] })
  await using served = await startService({ port: 0 }, { entries: [entry('look', () => say('seen'))], code })
  await served.account()
  const { url, issuer } = served.service
  const holder = await createHolder()
  const { tokens } = await connectBound({ issuer, resource: url }, holder)
  const headers = {
    authorization: `DPoP ${tokens.access_token}`,
    dpop: await holder.prove({ htu: url, token: tokens.access_token }),
  }
  const params = { name: 'run_code', arguments: { code: 'return [await tools.look(), await tools.look()]' } }
  const { result, body } = await mcp(url).request('tools/call', params, headers)
  assert.deepEqual(result?.structuredContent, { result: ['seen', 'seen'], calls: 2 }, JSON.stringify(body))
  // The same proof again, from outside, is a replay.
  assert.equal((await mcp(url).request('tools/call', params, headers)).status, 401)
})
