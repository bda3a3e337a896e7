import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createResultCache } from '../../src/client/connection/cache.ts'
import { createClient, problemOf } from '../support/client.ts'
import { type PlainServer, startPlainServer } from '../support/plain-server.ts'
import type { Json } from '../support/sse.ts'
import { until } from '../support/until.ts'

const tool = (name: string) => ({ name, inputSchema: { type: 'object' } })
const anonymous = { auth: undefined, trust: { drift: 'off', findings: 'off' } } as const
/** Pages of two, as the server's cursors say. */
const paged = (more: object = {}, total = 5): Promise<PlainServer> =>
  startPlainServer({
    answer: ({ params }) => {
      const from = Number(params.cursor ?? 0)
      const tools = Array.from({ length: Math.min(2, total - from) }, (_, index) => tool(`t${from + index}`))
      return { tools, ...(from + 2 < total && { nextCursor: String(from + 2) }), ttlMs: 0, cacheScope: 'private', ...more }
    },
  })
const namesOf = (tools: readonly { name: string }[]): string => tools.map(({ name }) => name).join(' ')

describe('a list', () => {
  it('that is awaited is whole; nothing is asked before that, and one list is asked once', async () => {
    await using server = await paged()
    await using client = createClient(server, anonymous)
    const listing = client.listTools()
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(server.asked.length, 0)
    assert.equal(namesOf(await listing), 't0 t1 t2 t3 t4')
    assert.equal(namesOf(await listing), 't0 t1 t2 t3 t4')
    assert.deepEqual(
      server.to('tools/list').map(({ cursor }) => cursor),
      [undefined, '2', '4'],
    )
  })

  it('that is gone through is asked page by page, and no further than it is needed', async () => {
    await using server = await paged()
    await using client = createClient(server, anonymous)
    const seen: string[] = []
    for await (const { name } of client.listTools()) {
      seen.push(name)
      if (name === 't2') break
    }
    assert.deepEqual(seen, ['t0', 't1', 't2'])
    assert.equal(server.to('tools/list').length, 2)
  })

  it('of each kind is asked for only where the server has it', async () => {
    await using server = await startPlainServer({
      capabilities: { resources: {} },
      answer: ({ method }) =>
        method === 'resources/list'
          ? { resources: [{ uri: 'a:b', name: 'b' }], ttlMs: 0, cacheScope: 'private' }
          : { resourceTemplates: [{ uriTemplate: 'a:{b}', name: 'c' }], ttlMs: 0, cacheScope: 'private' },
    })
    await using client = createClient(server, anonymous)
    assert.equal((await client.listResources())[0]?.uri, 'a:b')
    assert.equal((await client.listResourceTemplates())[0]?.uriTemplate, 'a:{b}')
    assert.deepEqual(await client.listTools(), [])
    assert.deepEqual(await client.listPrompts(), [])
    assert.deepEqual(
      server.asked.map(({ method }) => method),
      ['resources/list', 'resources/templates/list'],
    )
  })

  it('is bounded: in a circle, without end, too much', async () => {
    for (const [answer, problem] of [
      [() => ({ tools: [], nextCursor: 'same' }), /lists in a circle/],
      [({ params }: Json) => ({ tools: [], nextCursor: params.cursor === 'a' ? 'b' : 'a' }), /lists in a circle/],
      [({ params }: Json) => ({ tools: [], nextCursor: `${Number(params.cursor ?? 0) + 1}` }), /more than 1000 pages/],
      [({ params }: Json) => ({ tools: Array(30_000).fill(tool('t')), nextCursor: `${params.cursor}x` }), /more than 100000 things/],
      [({ params }: Json) => ({ tools: [tool('x'.repeat(40_000))], nextCursor: `${params.cursor}x` }), /more than 100000 bytes/],
    ] as const) {
      await using server = await startPlainServer({ answer: (ask) => ({ ...answer(ask), ttlMs: 0, cacheScope: 'private' }) })
      await using client = createClient(server, { ...anonymous, ...(String(problem).includes('bytes') && { maxMessageBytes: 100_000 }) })
      await assert.rejects(async () => await client.listTools(), problem)
      await assert.rejects(async () => {
        for await (const each of client.listTools()) assert.ok(each)
      }, problem)
    }
  })
})

