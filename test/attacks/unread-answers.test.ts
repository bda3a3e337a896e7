// A caller that asks and does not read: what it leaves must not pile up here, and it does not stay for ever.

import assert from 'node:assert/strict'
import { createServer, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { createUnsent } from '../../src/transports/index.ts'
import { verifies } from '../requirements.ts'
import { bounds, say, tool } from '../support/engine.ts'
import { startService } from '../support/service.ts'
import { until } from '../support/until.ts'
import { modern, openSocket, type SocketClient } from '../support/websocket.ts'

verifies('unread-answers')

const MIB = 1024 * 1024
/** More than the buffers of two sockets take. */
const LARGE = 24 * MIB
const meta = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {} }

/** One call as it goes over the wire, to be sent as often as somebody likes. */
function callOf(name: string, key: string, over: object = {}): string {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, _meta: { ...meta, ...over } } })
  const fields = [
    'POST /mcp HTTP/1.1',
    'Host: localhost:PORT',
    'Content-Type: application/json',
    'Accept: application/json, text/event-stream',
    'MCP-Protocol-Version: 2026-07-28',
    'Mcp-Method: tools/call',
    `Mcp-Name: ${name}`,
    `Authorization: Bearer ${key}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
  ]
  return `${fields.join('\r\n')}\r\n\r\n${body}`
}

interface Caller {
  readonly socket: Socket
  /** What it has read. */
  text(): string
  isClosed(): boolean
}

/** Reads nothing until it is told to. */
async function callerAt(port: number, text = ''): Promise<Caller> {
  const socket = connect(port, '127.0.0.1').pause()
  let read = ''
  let isClosed = false
  socket.on('error', () => {})
  socket.on('close', () => (isClosed = true))
  await new Promise<void>((resolve) => socket.once('connect', resolve))
  socket.setEncoding('latin1').on('data', (chunk: string) => (read += chunk))
  socket.pause()
  if (text !== '') socket.write(text.replaceAll('PORT', String(port)))
  return { socket, text: () => read, isClosed: () => isClosed }
}

const statusesIn = (text: string): string[] => [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => status as string)

describe('a caller that asks on and on without reading', () => {
  it('has one answer waiting and no further call begun; once it reads, the few that waited are answered and the rest refused', async () => {
    let executed = 0
    const large = 'x'.repeat(MIB)
    const entries = [
      tool('large', () => {
        executed++
        return say(large)
      }),
    ]
    await using served = await startService({ port: 0 }, { entries, bounds: { ...bounds, resultBytes: 4 * MIB } })
    const caller = await callerAt(served.port as number, callOf('large', served.key).repeat(60))
    await until('it is called', () => executed > 0)
    for (let last = -1; last !== executed; await delay(200)) last = executed
    // What the buffers of two sockets take is sent; nothing beyond the one that is being written is kept.
    assert.ok(executed >= 1 && executed < 14, String(executed))
    caller.socket.resume()
    await until('all are answered', () => statusesIn(caller.text()).length === 60)
    const statuses = statusesIn(caller.text())
    assert.equal(executed, statuses.filter((each) => each === '200').length)
    assert.deepEqual(statuses, [...Array.from({ length: executed }, () => '200'), ...Array.from({ length: 60 - executed }, () => '503')])
    assert.ok(executed >= 17 && executed < 60)
    caller.socket.destroy()
  })
  it('and asks for one thing after the other gets one after the other', async () => {
    let [running, most] = [0, 0]
    const entries = [
      tool('count', async () => {
        most = Math.max(most, ++running)
        await delay(5)
        running--
        return say('done')
      }),
    ]
    await using served = await startService({ port: 0 }, { entries })
    const caller = await callerAt(served.port as number, callOf('count', served.key).repeat(10))
    caller.socket.resume()
    await until('all are answered', () => statusesIn(caller.text()).length === 10)
    assert.deepEqual([most, new Set(statusesIn(caller.text()))], [1, new Set(['200'])])
    caller.socket.destroy()
  })
  it('is let go with what it has not read, and keeps nobody else from being heard', async () => {
    const server = createServer()
    const unsent = createUnsent({ clock: Date.now, mostBytes: LARGE + MIB })
    const given: ServerResponse[] = []
    server.on('request', (request, response) => {
      response.end('x'.repeat(LARGE))
      unsent.keep(response, request.url as string)
      given.push(response)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const ask = async (whose: string): Promise<Caller> => {
      const before = given.length
      const caller = await callerAt(port, `GET ${whose} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
      await until('it is answered', () => given.length === before + 1)
      return caller
    }
    const [first, other] = [await ask('/a'), await ask('/b')]
    await ask('/a')
    assert.deepEqual(
      given.map(({ destroyed }) => destroyed),
      [false, false, true],
    )
    // What has been read, or was given up, counts no longer.
    first.socket.resume()
    await until('the first has read', () => first.text().length > LARGE)
    await ask('/a')
    assert.equal(given.at(-1)?.destroyed, false)
    other.socket.destroy()
    server.closeAllConnections()
    server.close()
  })
})

