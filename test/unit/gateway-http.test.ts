import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Call, Outgoing } from '../../src/core/index.ts'
import { type HttpUpstream, type HttpUpstreamOptions, type Seen, startHttpUpstream } from '../fixtures/http-upstream.ts'
import { callerWith, type Started, startUpstream, textOf } from '../fixtures/start-upstream.ts'
import { until } from '../support/until.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const open: { close(): Promise<void> }[] = []
async function start(options: HttpUpstreamOptions, headers: Record<string, string> = {}): Promise<Started & { http: HttpUpstream }> {
  const http = await startHttpUpstream(options)
  const started = await startUpstream({ url: http.url, headers })
  open.push(started.upstream, http)
  return { ...started, http }
}
after(async () => {
  for (const one of open) await one.close()
})

const modern = { era: 'modern' } as const
const legacy = { era: 'legacy', sessions: true } as const

test('a modern server gets the version, the method and the name as headers, and what the configuration adds', async () => {
  const { upstream, call, http } = await start(modern, { authorization: 'Bearer ours', 'mcp-method': 'overridden' })
  assert.deepEqual([upstream.session?.dialect.era, upstream.session?.dialect.version], ['modern', '2026-07-28'])
  const { headers, params } = JSON.parse(textOf(await call('echo', 'x')))
  assert.equal(headers['mcp-protocol-version'], '2026-07-28')
  assert.equal(headers['mcp-method'], 'tools/call')
  assert.equal(headers['mcp-name'], 'echo')
  assert.equal(headers.authorization, 'Bearer ours')
  assert.equal(headers.accept, 'application/json, text/event-stream')
  assert.equal(headers['content-type'], 'application/json')
  assert.equal(params._meta['io.modelcontextprotocol/protocolVersion'], '2026-07-28')
  assert.equal(http.seen[0]?.headers['mcp-method'], 'server/discover')
  assert.ok(http.seen.every((request) => request.headers['mcp-session-id'] === undefined))
})

test('arguments are mirrored into headers, encoded where a header cannot carry them', async () => {
  const { upstream } = await start(modern)
  const mirrors = [
    { header: 'mcp-param-region', path: ['region'], type: 'string' },
    { header: 'mcp-param-count', path: ['deep', 'count'], type: 'integer' },
    { header: 'mcp-param-flag', path: ['flag'], type: 'boolean' },
    { header: 'mcp-param-absent', path: ['absent', 'x'], type: 'string' },
    { header: 'mcp-param-null', path: ['none'], type: 'string' },
  ] as const
  const args = { region: 'line1\nInjected: yes', deep: { count: -7 }, flag: false, none: null }
  const answer = await upstream.call({
    method: 'tools/call',
    params: { name: 'wörld', arguments: args },
    mirrors,
    deadlineAt: Date.now() + 5000,
    caller: callerWith(),
  })
  const { headers } = JSON.parse(textOf(answer))
  assert.equal(headers['mcp-name'], `=?base64?${Buffer.from('wörld').toString('base64')}?=`)
  assert.equal(headers['mcp-param-region'], `=?base64?${Buffer.from(args.region).toString('base64')}?=`)
  assert.equal(headers['mcp-param-count'], '-7')
  assert.equal(headers['mcp-param-flag'], 'false')
  assert.equal(headers['mcp-param-absent'], undefined)
  assert.equal(headers['mcp-param-null'], undefined)
  assert.equal(headers['injected'], undefined)
})

test('a legacy server gets one initialize, its session id and the version it chose', async () => {
  const { upstream, call, http } = await start(legacy)
  assert.deepEqual([upstream.session?.dialect.era, upstream.session?.dialect.version], ['legacy', '2025-06-18'])
  const { headers } = JSON.parse(textOf(await call('echo', 'x')))
  assert.equal(headers['mcp-session-id'], 'session-1')
  assert.equal(headers['mcp-protocol-version'], '2025-06-18')
  assert.equal(headers['mcp-method'], undefined)
  const initialize = http.seen.find(({ body }) => body.method === 'initialize')
  assert.equal(initialize?.headers['mcp-protocol-version'], undefined)
  assert.ok(http.seen.some(({ body }) => body.method === 'notifications/initialized'))
})