describe('what a server allows to be kept', () => {
  it('is kept, whole lists and resources, as long as it says; each caller gets a copy', async () => {
    await using server = await startPlainServer({
      answer: ({ method, params }) => ({
        ...(method === 'tools/list' ? { tools: [tool('a')] } : { contents: [{ uri: params.uri, text: 'text' }] }),
        ttlMs: 60_000,
        cacheScope: 'public',
      }),
    })
    await using client = createClient(server, anonymous)
    const [first] = await client.listTools()
    if (first) first.name = 'changed'
    assert.equal(namesOf(await client.listTools()), 'a')
    for await (const { name } of client.listTools()) assert.equal(name, 'a')
    assert.equal(server.to('tools/list').length, 1)
    await client.listTools({ cache: 'bypass' })
    await client.listTools({ cache: 'refresh' })
    await client.listTools()
    assert.equal(server.to('tools/list').length, 3)
    await client.readResource('a:1')
    await client.readResource('a:1')
    assert.equal((await client.readResource('a:2')).contents[0]?.uri, 'a:2', 'another resource is another answer')
    assert.equal(server.to('resources/read').length, 2)
  })

  it('is nothing where it says 0', async () => {
    await using server = await paged({}, 1)
    await using client = createClient(server, anonymous)
    await client.listTools()
    await client.listTools()
    assert.equal(server.to('tools/list').length, 2)
  })

  it('is forgotten when it says that the list changed', async () => {
    let change = (): void => {}
    await using server = await startPlainServer({
      capabilities: { tools: { listChanged: true } },
      answer: ({ method, params }, response, id) => {
        if (method === 'tools/list') return { tools: [tool('a')], ttlMs: 60_000, cacheScope: 'private' }
        const _meta = { 'io.modelcontextprotocol/subscriptionId': id }
        const say = (what: string, more: object = {}): void =>
          void response.write(
            `data: ${JSON.stringify({ jsonrpc: '2.0', method: `notifications/${what}`, params: { _meta, ...more } })}\n\n`,
          )
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        say('subscriptions/acknowledged', { notifications: params.notifications })
        change = () => say('tools/list_changed')
        return undefined
      },
    })
    await using client = createClient(server, anonymous)
    await client.listTools()
    const changes = client.watch({ tools: true })[Symbol.asyncIterator]()
    const next = changes.next()
    await until('it listens', () => server.to('subscriptions/listen').length > 0)
    change()
    assert.deepEqual((await next).value, { type: 'tools' })
    await client.listTools()
    assert.equal(server.to('tools/list').length, 2)
    await changes.return?.()
  })

  it('needed no questions: what came after a round of input is for that call alone', async () => {
    let asks = true
    await using server = await startPlainServer({
      answer: ({ params }) =>
        asks && !params.requestState
          ? { resultType: 'input_required', requestState: 'opaque' }
          : { contents: [{ uri: params.uri, text: params.requestState ?? 'plain' }], ttlMs: 60_000, cacheScope: 'private' },
    })
    await using client = createClient(server, anonymous)
    assert.equal(((await client.readResource('a:1')).contents[0] as Json).text, 'opaque')
    asks = false
    assert.equal(((await client.readResource('a:1')).contents[0] as Json).text, 'plain')
    await client.readResource('a:1')
    assert.equal(server.to('resources/read').length, 3)
  })

  it('is bounded in memory and time', () => {
    let now = 0
    const cache = createResultCache({ rounds: () => 0, now: () => now })
    for (let index = 0; index < 100; index++) cache.put(`read ${index}`, cache.begin(), 'x'.repeat(200_000), 1e15)
    const kept = Array.from({ length: 100 }, (_, index) => cache.get(`read ${index}`)).filter((value) => value !== undefined).length
    assert.ok(kept > 10 && kept * 400_000 < 17 * 1024 * 1024, String(kept))
    cache.put('huge', cache.begin(), 'x'.repeat(9 * 1024 * 1024), 1e15)
    assert.equal(cache.get('huge'), undefined)
    for (let index = 0; index < 3000; index++) cache.put(`small ${index}`, cache.begin(), 1, 1e15)
    assert.equal(cache.get('small 1999'), undefined)
    assert.equal(cache.get('small 2999'), 1)
    now = 60 * 60 * 1000
    assert.equal(cache.get('small 2999'), undefined)
    const before = cache.begin()
    cache.clear()
    cache.put('late', before, 1, 1000)
    assert.equal(cache.get('late'), undefined, 'somebody else may have signed in while it came')
  })
})

describe('a tool of 2026-07-28', () => {
  const headed = (name: string, header: unknown) => ({
    name,
    inputSchema: { type: 'object', properties: { region: { type: 'string', 'x-mcp-header': header } } },
  })

  it('has its arguments in headers once it was listed, encoded; one that breaks the rules is left out and logged', async () => {
    const warned: string[] = []
    await using server = await startPlainServer({
      answer: ({ method }) =>
        method === 'tools/list'
          ? { tools: [headed('good', 'Region'), headed('bad', 'Re\r\ngion'), headed('worse', 7)], ttlMs: 0, cacheScope: 'private' }
          : { content: [] },
    })
    await using client = createClient(server, {
      ...anonymous,
      log: (_, message, fields) => void warned.push(`${message} ${fields?.['tool']}`),
    })
    assert.equal(namesOf(await client.listTools()), 'good')
    assert.equal(warned.length, 2)
    await client.callTool('good', { region: 'a\r\nx-evil: 1' })
    const headers = server.asked.at(-1)?.headers ?? {}
    assert.match(String(headers['mcp-param-region']), /^=\?base64\?.*\?=$/)
    assert.equal(headers['x-evil'], undefined)
  })

  it('that was never listed is listed before it is called with arguments, and once more where the server misses its headers', async () => {
    const lists = [{ name: 'good', inputSchema: { type: 'object' } }, headed('good', 'Region')]
    await using server = await startPlainServer({
      answer: ({ method, headers }) => {
        if (method === 'tools/list') return { tools: [lists.length > 1 ? lists.shift() : lists[0]], ttlMs: 0, cacheScope: 'private' }
        return headers['mcp-param-region'] === 'north' ? { content: [] } : { error: { code: -32020, message: 'Header mismatch' } }
      },
    })
    await using client = createClient(server, anonymous)
    await client.callTool('good', { region: 'north' })
    assert.deepEqual(
      server.asked.map(({ method }) => method),
      ['tools/list', 'tools/call', 'tools/list', 'tools/call'],
    )
    assert.equal(await problemOf(client.callTool('good', { region: 'south' })), 'MCPRequestError -32020')
    assert.equal(server.to('tools/call').length, 3, 'what is known already is not tried again')
  })
})
