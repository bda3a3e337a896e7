// The way out of a sandbox: what was granted works as if there were no proxy, and whoever may not is told why.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, suite, test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { WebSocketServer } from 'ws'
import { createTestAuthority } from '../support/certificates.ts'
import { KEY, listen, names, openEgress, readUntil, toEnd } from '../support/egress.ts'
import { startHttps } from '../support/https.ts'
import { until } from '../support/until.ts'

const NAME = 'api.example.com'
const here = { lookup: names({ [NAME]: ['127.0.0.1'] }), dangerouslyAllowPrivateHosts: [NAME] }
const connectTo = (target: string): string => `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`

const web = createServer((request, response) => {
  const body: Buffer[] = []
  request.on('data', (bytes: Buffer) => body.push(bytes))
  request.on('end', () => {
    const { method, url, rawHeaders } = request
    response.setHeader('content-type', 'application/json')
    if (url === '/moved') return void response.writeHead(302, { location: 'http://169.254.169.254/' }).end()
    response.end(JSON.stringify({ method, url, rawHeaders, body: Buffer.concat(body).toString() }))
  })
})
const sockets = new WebSocketServer({ server: web })
sockets.on('connection', (socket) => socket.on('message', (message: Buffer) => socket.send(`heard ${message.toString()}`)))
web.listen(0, '127.0.0.1')
await once(web, 'listening')
const { port } = web.address() as AddressInfo
after(() => {
  sockets.close()
  web.closeAllConnections()
  web.close()
})
const bodyOf = (answer: string) =>
  JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4)) as { url: string; rawHeaders: string[]; body: string }

