/** What the specification asks of the transport, on a server in code: TR3–TR7, TR10, TR11, TR13. */

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { MCPServerOptions } from '../../src/server/index.ts'
import { verifies } from '../requirements.ts'
import { firstLine, start, stop } from '../support/child.ts'
import { mcp } from '../support/mcp.ts'
import { createTempDir, ROOT } from '../support/paths.ts'
import { startServer, type TestServer } from '../support/server.ts'
import type { Json } from '../support/sse.ts'
import { until } from '../support/until.ts'

verifies('TR3', 'TR4', 'TR5', 'TR6', 'TR7', 'TR10', 'TR11', 'TR13')

const ran: unknown[] = []
let stopped = 0
let world: TestServer
let key: string

before(async () => {
  const region = { type: 'string', maxLength: 40, 'x-mcp-header': 'Region' }
  const tools = [
    {
      name: 'look',
      parameters: { type: 'object', properties: { region, n: { type: 'integer' } } },
      execute: (args: unknown) => void ran.push(args),
    },
    {
      name: 'wait',
      timeoutSeconds: 1,
      execute: async (_: unknown, context: { readonly signal: AbortSignal; progress(progress: number): void }) => {
        context.progress(1)
        await new Promise((resolve) => context.signal.addEventListener('abort', resolve))
        stopped++
        return 'nobody waits for this'
      },
    },
  ]
  world = await startServer({ tools } as unknown as MCPServerOptions)
  key = await world.key()
})
after(() => world[Symbol.asyncDispose]())

const meta = (version = '2026-07-28') => ({
  'io.modelcontextprotocol/protocolVersion': version,
  'io.modelcontextprotocol/clientCapabilities': {},
})
const call = (args: object = {}, over: object = {}) => ({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name: 'look', arguments: args, _meta: meta() },
  ...over,
})
const headers = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'look' }
const post = (body: unknown, over: Record<string, string | string[] | null> = {}) =>
  mcp(world.url, { key }).post(body as object, { ...headers, ...over })

async function isRefused(answer: ReturnType<typeof post>, status: number, code: number, which?: string): Promise<void> {
  const before = ran.length
  const { status: got, error, result } = await answer
  assert.deepEqual([got, error?.code, result], [status, code, undefined], which)
  assert.equal(ran.length, before, 'nothing ran')
}

describe('headers that mirror the body', () => {
  for (const [name, value] of [
    ['mcp-protocol-version', '2025-11-25'],
    ['mcp-method', 'tools/list'],
    ['mcp-method', 'Tools/Call'],
    ['mcp-name', 'wait'],
    ['mcp-name', '=?base64?bG9vaw?='],
    ['mcp-name', null],
    ['mcp-method', null],
  ] as const)
    test(`${name}: ${value} is −32020 and 400`, () => isRefused(post(call(), { [name]: value }), 400, -32020))
  test('a name in base64 is the same name', async () => {
    assert.equal((await post(call(), { 'mcp-name': '=?base64?bG9vaw==?=' })).status, 200)
  })
  test('an argument that has a header must agree with it, in any encoding, and must be there', async () => {
    const good = [
      [{ region: 'eu' }, 'eu'],
      [{ region: 'zürich' }, `=?base64?${Buffer.from('zürich').toString('base64')}?=`],
      [{}, null],
    ] as const
    for (const [args, header] of good) assert.equal((await post(call(args), { 'mcp-param-region': header })).result.isError, undefined)
    const bad = [
      [{ region: 'eu' }, 'us'],
      [{ region: 'eu' }, null],
      [{}, 'eu'],
      [{ region: 'eu' }, '=?base64?!!!!?='],
      [{ region: 'zürich' }, 'zürich'],
    ] as const
    for (const [args, header] of bad)
      await isRefused(post(call(args), { 'mcp-param-region': header }), 400, -32020, `${JSON.stringify(args)} ${header}`)
  })
})