test('JSON and SSE are both read, and progress comes in order under the caller’s token', async () => {
  for (const options of [modern, { ...modern, sse: true }, legacy, { ...legacy, sse: true }]) {
    const { call } = await start(options)
    const notifications: Outgoing[] = []
    const answer = await call('progress', undefined, { meta: { progressToken: 'theirs' }, notify: (one) => void notifications.push(one) })
    assert.equal(textOf(answer), 'dönè')
    assert.deepEqual(
      notifications.map(({ params }) => [params['progressToken'], params['progress']]),
      [
        ['theirs', 1],
        ['theirs', 2],
        ['theirs', 3],
      ],
    )
    assert.match(textOf(await call('echo', 'x')), /"headers"/)
  }
})

test('a session that the server forgot is opened again, once, and the calls are sent again', async () => {
  for (const unknownSession of [404, 400] as const) {
    const { call, http, stale } = await start({ ...legacy, unknownSession, noStream: true })
    http.forget()
    const answers = await Promise.all([call('echo', 'a'), call('echo', 'b'), call('echo', 'c')])
    for (const answer of answers) assert.equal(JSON.parse(textOf(answer)).headers['mcp-session-id'], 'session-2')
    assert.equal(http.seen.filter(({ body }) => body.method === 'initialize').length, 2)
    assert.ok(stale.length >= 1)
  }
})

test('closing ends the session with DELETE', async () => {
  const { upstream, http } = await start(legacy)
  await upstream.close()
  assert.equal(http.seen.at(-1)?.method, 'DELETE')
  assert.equal(http.seen.at(-1)?.headers['mcp-session-id'], 'session-1')
})

test('cancelling a call ends its request, and says so where the revision wants it said', async () => {
  for (const options of [modern, legacy]) {
    const { call, http } = await start(options)
    let cancel = (): void => {}
    const answer = call('never', undefined, { onCancel: (listener) => (cancel = listener) })
    await until('the request', () => http.seen.some(({ body }) => body.params?.['name'] === 'never'))
    cancel()
    assert.equal(textOf(await answer), 'denied: cancelled')
    await until('the end of the request', () => http.abandoned.length > 0)
    const { id } = http.seen.find(({ body }) => body.params?.['name'] === 'never')?.body ?? {}
    assert.ok(http.abandoned.includes(id))
    const told = (): boolean => http.seen.some(({ body }) => body.method === 'notifications/cancelled' && body.params?.['requestId'] === id)
    if (options.era === 'legacy') await until('the notification', told)
    else assert.ok(!told())
  }
})

test('a deadline ends a request, and a body without end is not read to its end', async () => {
  const { call, http } = await start(modern)
  assert.equal(textOf(await call('never', undefined, { deadlineAt: Date.now() + 100 })), 'denied: deadline_exceeded')
  await until('the end of the request', () => http.abandoned.length > 0)
  assert.equal(textOf(await call('endless')), 'denied: result_too_large')
  assert.match(textOf(await call('echo', 'x')), /"headers"/)
})

test('nothing is kept of an answer that was too large, nor of a stream that the server does not end', async () => {
  const { call, http } = await start(modern)
  const kept = async (): Promise<number> => {
    for (let turns = 0; turns < 3; turns++) {
      await delay(20)
      collectGarbage()
    }
    return process.memoryUsage().arrayBuffers
  }
  const before = await kept()
  for (const _ of [1, 2, 3]) assert.equal(textOf(await call('endless')), 'denied: result_too_large')
  assert.ok((await kept()) - before < 32 * 1024 * 1024, 'the pieces of the answers are kept')

  const lingering = await (async () => {
    const meta = { own: 'of this call' }
    assert.equal(textOf(await call('open', undefined, { meta })), 'and no end')
    return new WeakRef(meta)
  })()
  await until('the end of the stream', () => http.abandoned.length > 3)
  // What undici knows of the last request it forgets with the next.
  await call('echo', 'x')
  await kept()
  assert.equal(lingering.deref(), undefined)
})