suite('a connection to one host', () => {
  test('passes bytes both ways, and is noted when it ends, with how many', async () => {
    await using echo = await listen()
    await using egress = await openEgress([`127.0.0.1:${echo.port}`])
    const socket = egress.dial()
    socket.write(connectTo(`127.0.0.1:${echo.port}`))
    await readUntil(socket, '200 Connection established\r\n\r\n')
    socket.end('hello')
    assert.equal(await toEnd(socket), 'hello')
    const { reason, target, sentBytes, receivedBytes, durationMs } = await egress.note()
    assert.deepEqual(
      { reason, target, sentBytes, receivedBytes },
      {
        reason: 'allowed',
        target: `127.0.0.1:${echo.port}`,
        sentBytes: 5,
        receivedBytes: 5,
      },
    )
    assert.ok(durationMs >= 0)
  })

  test('takes what is said before it is there', async () => {
    await using echo = await listen()
    await using egress = await openEgress([`localhost:${echo.port}`])
    const socket = egress.dial()
    socket.end(`${connectTo(`localhost:${echo.port}`)}early`)
    assert.match(await toEnd(socket), /established\r\n\r\nearly$/)
  })

  test('lets a host speak first, and one side end before the other', async () => {
    await using greeter = await listen((socket) => {
      socket.write('220 ready\r\n')
      socket.once('end', () => socket.end('goodbye'))
    })
    await using egress = await openEgress([`${NAME}:${greeter.port}`], here)
    const socket = egress.dial()
    socket.write(connectTo(`${NAME}:${greeter.port}`))
    await readUntil(socket, '220 ready')
    socket.write('EHLO me\r\n')
    await until('it is heard', () => greeter.heard === 'EHLO me\r\n')
    socket.end()
    assert.equal(await toEnd(socket), 'goodbye')
  })

  test('carries ten megabytes at the pace of whoever reads them', async () => {
    const size = 10 * 1024 * 1024
    await using source = await listen((socket) => void socket.end(Buffer.alloc(size, 'x')))
    await using egress = await openEgress([`127.0.0.1:${source.port}`])
    const socket = egress.dial()
    socket.write(connectTo(`127.0.0.1:${source.port}`))
    await once(socket, 'readable')
    // What is not read is not taken: it stays with its sender, and not in our memory.
    await until('it stands still', () => socket.readableLength > 0)
    assert.equal(egress.noted.length, 0)
    let got = 0
    socket.on('data', (bytes) => {
      got += bytes.length
    })
    socket.once('end', () => socket.end())
    await once(socket, 'close')
    assert.ok(got > size)
    assert.equal((await egress.note()).receivedBytes, size)
  })

  test('is TLS from end to end, where the name in it is the host', async () => {
    const authority = await createTestAuthority()
    await using https = await startHttps(await authority.issue([NAME]))
    await using egress = await openEgress([`*.example.com:${https.port}`], here)
    const socket = egress.dial()
    socket.write(connectTo(`${NAME}:${https.port}`))
    await readUntil(socket, '\r\n\r\n')
    const tls = connectTls({ socket, servername: NAME, ca: authority.cert })
    await once(tls, 'secureConnect')
    tls.write(`GET / HTTP/1.1\r\nHost: ${NAME}\r\nConnection: close\r\n\r\n`)
    const [answer] = (await once(tls, 'data')) as [Buffer]
    assert.match(answer.toString(), /^HTTP\/1.1 404/)
    tls.destroy()
    assert.equal((await egress.note()).reason, 'allowed')
  })

  test('may be HTTP, each request of which is read', async () => {
    await using egress = await openEgress([`${NAME}:${port}`], here)
    const socket = egress.dial()
    socket.write(connectTo(`${NAME}:${port}`))
    await readUntil(socket, '\r\n\r\n')
    socket.write(`GET /one HTTP/1.1\r\nHost: ${NAME}:${port}\r\n\r\n`)
    assert.match(await readUntil(socket, '"body":""}'), /"url":"\/one"/)
    socket.write(`GET /two HTTP/1.1\r\nHost: ${NAME}:${port}\r\nConnection: close\r\n\r\n`)
    assert.match(await toEnd(socket), /"url":"\/two"/)
  })

  test('may become a web socket', async () => {
    await using egress = await openEgress([`${NAME}:${port}`], here)
    const socket = egress.dial()
    socket.write(connectTo(`${NAME}:${port}`))
    await readUntil(socket, '\r\n\r\n')
    socket.write(
      `GET /ws HTTP/1.1\r\nHost: ${NAME}:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}\r\n\r\n`,
    )
    assert.match(await readUntil(socket, '\r\n\r\n'), /^HTTP\/1.1 101 /)
    // "hi", with a mask of zeros.
    socket.write(Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x68, 0x69]))
    assert.match(await readUntil(socket, 'hi'), /heard hi$/)
    socket.destroy()
  })
})

suite('a request as to a proxy', () => {
  test('arrives as it was meant, without what was for the proxy', async () => {
    await using egress = await openEgress([`${NAME}:${port}`], here)
    const answer = await egress.say(
      `POST http://${NAME}:${port}/path?query=1 HTTP/1.1\r\nHost: ${NAME}:${port}\r\nProxy-Connection: keep-alive\r\nProxy-Authorization: Basic eA==\r\nConnection: close, X-Mine\r\nX-Mine: 1\r\nX-Kept: 2\r\nContent-Length: 5\r\n\r\nhello`,
    )
    assert.match(answer, /^HTTP\/1.1 200 OK\r\n/)
    const { url, rawHeaders, body } = bodyOf(answer)
    assert.equal(url, '/path?query=1')
    assert.equal(body, 'hello')
    assert.deepEqual(rawHeaders, ['Host', `${NAME}:${port}`, 'X-Kept', '2', 'Content-Length', '5', 'Connection', 'close'])
    assert.equal((await egress.note()).reason, 'allowed')
  })

  test('may have a body whose length nobody knows', async () => {
    await using egress = await openEgress([`${NAME}:${port}`], here)
    const head = `GET http://${NAME}:${port}/ HTTP/1.1\r\nHost: ${NAME}:${port}\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n`
    const { body } = bodyOf(await egress.say(head, '3\r\nabc\r\n', '2\r\nde\r\n0\r\n\r\n'))
    assert.equal(body, 'abcde')
  })

  test('is answered by what the host says, and a redirect is the program’s to follow', async () => {
    await using egress = await openEgress([`127.0.0.1:${port}`])
    const answer = await egress.say(`GET http://127.0.0.1:${port}/moved HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`)
    assert.match(answer, /^HTTP\/1.1 302 Found\r\n[^]*location: http:\/\/169\.254\.169\.254\/\r\n/i)
    assert.equal(egress.noted.length, 1)
  })
})