describe('versions and methods', () => {
  test('a version that we do not speak is −32022 with those that we do', async () => {
    const answer = await post(call({}, { params: { name: 'look', _meta: meta('2099-01-01') } }), { 'mcp-protocol-version': '2099-01-01' })
    assert.equal(answer.status, 400)
    assert.equal(answer.error.code, -32022)
    assert.ok(answer.error.data.supported.includes('2026-07-28'))
  })
  test('a method that does not exist is −32601 and 404', async () => {
    for (const method of [
      'tools/run',
      'initialize',
      'ping',
      'logging/setLevel',
      'resources/subscribe',
      'tasks/list',
      'session/end',
      'request/answer',
      '__proto__',
      'constructor',
    ])
      await isRefused(
        post({ jsonrpc: '2.0', id: 1, method, params: { _meta: meta() } }, { 'mcp-method': method, 'mcp-name': null }),
        404,
        -32601,
        method,
      )
  })
  test('server/discover is there', async () => {
    const { result } = await mcp(world.url, { key }).request('server/discover')
    assert.ok(result.supportedVersions.includes('2026-07-28') && result.capabilities.tools)
  })
  test('without a version header a request is of the oldest revision with HTTP, and never a modern one', async () => {
    const legacy = { jsonrpc: '2.0', id: 1, method: 'tools/list' }
    assert.equal((await post(legacy, { 'mcp-protocol-version': null, 'mcp-method': null, 'mcp-name': null })).status, 200)
    await isRefused(post(call(), { 'mcp-protocol-version': null }), 400, -32020)
  })
})

test('a body is one message: no batch, no response, nothing else', async () => {
  const response = { jsonrpc: '2.0', id: 1, result: {} }
  for (const body of [
    [call()],
    [call(), call()],
    [],
    response,
    'text',
    7,
    null,
    { jsonrpc: '1.0', id: 1, method: 'tools/call' },
    call({}, { id: null }),
    call({}, { id: 1.5 }),
  ])
    await isRefused(post(JSON.stringify(body)), 400, -32600, JSON.stringify(body))
})

test('no error has a code that the specification forbids', async () => {
  const codes = new Set<number>()
  for (const answer of [
    post('{'),
    post(call({ n: 'x' })),
    post(call({}, { params: { name: 'none', _meta: meta() } }), { 'mcp-name': 'none' }),
    mcp(world.url, { key }).request('resources/read', { uri: 'none://x' }),
    mcp(world.url, { key }).request('prompts/get', { name: 'none' }),
    mcp(world.url).request('tools/list'),
  ])
    codes.add((await answer).error?.code)
  for (const code of codes)
    assert.ok(code === undefined || (code !== -32002 && code !== -32042 && !(code <= -32023 && code >= -32099)), `${code}`)
})

test('a caller that hangs up ends the work, and a deadline does', async () => {
  const stream = await mcp(world.url, { key }).open('tools/call', { name: 'wait', arguments: {}, _meta: { progressToken: 'p' } })
  assert.equal(stopped, 0)
  stream.abort()
  await until('it is stopped, well before the deadline', () => stopped === 1, 500)
  const late = await mcp(world.url, { key }).call('wait')
  assert.match(late.result.content[0].text, /longer than 1 seconds and was stopped/)
  assert.equal(stopped, 2)
})

test('over stdio nothing but messages is on stdout, and whoever is calling is decided by the environment', async () => {
  await using folder = await createTempDir('stdio')
  const program = `import { MCPServer } from ${JSON.stringify(`${ROOT}src/index.ts`)}
    const server = new MCPServer({ dataDir: ${JSON.stringify(folder.path)}, tools: [{ name: 'look', execute: () => 'seen' }, { name: 'admin', permissions: { requiredScopes: ['admin'] }, execute: () => 'no' }] })
    await server.stdio()
    await server.close()`
  const child = start(process.execPath, ['--input-type=module', '-e', program], { stdio: ['pipe', 'pipe', 'pipe'] })
  const send = (message: Json): void => void child.process.stdin?.write(`${JSON.stringify(message)}\n`)
  send({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: { _meta: meta() } })
  const listed = JSON.parse(await firstLine(child, 60_000)) as Json
  assert.deepEqual(
    listed.result.tools.map(({ name }: Json) => name),
    ['look'],
  )
  child.process.stdin?.end('not json\n')
  await new Promise((resolve) => child.process.once('exit', resolve))
  await stop(child.process)
  for (const line of child.stdout().split('\n').filter(Boolean)) assert.equal((JSON.parse(line) as Json).jsonrpc, '2.0')
})
