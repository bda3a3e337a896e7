import assert from 'node:assert/strict'
import { createServer, request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { allow, type Entry } from '../../src/core/index.ts'
import { verifies } from '../requirements.ts'
import { createTestAuthority } from '../support/certificates.ts'
import { bounds, say, tool } from '../support/engine.ts'
import { type ServedOptions, startService } from '../support/service.ts'
import { lived, until } from '../support/until.ts'
import { modern, openSocket, refusalOf, type SocketOptions } from '../support/websocket.ts'

verifies('websocket')

const ran = { echo: 0, stopped: 0 }
const entries: Entry[] = [
  tool('echo', ({ text }) => (ran.echo++, say(String(text)))),
  tool('slow', async (_, call) => {
    call.notify({ method: 'notifications/progress', params: { progressToken: 1, progress: 1 } })
    await new Promise<void>((resolve) => call.onAbort(resolve))
    ran.stopped++
    return say('late')
  }),
  tool('brief', async () => (await delay(150), say('in time'))),
  tool('large', () => say('x'.repeat(200_000))),
]
/** Asks its caller's name by elicitation, whichever era it speaks. */
entries.push({
  ...(entries[0] as Entry),
  name: 'ask',
  definition: { name: 'ask', inputSchema: { type: 'object' } },
  origin: { server: 'test', name: 'ask' },
  executor: {
    execute({ input }) {
      const answer = input?.responses['name'] as { content?: { name?: string } } | undefined
      if (answer) return allow({ kind: 'result', result: say(`hello ${answer.content?.name}`) })
      const requestedSchema = { type: 'object', properties: { name: { type: 'string' } } }
      return allow({
        kind: 'input',
        requests: { name: { method: 'elicitation/create', params: { message: 'Who are you?', requestedSchema } } },
      })
    },
  },
})

const start = (over: ServedOptions = {}) => startService({ port: 0 }, { entries, ...over })
const call = (name: string, args: object = {}, id: number | string = 1, meta: object = {}) => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name, arguments: args, _meta: modern(meta) },
})

describe('a WebSocket', () => {
  it('carries both eras, through the whole pipeline, and says so on record', async () => {
    await using served = await start()
    const client = await openSocket(served.service.url, { key: served.key })
    assert.equal(client.ws.protocol, 'mcp')
    const answer = await client.request('tools/call', { name: 'echo', arguments: { text: 'é日' } })
    assert.equal(answer.result.content[0].text, 'é日')
    assert.equal(answer.result.resultType, 'complete')
    assert.ok((await client.request('server/discover')).result.supportedVersions.includes('2026-07-28'))
    assert.equal((await client.request('nothing')).error.code, -32601)

    client.send({
      jsonrpc: '2.0',
      id: 'a',
      method: 'initialize',
      params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'old', version: '1' } },
    })
    assert.equal((await client.until(({ id }) => id === 'a')).result.protocolVersion, '2025-06-18')
    client.send({ jsonrpc: '2.0', method: 'notifications/initialized' })
    client.send({ jsonrpc: '2.0', id: 'b', method: 'tools/list' })
    const listed = await client.until(({ id }) => id === 'b')
    assert.ok(listed.result.tools.length === entries.length && !('resultType' in listed.result))
    // What has changed is told without asking.
    served.service.engine.catalogue.replace('test', entries.slice(0, 2))
    await client.until(({ method }) => method === 'notifications/tools/list_changed')

    const records = await served.records()
    assert.deepEqual([...new Set(records.map(({ transport }) => transport))], ['websocket'])
    assert.deepEqual([...new Set(records.map(({ credentialId }) => credentialId))], [served.keyId])
    assert.equal(records.find(({ action }) => action === 'tools/list')?.version, '2025-06-18')
    client.ws.close()
    assert.equal(await client.closed(), 1005)
  })
  it('works over TLS, with an API key, and at each name of this machine', async () => {
    const authority = await createTestAuthority()
    await using served = await startService({ port: 0, tls: await authority.issue(['localhost', '127.0.0.1']) }, { entries })
    for (const url of [served.service.url, served.service.url.replace('localhost', '127.0.0.1')]) {
      const client = await openSocket(url, { ca: authority.cert, headers: { 'x-api-key': served.key } })
      assert.equal((await client.request('tools/call', { name: 'echo', arguments: { text: 'wss' } })).result.content[0].text, 'wss')
      client.ws.terminate()
    }
    await assert.rejects(openSocket(served.service.url, { key: served.key }), /self.signed|unable to verify/)
  })
  it('works inside an app', async () => {
    const served = await startService({ mounted: true }, { entries })
    const app = createServer((request, response) => served.service.node(request, response))
    app.on('upgrade', served.service.upgrade)
    await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve))
    const url = `http://localhost:${(app.address() as AddressInfo).port}/mcp`
    const client = await openSocket(url, { key: served.key })
    assert.equal((await client.request('tools/call', { name: 'echo', arguments: { text: 'inside' } })).result.content[0].text, 'inside')
    assert.equal((await refusalOf(url, { key: served.key, origin: 'https://evil.example' })).status, 403)
    await served[Symbol.asyncDispose]()
    assert.equal(await client.closed(), 1001)
    app.close()
  })
})