describe('on WebSockets', () => {
  it('what one principal leaves unread is bounded on all of them together', async () => {
    const large = 'x'.repeat(14 * MIB)
    let executed = 0
    const entries = [tool('large', () => (executed++, say(large)))]
    await using served = await startService({ port: 0 }, { entries, bounds: { ...bounds, resultBytes: 16 * MIB } })
    const clients: SocketClient[] = []
    const call = (id: number): object => ({ jsonrpc: '2.0', id, method: 'tools/call', params: { name: 'large', _meta: modern() } })
    for (let at = 1; at <= 6; at++) {
      const client = await openSocket(served.service.url, { key: served.key })
      client.ws.pause()
      client.send(call(1))
      client.send(call(2))
      clients.push(client)
      // A large answer is looked through in turns: it is on record when it goes out.
      await until('both are answered', async () => (await served.records()).filter(({ target }) => target === 'large').length === 2 * at)
    }
    assert.equal(executed, 12)
    for (const { ws } of clients) ws.resume()
    await until('what was kept arrives', () => (clients[0] as SocketClient).messages.length === 2)
    const [first, , , , ...last] = clients
    assert.equal(first?.ws.readyState, first?.ws.OPEN)
    for (const client of last) assert.equal(await client.closed(), 1006)
    for (const { ws } of clients) ws.terminate()
  })
})

describe('an answer that nobody takes', () => {
  const start = async (t: TestContext, entries: Parameters<typeof startService>[1]) => {
    t.mock.timers.enable({ apis: ['setInterval'] })
    let offset = 0
    const served = await startService({ port: 0 }, { ...entries, clock: () => Date.now() + offset })
    return {
      served,
      /** The server looks around, that many seconds later. */
      later(seconds: number): void {
        offset += seconds * 1_000
        t.mock.timers.tick(5_000)
      },
    }
  }
  it('is dropped with its connection: half a minute, and longer where it is long', async (t) => {
    let executed = 0
    const large = 'x'.repeat(LARGE)
    const entries = [tool('large', () => (executed++, say(large)))]
    const { served, later } = await start(t, { entries, bounds: { ...bounds, resultBytes: 2 * LARGE } })
    await using _ = served
    const caller = await callerAt(served.port as number, callOf('large', served.key))
    const reader = await callerAt(served.port as number, callOf('large', served.key))
    await until('both are answered', async () => executed === 2 && (await served.records()).length === 2)
    await delay(100)
    later(31)
    await delay(50)
    reader.socket.resume()
    await until('whoever reads gets it', () => reader.text().length > LARGE)
    later(LARGE / 64_000)
    caller.socket.resume()
    await until('the other is cut', caller.isClosed)
    assert.ok(caller.text().length < LARGE, String(caller.text().length))
    assert.equal(reader.isClosed(), false)
    reader.socket.destroy()
  })
  it('is a stream, too: it ends, and so does its call', async (t) => {
    let [sent, isAborted] = [0, false]
    const entries = [
      tool('flood', async (_, call) => {
        call.onAbort(() => (isAborted = true))
        const message = 'x'.repeat(50_000)
        for (; sent < 300 && !isAborted; await delay(1))
          call.notify({ method: 'notifications/progress', params: { progressToken: 1, progress: ++sent, message } })
        await new Promise<void>((resolve) => call.onAbort(resolve))
        return say('late')
      }),
    ]
    const { served, later } = await start(t, { entries })
    await using _ = served
    const caller = await callerAt(served.port as number, callOf('flood', served.key, { progressToken: 1 }))
    await until('all is said', () => sent === 300)
    later(0)
    assert.equal(isAborted, false)
    later(60)
    await until('the call is stopped', () => isAborted)
    caller.socket.resume()
    await until('the stream is cut', caller.isClosed)
    // Nothing was added meanwhile to keep it open.
    assert.ok(!caller.text().includes(': keep-alive\n'))
  })
})
