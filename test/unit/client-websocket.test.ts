import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { createServer as createHttpServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { before, describe, it } from 'node:test'
import { type WebSocket, WebSocketServer } from 'ws'
import type { MCPClient, MCPClientOptions } from '../../src/client/index.ts'
import { startWorld } from '../fixtures/sign-in-world.ts'
import { createTestAuthority, type TestAuthority } from '../support/certificates.ts'
import { createClient, problemOf, signInTo } from '../support/client.ts'
import type { Json } from '../support/sse.ts'
import { until } from '../support/until.ts'

let authority: TestAuthority
let pem: { cert: string; key: string }
before(async () => {
  authority = await createTestAuthority()
  pem = await authority.issue(['localhost'])
})

interface Server extends AsyncDisposable {
  readonly serverUrl: string
  readonly upgrades: IncomingMessage[]
  readonly received: Json[]
  readonly sockets: Set<WebSocket>
}
interface ServerOptions {
  readonly secure?: boolean
  readonly subprotocol?: string | false
  /** What an upgrade is answered with instead: status and headers. */
  readonly refuse?: (request: IncomingMessage) => string | undefined
  readonly legacy?: boolean
  /** Instead of an answer to `tools/call`. */
  readonly call?: ((socket: WebSocket, message: Json) => void) | undefined
}

async function startSocketServer({
  secure = false,
  subprotocol = 'mcp',
  refuse,
  legacy = false,
  call,
}: ServerOptions = {}): Promise<Server> {
  const http = secure ? createTlsServer(pem) : createHttpServer()
  const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => subprotocol })
  const upgrades: IncomingMessage[] = []
  const received: Json[] = []
  http.on('request', (_, response) => response.writeHead(404).end())
  http.on('upgrade', (request, socket, head) => {
    upgrades.push(request)
    const refusal = refuse?.(request)
    if (refusal !== undefined) return socket.end(`HTTP/1.1 ${refusal}\r\ncontent-length: 0\r\n\r\n`)
    sockets.handleUpgrade(request, socket, head, (opened) => answerOn(opened, { legacy, call, received }))
  })
  await new Promise<void>((listening) => http.listen(0, '127.0.0.1', listening))
  const { port } = http.address() as AddressInfo
  return {
    serverUrl: `${secure ? 'wss' : 'ws'}://localhost:${port}/mcp`,
    upgrades,
    received,
    sockets: sockets.clients,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets.clients) socket.terminate()
      http.closeAllConnections()
      await new Promise((closed) => http.close(closed))
    },
  }
}

function answerOn(
  socket: WebSocket,
  { legacy = false, call, received }: Pick<ServerOptions, 'legacy' | 'call'> & { received: Json[] },
): void {
  socket.on('message', (data: Buffer) => {
    const message = JSON.parse(data.toString()) as Json
    received.push(message)
    const answer = (rest: object): void => socket.send(JSON.stringify({ jsonrpc: '2.0', id: message.id, ...rest }))
    const complete = (result: object): void => answer({ result: legacy ? result : { resultType: 'complete', ...result } })
    if (message.method === 'server/discover' && !legacy)
      return complete({ supportedVersions: ['2026-07-28'], capabilities: { tools: {} }, ttlMs: 0, cacheScope: 'private' })
    if (message.method === 'initialize')
      return complete({ protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo: { name: 'ws', version: '1' } })
    if (message.method === 'tools/call')
      return call ? call(socket, message) : complete({ content: [{ type: 'text', text: JSON.stringify(message.params.arguments) }] })
    if (message.id !== undefined) answer({ error: { code: -32601, message: 'Method not found' } })
  })
}

const KEY = 'spk_abcdefgh_0123456789'
const connect = (server: Pick<Server, 'serverUrl'>, options: Partial<MCPClientOptions> = {}): MCPClient =>
  createClient(server, { auth: { type: 'api_key', apiKey: KEY }, ca: authority.cert, requestTimeoutSeconds: 5, ...options })
const text = (value: object): Json => ({ content: [{ type: 'text', text: JSON.stringify(value) }] })