describe('whoever asks for a WebSocket', () => {
  it('passes the same door, and is told why not over HTTP, before anything is upgraded', async () => {
    await using served = await start({ cors: { origin: 'https://app.example' } })
    const { url } = served.service
    const before = ran.echo
    const good = { key: served.key }
    for (const [status, options, at] of [
      [401, {}, url],
      [401, { key: 'spk_wrong' }, url],
      // Never from the query string.
      [401, {}, `${url}?access_token=${served.key}&authorization=Bearer%20${served.key}`],
      [400, { ...good, headers: { 'x-api-key': served.key } }, url],
      [403, { ...good, origin: 'https://evil.example' }, url],
      [403, { ...good, origin: 'null' }, url],
      [403, { ...good, headers: { host: 'evil.example' } }, url],
      [404, good, url.replace('/mcp', '/other')],
      [404, good, url.replace('/mcp', '/token')],
      [400, { ...good, protocols: [] }, url],
      [400, { ...good, protocols: ['graphql-ws', 'mcp2'] }, url],
      [400, { ...good, protocolVersion: 8 }, url],
    ] as const satisfies readonly (readonly [number, SocketOptions, string])[]) {
      const refused = await refusalOf(at, options)
      assert.equal(refused.status, status, JSON.stringify({ ...options, key: undefined }))
      assert.equal(refused.headers['sec-websocket-version'], '13')
      assert.ok(refused.body.error.message)
      if (status === 401) assert.match(String(refused.headers['www-authenticate']), /^Bearer .*resource_metadata="http:\/\/localhost:\d+\//)
    }
    for (const origin of ['https://app.example', new URL(url).origin]) (await openSocket(url, { ...good, origin })).ws.terminate()
    assert.equal(ran.echo, before)
    const refusals = (await served.records()).filter(({ decision }) => decision === 'deny')
    assert.deepEqual([...new Set(refusals.map(({ transport }) => transport))], ['websocket'])
  })
  it('without a credential learns nothing else, however wrong the rest is', async () => {
    await using served = await start()
    assert.equal((await refusalOf(served.service.url, { protocols: ['other'], protocolVersion: 8 })).status, 401)
  })
  it('has the budget of its address, and each message counts too', async () => {
    const few = { max: 4, windowMs: 60_000 }
    const many = { max: 1_000, windowMs: 60_000 }
    await using served = await start({ rates: { address: few, principal: many, client: many, tool: many } })
    const client = await openSocket(served.service.url, { key: served.key })
    for (let at = 0; at < 3; at++) assert.ok((await client.request('tools/list')).result)
    const spent = await client.request('tools/call', { name: 'echo', arguments: {} }, 'the fifth')
    assert.deepEqual([spent.id, spent.error.code], ['the fifth', 429])
    const refused = await refusalOf(served.service.url, { key: served.key })
    assert.equal(refused.status, 429)
    assert.ok(Number(refused.headers['retry-after']) > 0)
  })
  it('may have so many open, and may open another when one is closed', async () => {
    await using served = await start()
    const { url } = served.service
    const open = await Promise.all(Array.from({ length: 64 }, () => openSocket(url, { key: served.key })))
    const refused = await refusalOf(url, { key: served.key })
    assert.equal(refused.status, 503)
    assert.match(refused.body.error.message, /64 WebSockets open already/)
    open[0]?.ws.close()
    await open[0]?.closed()
    ;(await openSocket(url, { key: served.key })).ws.terminate()
  })
  it('for HTTP/2 instead is answered as if it had not', async () => {
    await using served = await start()
    const { promise, resolve } = Promise.withResolvers<number | undefined>()
    const headers = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABkAAQCAAAAAAIAAAAA' }
    httpRequest(served.service.url, { method: 'POST', headers }, (answer) => resolve(answer.resume().statusCode)).end()
    assert.equal(await promise, 401)
  })
})

describe('on a WebSocket', () => {
  it('a call tells of its progress, and is stopped by a cancellation and by nobody else’s', async () => {
    await using served = await start()
    const [client, other] = [
      await openSocket(served.service.url, { key: served.key }),
      await openSocket(served.service.url, { key: served.key }),
    ]
    const before = ran.stopped
    client.send(call('slow', {}, 7, { progressToken: 1 }))
    await client.until(({ method }) => method === 'notifications/progress')
    other.send({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 7, _meta: modern() } })
    await other.request('tools/list')
    assert.equal(ran.stopped, before)
    client.send({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 7, _meta: modern() } })
    await until('the call is stopped', () => ran.stopped === before + 1)
    await client.request('tools/list')
    assert.ok(!client.messages.some(({ id }) => id === 7), 'what was cancelled is not answered')
    assert.equal(other.messages.length, 1, 'and nobody else hears of it')
  })
  it('a caller who leaves stops what it asked for', async () => {
    await using served = await start()
    for (const leave of ['close', 'terminate'] as const) {
      const client = await openSocket(served.service.url, { key: served.key })
      const before = ran.stopped
      client.send(call('slow', {}, 1, { progressToken: 1 }))
      await client.until(({ method }) => method === 'notifications/progress')
      client.ws[leave]()
      await until(`stopped by ${leave}`, () => ran.stopped === before + 1)
    }
  })
  it('subscriptions are told apart by their ids', async () => {
    await using served = await start()
    const client = await openSocket(served.service.url, { key: served.key })
    for (const id of ['one', 'two'])
      client.send({
        jsonrpc: '2.0',
        id,
        method: 'subscriptions/listen',
        params: { notifications: { toolsListChanged: true }, _meta: modern() },
      })
    const of = (message: { params?: { _meta?: Record<string, unknown> } }) =>
      message.params?._meta?.['io.modelcontextprotocol/subscriptionId']
    for (const id of ['one', 'two'])
      await client.until((message) => message.method === 'notifications/subscriptions/acknowledged' && of(message) === id)
    served.service.engine.catalogue.replace('test', entries.slice(0, 1))
    for (const id of ['one', 'two'])
      await client.until((message) => message.method === 'notifications/tools/list_changed' && of(message) === id)
    client.send({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'one', _meta: modern() } })
    await client.request('server/discover')
    served.service.engine.catalogue.replace('test', entries.slice(0, 2))
    await until(
      'the second hears again',
      () => client.messages.filter((message) => message.method?.endsWith('changed') && of(message) === 'two').length === 2,
    )
    assert.equal(client.messages.filter((message) => message.method?.endsWith('changed') && of(message) === 'one').length, 1)
  })
  it('a call may ask its caller in between, in both eras', async () => {
    await using served = await start()
    const client = await openSocket(served.service.url, { key: served.key })
    const capabilities = { 'io.modelcontextprotocol/clientCapabilities': { elicitation: { form: {} } } }
    const first = await client.request('tools/call', { name: 'ask', arguments: {}, _meta: capabilities })
    assert.equal(first.result.resultType, 'input_required')
    const { requestState, inputRequests } = first.result
    assert.equal(inputRequests.name.method, 'elicitation/create')
    const inputResponses = { name: { action: 'accept', content: { name: 'Ana' } } }
    const second = await client.request('tools/call', { name: 'ask', arguments: {}, inputResponses, requestState, _meta: capabilities })
    assert.equal(second.result?.content[0].text, 'hello Ana')

    const params = { protocolVersion: '2025-11-25', capabilities: { elicitation: {} }, clientInfo: { name: 'old', version: '1' } }
    client.send({ jsonrpc: '2.0', id: 'init', method: 'initialize', params })
    await client.until(({ id }) => id === 'init')
    client.send({ jsonrpc: '2.0', method: 'notifications/initialized' })
    client.send({ jsonrpc: '2.0', id: 'call', method: 'tools/call', params: { name: 'ask', arguments: {} } })
    const asked = await client.until(({ method }) => method === 'elicitation/create')
    client.send({ jsonrpc: '2.0', id: asked.id, result: { action: 'accept', content: { name: 'Bo' } } })
    assert.equal((await client.until(({ id }) => id === 'call')).result.content[0].text, 'hello Bo')
  })
  it('what cannot be read is answered, and the next message is read', async () => {
    await using served = await start()
    const client = await openSocket(served.service.url, { key: served.key })
    for (const [text, code] of [
      ['', -32700],
      ['{"broken', -32700],
      ['[]', -32600],
      [JSON.stringify([call('echo'), call('echo')]), -32600],
      ['{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/list"}', -32700],
      ['{"jsonrpc":"2.0","id":5,"result":{}}', -32600],
    ] as const) {
      const at = client.messages.length
      client.send(text)
      await until(text, () => client.messages.length > at)
      assert.equal(client.messages[at].error.code, code, text)
    }
    assert.ok((await client.request('tools/list')).result)
  })
  it('a binary frame, a frame beyond the bound and broken text end it, each with its code, and are on record', async () => {
    await using served = await start({ bounds: { ...bounds, bodyBytes: 1_000_000 } })
    const before = ran.echo
    for (const [code, send, reason] of [
      [1003, (ws) => ws.send(Buffer.from(JSON.stringify(call('echo')))), 'malformed_message'],
      [1009, (ws) => ws.send(JSON.stringify(call('echo', { pad: 'a'.repeat(10_000_000) }))), 'body_too_large'],
      [1009, (ws) => Array.from({ length: 12 }, (_, at) => ws.send('a'.repeat(100_000), { fin: at === 11 })), 'body_too_large'],
      [1007, (ws) => ws.send(Buffer.from([0x22, 0xff, 0x22]), { binary: false }), 'malformed_message'],
    ] as [number, (ws: Awaited<ReturnType<typeof openSocket>>['ws']) => unknown, string][]) {
      const client = await openSocket(served.service.url, { key: served.key })
      send(client.ws)
      assert.equal(await client.closed(), code)
      const last = (await served.records()).at(-1)
      assert.deepEqual([last?.reason, last?.transport, last?.credentialId], [reason, 'websocket', served.keyId])
    }
    assert.equal(ran.echo, before)
    const client = await openSocket(served.service.url, { key: served.key })
    assert.ok((await client.request('tools/list')).result)
  })
})