test('redirects are not followed, and what is no MCP answer denies its call alone', async () => {
  const { call, upstream } = await start(modern)
  assert.match(textOf(await call('redirect')), /refused the request \(HTTP 307\)/)
  assert.match(textOf(await call('unauthorized')), /refused the request \(HTTP 401\)/)
  assert.match(textOf(await call('html')), /not valid MCP/)
  assert.match(textOf(await call('reset')), /broke while it was answering/)
  assert.match(textOf(await call('cut')), /broke while it was answering/)
  assert.equal(upstream.state, 'ready')
})

test('a header mismatch means that the tools have changed: they are read again', async () => {
  const { call, stale } = await start(modern)
  assert.match(textOf(await call('mismatch')), /has changed the definition/)
  assert.deepEqual(stale, [['tools']])
})

test('an answer that breaks off is resumed where the server said how', async () => {
  const { call } = await start({ ...legacy, noStream: true })
  assert.equal(textOf(await call('resume')), 'resumed')
})

test('list changes arrive over GET or subscriptions/listen, and a stream that ended is opened again', async () => {
  for (const options of [modern, legacy]) {
    const { http, stale } = await start(options)
    const streams = (): number =>
      http.seen.filter(({ method, body }) => (options.era === 'modern' ? body.method === 'subscriptions/listen' : method === 'GET')).length
    await until('the stream', () => streams() === 1)
    await new Promise((resolve) => setTimeout(resolve, 50))
    http.announce({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' })
    await until('the change', () => stale.length === 1)
    http.endStreams()
    await until('the second stream', () => streams() === 2)
    await until('reading again what may have changed in between', () => stale.length === 2)
  }
})

test('a server that goes away and comes back is found again, at the same address', async () => {
  const first = await start(modern)
  const port = Number(new URL(first.http.url).port)
  await first.http.close()
  assert.match(textOf(await first.call('echo', 'x')), /^denied: (?:The server odd (?:is not running|cannot be reached)|The connection)/)
  await until('noticing', () => first.upstream.state === 'down')
  const again = await startHttpUpstream({ ...modern, port })
  open.push(again)
  await until('coming back', () => first.upstream.state === 'ready')
  assert.match(textOf(await first.call('echo', 'x')), /"headers"/)
})

test('a connection that is refused does not take calls along that are under way', async () => {
  const { call, http, upstream } = await start({ ...modern, era: 'legacy', noStream: true })
  const slow = call('slow')
  await until('the slow call', () => http.seen.some(({ body }) => body.params?.['name'] === 'slow'))
  http.refuse()
  assert.match(textOf(await call('echo', 'x')), /cannot be reached/)
  assert.equal(upstream.state, 'down')
  assert.equal(textOf(await slow), 'slowly')
})

test('a server that cannot be reached at the start is down, with the reason', async () => {
  const started = await startUpstream({ url: 'http://127.0.0.1:1/mcp', headers: {} })
  open.push(started.upstream)
  assert.equal(started.upstream.state, 'down')
  assert.match(started.upstream.problem ?? '', /cannot be reached \(ECONNREFUSED\)/)
})

test('an upstream that asks without taking the answers keeps few connections busy, and calls go on', async () => {
  const { call, http, log } = await start({ ...legacy, deaf: true })
  await until('the stream', () => http.seen.some(({ method }) => method === 'GET'))
  for (let id = 0; id < 200; id++) http.announce({ jsonrpc: '2.0', id: `ask-${id}`, method: 'ping' })
  await until('the bound', () => log.some((line) => line.includes('skipped an answer to its requests, as it takes none')))
  assert.match(textOf(await call('echo', 'x')), /headers/)
  const replies = http.seen.filter(({ body }) => body.method === undefined && String(body.id).startsWith('ask-')).length
  assert.ok(replies > 0 && replies <= 32, `${replies} replies`)
})

test('a question belongs to the call on whose stream it comes; one that comes on no call’s stream is nobody’s', async () => {
  const { call, http, log } = await start({ ...legacy, sessions: true })
  const capabilities = { roots: {}, elicitation: {} }
  const declared = http.seen.find(({ body }) => body.method === 'initialize')?.body.params?.['capabilities']
  assert.deepEqual(declared, { sampling: { tools: {} }, elicitation: { form: {}, url: {} }, roots: {} })

  const question = JSON.stringify({ method: 'roots/list' })
  // Another caller's call, which must not hear of it, is in flight as well.
  const [asked, slow] = await Promise.all([call('ask', question, { capabilities }), call('slow', undefined, { capabilities })])
  assert.equal(textOf(slow), 'slowly')
  assert.ok(asked.allowed && asked.value.kind === 'input')
  const [key = ''] = Object.keys(asked.value.requests)
  assert.deepEqual(asked.value.requests[key], { method: 'roots/list', params: {} })
  const outcome = await asked.value.resume?.({ [key]: { roots: [{ uri: 'file:///a' }] } }, callerWith({}) as Call)
  assert.ok(outcome && JSON.parse(textOf(outcome)).result.roots[0].uri === 'file:///a')
  assert.match(textOf(await call('ask', question)), /"code":-32601/)

  const waiting = call('slow', undefined, { capabilities })
  http.announce({ jsonrpc: '2.0', id: 'stray', method: 'roots/list' })
  const answer = (): Seen['body'] | undefined => http.seen.find(({ body }) => (body.id as unknown) === 'stray')?.body
  await until('the answer to the stray question', () => answer() !== undefined)
  assert.equal((answer() as { error?: { code: number } }).error?.code, -32603)
  assert.equal(textOf(await waiting), 'slowly')
  assert.ok(log.some((line) => line.includes('belongs to no call')))
})

test('log messages are relayed on the stream of their own call, and those of no call to nobody', async () => {
  const { call, http } = await start(legacy)
  const told: unknown[] = []
  const notify = ({ method, params }: Outgoing): void => void told.push([method, params['data']])
  const waiting = call('slow', undefined, { logLevel: 'debug', notify })
  http.announce({ jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data: 'of nobody' } })
  assert.equal(textOf(await waiting), 'slowly')
  assert.deepEqual(told, [])
  const message = { method: 'notifications/message', params: { level: 'info', data: 'of the call' } }
  // What the fixture sends first on the stream of the call; it waits for no answer to it.
  await call('ask', JSON.stringify(message), { logLevel: 'debug', notify, deadlineAt: Date.now() + 300 })
  assert.deepEqual(told, [['notifications/message', 'of the call']])
})

test('resources are watched over GET or subscriptions/listen; an end of the stream may have hidden a change', async () => {
  for (const options of [modern, legacy]) {
    const { upstream, http } = await start({ ...options, resources: true })
    let told = 0
    upstream.watch('test://one', () => void told++)
    const subscribed = (): boolean =>
      http.seen.some(({ body }) =>
        options.era === 'modern'
          ? JSON.stringify(body.params ?? {}).includes('"resourceSubscriptions":["test://one"]')
          : body.method === 'resources/subscribe',
      )
    await until('the subscription', subscribed)
    await delay(50)
    http.announce({ jsonrpc: '2.0', method: 'notifications/resources/updated', params: { uri: 'test://one' } })
    await until('the change', () => told === 1)
    http.endStreams()
    await until('what may have changed in between', () => told === 2)
  }
})

test('a session that the server forgot is opened again, and knows again what is watched', async () => {
  const { upstream, http, call } = await start({ ...legacy, sessions: true, resources: true })
  upstream.watch('test://one', () => {})
  const subscriptions = (): unknown[] =>
    http.seen.flatMap(({ body, headers }) => (body.method === 'resources/subscribe' ? [headers['mcp-session-id']] : []))
  await until('the subscription', () => subscriptions().length === 1)
  http.forget()
  assert.match(textOf(await call('echo', 'x')), /session-2/)
  await until('the subscription of the new session', () => subscriptions().length === 2)
  assert.deepEqual(subscriptions(), ['session-1', 'session-2'])
})