describe('over WebSocket', () => {
  for (const legacy of [false, true])
    it(`calls a tool over TLS, ${legacy ? 'after initialize' : 'statelessly'}`, async () => {
      await using server = await startSocketServer({ secure: true, legacy })
      await using client = connect(server)
      assert.deepEqual(await client.callTool('echo', { a: 1 }), text({ a: 1 }))
      assert.deepEqual(await client.callTool('echo', { a: 2 }), text({ a: 2 }))
      assert.equal(server.upgrades.length, 1, 'one connection')
      const [{ url, headers } = {} as IncomingMessage] = server.upgrades
      assert.equal(url, '/mcp')
      assert.equal(headers.authorization, `Bearer ${KEY}`)
      assert.equal(headers['sec-websocket-protocol'], 'mcp')
      assert.equal(headers.origin, undefined)
      assert.equal(headers['sec-websocket-extensions'], undefined)
      const methods = server.received.map(({ method }) => method)
      assert.deepEqual(methods.slice(0, 3), [
        'server/discover',
        ...(legacy ? ['initialize', 'notifications/initialized'] : ['tools/list', 'tools/call']),
      ])
    })

  it('is chosen by an option too, for a URL that begins with http', async () => {
    await using server = await startSocketServer()
    await using client = connect({ serverUrl: server.serverUrl.replace('ws:', 'http:') }, { transport: 'websocket' })
    assert.deepEqual(await client.callTool('echo', { a: 1 }), text({ a: 1 }))
  })

  it('tries the URL as it is where nothing there speaks HTTP', async () => {
    await using server = await startSocketServer()
    await using client = connect({ serverUrl: new URL(server.serverUrl).origin })
    assert.deepEqual(await client.callTool('echo', { a: 1 }), text({ a: 1 }))
    assert.equal(server.upgrades[0]?.url, '/')
  })

  it('tells the server when nobody waits any more', async () => {
    const stop = new AbortController()
    await using server = await startSocketServer({ call: () => stop.abort(new Error('enough')) })
    await using client = connect(server)
    await assert.rejects(client.request({ method: 'tools/call', params: { name: 'x' } }, { signal: stop.signal }), /^Error: enough$/)
    await until('the server is told', () => server.received.at(-1)?.method === 'notifications/cancelled')
  })

  it('connects again after the connection ended, and says of a request on it that it did', async () => {
    let cut = true
    await using server = await startSocketServer({
      call(socket, { id }) {
        if (cut) socket.terminate()
        else socket.send(JSON.stringify({ jsonrpc: '2.0', id, result: { resultType: 'complete', content: [] } }))
      },
    })
    await using client = connect(server)
    assert.equal(await problemOf(client.callTool('echo')), 'TransportError closed')
    cut = false
    assert.deepEqual(await client.callTool('echo'), { content: [] })
    assert.equal(server.upgrades.length, 2)
  })

  it('ends the connection where a frame is no bounded JSON message', async () => {
    for (const [frame, problem] of [
      [Buffer.from('{}'), 'TransportError malformed'],
      ['no json', 'TransportError malformed'],
      ['['.repeat(70) + ']'.repeat(70), 'TransportError malformed'],
      ['{"a":1,"a":2}', 'TransportError malformed'],
      [`"${'x'.repeat(5000)}"`, 'TransportError too_large'],
    ] as const) {
      await using server = await startSocketServer({ call: (socket) => socket.send(frame) })
      await using client = connect(server, { maxMessageBytes: 4096 })
      assert.equal(await problemOf(client.callTool('echo')), problem, String(frame).slice(0, 20))
    }
  })

  it('does not speak to a server that does not speak mcp', async () => {
    for (const subprotocol of [false, 'other'] as const) {
      await using server = await startSocketServer({ subprotocol })
      await using client = connect(server)
      assert.equal(await problemOf(client.callTool('echo')), 'TransportError unreachable')
      assert.deepEqual(server.received, [])
    }
  })

  it('closes for good', async () => {
    await using server = await startSocketServer()
    const client = connect(server)
    await client.callTool('echo')
    await client.close()
    assert.equal(await problemOf(client.callTool('echo')), 'TransportError closed')
    await until('the connection has ended', () => server.sockets.size === 0)
  })
})

describe('the upgrade', () => {
  it('is refused in our words, and followed nowhere', async () => {
    for (const [refusal, problem] of [
      ['401 Unauthorized', 'AuthorizationError credential_refused'],
      ['403 Forbidden', 'TransportError http_status'],
      ['302 Found\r\nlocation: ws://localhost:1/', 'TransportError redirected'],
      ['503 Busy', 'TransportError http_status'],
    ] as const) {
      await using server = await startSocketServer({ refuse: () => refusal })
      await using client = connect(server)
      assert.equal(await problemOf(client.callTool('echo')), problem)
      assert.equal(server.upgrades.length, 1)
    }
  })

  it('is made only to a server whose certificate is trusted, and where addresses may be dialled', async () => {
    await using server = await startSocketServer({ secure: true })
    await using stranger = connect(server, { ca: undefined })
    assert.equal(await problemOf(stranger.callTool('echo')), 'TransportError unreachable')
    const { port } = new URL(server.serverUrl)
    await using led = connect(
      { serverUrl: `wss://mcp.example:${port}/mcp` },
      { lookup: (_, answer) => answer(null, [{ address: '127.0.0.1', family: 4 }]) },
    )
    assert.equal(await problemOf(led.callTool('echo')), 'TransportError address_blocked')
    assert.equal(server.upgrades.length, 0)
  })

  it('brings the token of a sign-in, and is tried once more with a renewed one', async () => {
    const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => 'mcp' })
    await using world = await startWorld({
      upgrade: (request, socket, head) => sockets.handleUpgrade(request, socket, head, (opened) => answerOn(opened, { received: [] })),
    })
    await using client = createClient({ serverUrl: world.serverUrl.replace('http:', 'ws:') })
    assert.equal(await problemOf(client.callTool('echo')), 'AuthorizationError sign_in_required')
    await signInTo(world, client)
    assert.deepEqual(await client.callTool('echo', { a: 1 }), text({ a: 1 }))
    assert.equal(new URLSearchParams(world.to('/token')[0]?.text).get('resource'), world.serverUrl, 'the same resource as over HTTP')

    world.expireTokens()
    for (const socket of sockets.clients) socket.terminate()
    await new Promise((resolve) => setTimeout(resolve, 50))
    assert.deepEqual(await client.callTool('echo', { a: 2 }), text({ a: 2 }))
    const upgrades = world.seen.filter(({ method }) => method === 'UPGRADE')
    assert.equal(new Set(upgrades.map(({ headers }) => headers.authorization)).size, 2)
    assert.equal(upgrades.length, 3)
  })
})