describe('a credential that no longer holds', () => {
  it('and was revoked: an idle socket is closed at once, its subscription and its call end', async () => {
    await using served = await start()
    const [idle, busy] = [
      await openSocket(served.service.url, { key: served.key }),
      await openSocket(served.service.url, { key: served.key }),
    ]
    const before = ran.stopped
    busy.send(call('slow', {}, 1, { progressToken: 1 }))
    await busy.until(({ method }) => method === 'notifications/progress')
    await served.revoke()
    assert.deepEqual(await Promise.all([idle.closed(), busy.closed()]), [4401, 4401])
    await until('what ran is stopped', () => ran.stopped === before + 1)
    const last = (await served.records()).filter(({ reason }) => reason === 'unauthenticated')
    assert.equal(last.length, 2)
    assert.deepEqual([last[0]?.credentialId, last[0]?.facts], [served.keyId, { problem: 'revoked' }])
    assert.equal((await refusalOf(served.service.url, { key: served.key })).status, 401)
  })
  it('and has expired: the next message is refused, nothing of it runs, and the socket is closed', async () => {
    let offset = 0
    await using served = await start({ clock: () => Date.now() + offset })
    const client = await openSocket(served.service.url, { key: served.key })
    assert.ok((await client.request('tools/list')).result)
    const before = ran.echo
    offset = 91 * 24 * 3_600_000
    client.send(call('echo', { text: 'too late' }, 'late'))
    client.send(call('echo', { text: 'later' }, 'later'))
    assert.equal(await client.closed(), 4401)
    // One refusal, and then nothing is listened to.
    const refused = client.messages.filter(({ error }) => error !== undefined).map(({ error }) => [error.code, error.message])
    assert.deepEqual(refused, [[401, 'The credential has expired.']])
    assert.equal(ran.echo, before)
  })
  it('and has expired in silence: the socket is closed within seconds', async (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] })
    let offset = 0
    await using served = await start({ clock: () => Date.now() + offset })
    const client = await openSocket(served.service.url, { key: served.key })
    offset = 91 * 24 * 3_600_000
    t.mock.timers.tick(5_000)
    assert.equal(await client.closed(), 4401)
  })
})