suite('who may not', () => {
  test('reads which grant is missing, and is noted', async () => {
    await using egress = await openEgress([`127.0.0.1:${port}`])
    const answer = await egress.say(connectTo('other.example.com:443'))
    assert.match(answer, /^HTTP\/1.1 403 /)
    assert.match(answer, /proxy-status: sallyport; error=http_request_denied\r\n/)
    assert.match(
      answer,
      /The sandbox of test .*other\.example\.com:443: it was not granted\. Allow it with --allow-net other\.example\.com:443/,
    )
    assert.deepEqual(
      egress.noted.map(({ reason, target }) => ({ reason, target })),
      [{ reason: 'destination_not_granted', target: 'other.example.com:443' }],
    )
  })

  test('has another port than was granted, or is below what was granted without saying so', async () => {
    await using egress = await openEgress(['example.com:443', '*.example.org:443'])
    for (const target of ['example.com:80', 'www.example.com:443', 'example.org:443', 'badexample.org:443', 'www.example.org:8443'])
      assert.match(await egress.say(connectTo(target)), /^HTTP\/1.1 403 /, target)
    assert.ok(egress.noted.every(({ reason }) => reason === 'destination_not_granted'))
  })

  test('has a name that is not found, or a host that does not answer', async () => {
    const { port: gone } = await withClosedPort()
    await using egress = await openEgress([`nowhere.example.com:443`, `127.0.0.1:${gone}`], { lookup: names({}) })
    assert.match(await egress.say(connectTo('nowhere.example.com:443')), /^HTTP\/1.1 502 [^]*error=dns_error/)
    assert.match(await egress.say(connectTo(`127.0.0.1:${gone}`)), /^HTTP\/1.1 502 [^]*error=destination_unavailable/)
    assert.deepEqual(
      egress.noted.map(({ reason }) => reason),
      ['name_not_found', 'unreachable'],
    )
  })

  test('has a name server that does not answer', async () => {
    await using egress = await openEgress(['slow.example.com:443'], { lookup: () => {}, limits: { connectTimeoutMs: 50 } })
    assert.match(await egress.say(connectTo('slow.example.com:443')), /^HTTP\/1.1 504 [^]*error=connection_timeout/)
    assert.equal((await egress.note()).reason, 'timeout')
  })

  test('does not know the key of this sandbox', async () => {
    await using egress = await openEgress([`127.0.0.1:${port}`])
    const socket = egress.dial('x'.repeat(KEY.length))
    socket.write(connectTo(`127.0.0.1:${port}`))
    assert.equal(await toEnd(socket), '')
    assert.deepEqual(egress.noted, [])
  })
})

test('what is connected ends with the proxy, and its socket is gone', async () => {
  await using echo = await listen()
  const egress = await openEgress([`127.0.0.1:${echo.port}`])
  const socket = egress.dial()
  socket.write(connectTo(`127.0.0.1:${echo.port}`))
  await readUntil(socket, '\r\n\r\n')
  const ended = toEnd(socket)
  await egress[Symbol.asyncDispose]()
  await ended
  assert.equal((await egress.note()).reason, 'allowed')
})

async function withClosedPort(): Promise<{ port: number }> {
  const listener = await listen()
  const { port: closed } = listener
  await listener[Symbol.asyncDispose]()
  return { port: closed }
}