describe('a caller', () => {
  it('that does not read is not read from, and costs no more than that', async () => {
    await using served = await start()
    const client = await openSocket(served.service.url, { key: served.key })
    client.ws.pause()
    const calls = 400
    const before = (await served.records()).length
    for (let id = 0; id < calls; id++) client.send(call('large', {}, id))
    let executed = 0
    const look = async (): Promise<number> => (executed = (await served.records()).length - before)
    await until('some are executed', async () => (await look()) > 4)
    for (let last = -1; last !== executed; ) {
      last = executed
      await delay(300)
      await look()
    }
    // 400 answers are 80 MB: a megabyte, the buffers of two sockets, and what one turn begins are what is written.
    assert.ok(executed < 120, String(executed))
    client.ws.resume()
    await until('all are answered', () => client.messages.length === calls, 20_000)
    // Each once, in whichever order they were done.
    assert.deepEqual(
      client.messages.map(({ id }) => id as number).sort((a, b) => a - b),
      Array.from({ length: calls }, (_, id) => id),
    )
  })
  it('is asked now and then whether it is still there, and is let go when it is not', async (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] })
    let offset = 0
    await using served = await start({ clock: () => Date.now() + offset })
    const [there, gone] = [
      await openSocket(served.service.url, { key: served.key }),
      await openSocket(served.service.url, { key: served.key, autoPong: false }),
    ]
    const pinged = Promise.all([there, gone].map(({ ws }) => new Promise<void>((resolve) => ws.once('ping', () => resolve()))))
    offset += 31_000
    t.mock.timers.tick(5_000)
    await pinged
    await delay(50)
    offset += 40_000
    t.mock.timers.tick(5_000)
    assert.equal(await gone.closed(), 1006)
    assert.ok((await there.request('tools/list')).result)
  })
})

describe('a server that stops', () => {
  it('lets a call end, ends subscriptions with a result, and says that it goes away', async () => {
    const served = await start()
    const client = await openSocket(served.service.url, { key: served.key })
    client.send({
      jsonrpc: '2.0',
      id: 'sub',
      method: 'subscriptions/listen',
      params: { notifications: { toolsListChanged: true }, _meta: modern() },
    })
    client.send(call('brief', {}, 'brief'))
    await client.until(({ method }) => method === 'notifications/subscriptions/acknowledged')
    await served[Symbol.asyncDispose]()
    assert.equal(await client.closed(), 1001)
    assert.equal(client.messages.find(({ id }) => id === 'brief')?.result.content[0].text, 'in time')
    assert.ok(client.messages.find(({ id }) => id === 'sub')?.result)
  })
  it('does not wait for one that says nothing', async () => {
    const served = await start()
    const client = await openSocket(served.service.url, { key: served.key })
    client.ws.pause()
    using time = lived()
    await served[Symbol.asyncDispose]()
    assert.ok(time.ms() < 6_000)
    client.ws.terminate()
  })
})
