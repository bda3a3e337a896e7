// C22: icons are the server's: an address to ask, and bytes to show. What is asked is the server's own origin over https, with nothing of
// ours in the request; what is shown is a still picture by its own bytes. A canary counts who connects.

import assert from 'node:assert/strict'
import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { MCPClient, type MCPClientOptions } from '../../src/client/index.ts'
import { readImage } from '../../src/client/trusted/image.ts'
import { silentLog } from '../../src/core/index.ts'
import { verifies } from '../requirements.ts'
import { createTestAuthority } from '../support/certificates.ts'
import { problemOf } from '../support/client.ts'

verifies('C22')

const png = (width = 2, height = 3, more = ''): Buffer => {
  const head = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex')
  const size = Buffer.alloc(8)
  size.writeUInt32BE(width)
  size.writeUInt32BE(height, 4)
  return Buffer.concat([head, size, Buffer.from(`080600000000000000${more}0000000049444154`, 'hex')])
}
const gif = (pictures: number): Buffer =>
  Buffer.from(
    `474946383961020003008000000000ff${'00'.repeat(3)}${'2c00000000020003000002024401 00'.replaceAll(' ', '').repeat(pictures)}3b`,
    'hex',
  )
const jpeg = Buffer.from('ffd8ffe000104a46494600010100000100010000ffc0001108000300020301220002110103110 1'.replaceAll(' ', ''), 'hex')
const webp = (flags = '00'): Buffer => Buffer.from(`524946461e00000057454250565038580a000000${flags}000000010000020000`, 'hex')
const data = (bytes: Buffer, type = 'image/png'): string => `data:${type};base64,${bytes.toString('base64')}`

let authority: Awaited<ReturnType<typeof createTestAuthority>>
const asked: { path: string; headers: IncomingHttpHeaders }[] = []
let canary = 0
let site: ReturnType<typeof createServer>
let other: ReturnType<typeof createServer>
let origin: string
let otherOrigin: string
const answers: Record<string, (response: ServerResponse) => void> = {
  '/fine.png': (response) => response.writeHead(200, { 'content-type': 'image/png', 'set-cookie': 'a=b' }).end(png()),
  '/octets': (response) => response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(jpeg),
  '/lie.png': (response) => response.writeHead(200, { 'content-type': 'image/png' }).end(jpeg),
  '/page': (response) => response.writeHead(200, { 'content-type': 'image/png' }).end('<html>'),
  '/icon.svg': (response) => response.writeHead(200, { 'content-type': 'image/svg+xml' }).end('<svg xmlns="http://www.w3.org/2000/svg"/>'),
  '/long': (response) => response.writeHead(200, { 'content-type': 'image/png' }).end(Buffer.concat([png(), Buffer.alloc(300_000)])),
  '/endless': (response) => {
    response.writeHead(200, { 'content-type': 'image/png' })
    const more = (): void => void (response.write(Buffer.alloc(65_536)) ? setImmediate(more) : response.once('drain', more))
    more()
  },
  '/away': (response) => response.writeHead(302, { location: `${otherOrigin}/fine.png` }).end(),
  '/here': (response) => response.writeHead(302, { location: '/fine.png' }).end(),
  '/torn': (response) => {
    response.writeHead(200, { 'content-type': 'image/png', 'content-length': '1000' })
    response.write(png())
    setImmediate(() => response.destroy())
  },
}

before(async () => {
  authority = await createTestAuthority()
  const pem = await authority.issue(['mcp.example', 'cdn.example'])
  site = createServer(pem, (request, response) => {
    asked.push({ path: request.url ?? '', headers: request.headers })
    const answer = answers[request.url ?? '']
    if (answer) answer(response)
    else response.writeHead(404).end()
  })
  other = createServer(pem, (_, response) => response.writeHead(200, { 'content-type': 'image/png' }).end(png()))
  other.on('connection', () => canary++)
  for (const each of [site, other]) await new Promise<void>((listening) => each.listen(0, '127.0.0.1', listening))
  origin = `https://mcp.example:${(site.address() as AddressInfo).port}`
  otherOrigin = `https://cdn.example:${(other.address() as AddressInfo).port}`
})
after(() => {
  for (const each of [site, other]) {
    each.closeAllConnections()
    each.close()
  }
})

const connect = (more: Partial<MCPClientOptions> = {}): MCPClient =>
  new MCPClient({
    serverUrl: `${origin}/mcp`,
    auth: { type: 'api_key', apiKey: 'a-key-that-nobody-else-may-see' },
    headers: { 'x-team': 'ours' },
    log: silentLog,
    ca: authority.cert,
    dangerouslyAllowPrivateHosts: ['mcp.example', 'cdn.example'],
    lookup: (_, answer) => answer(null, [{ address: '127.0.0.1', family: 4 }]),
    ...more,
  })
const REFUSED = 'TransportError malformed'

describe('C22: an icon', () => {
  it('is fetched from the server’s own origin without credentials, headers and cookies of ours', async () => {
    await using client = connect()
    for (let i = 0; i < 2; i++) {
      const { type, width, height, bytes } = await client.fetchIcon({ src: `${origin}/fine.png`, mimeType: 'image/png' })
      assert.deepEqual([type, width, height, Buffer.from(bytes)], ['image/png', 2, 3, png()])
    }
    for (const { headers } of asked) {
      assert.deepEqual(
        Object.keys(headers).filter((name) => /auth|cookie|key|team|referer|origin/.test(name)),
        [],
      )
      assert.doesNotMatch(JSON.stringify(headers), /a-key-that/)
    }
    assert.equal((await client.fetchIcon({ src: `${origin}/octets`, mimeType: 'image/jpg' })).type, 'image/jpeg')
  })

  it('is asked for nowhere else: other origins, other schemes, redirects', async () => {
    await using client = connect()
    const port = new URL(origin).port
    for (const [src, problem] of [
      [`${otherOrigin}/fine.png`, 'TransportError address_blocked'],
      [`https://mcp.example:${Number(port) + 1}/fine.png`, 'TransportError address_blocked'],
      ['https://169.254.169.254/latest', 'TransportError address_blocked'],
      [`${origin.replace('https', 'http')}/fine.png`, REFUSED],
      [`https://user@mcp.example:${port}/fine.png`, REFUSED],
      ['javascript:alert(1)', REFUSED],
      ['file:///etc/passwd', REFUSED],
      ['ftp://mcp.example/x.png', REFUSED],
      ['ws://mcp.example/x.png', REFUSED],
      ['vscode://x', REFUSED],
      ['/fine.png', REFUSED],
      [`${origin}/away`, 'TransportError redirected'],
      [`${origin}/here`, 'TransportError redirected'],
      [`${origin}/nothing`, 'TransportError http_status'],
      [`${origin}/${'x'.repeat(400_000)}`, REFUSED],
    ] as const)
      assert.equal(await problemOf(client.fetchIcon({ src })), problem, src.slice(0, 80))
    assert.equal(await problemOf(client.fetchIcon({ src: 7 } as never)), REFUSED)
    assert.equal(canary, 0)

    await using told = connect({ trust: { iconOrigins: [otherOrigin] } })
    assert.equal((await told.fetchIcon({ src: `${otherOrigin}/fine.png` })).width, 2)
    assert.ok(canary > 0, 'the canary hears what is let through')
    assert.throws(() => connect({ trust: { iconOrigins: ['https://cdn.example/path', 'http://cdn.example'] } }), /iconOrigins/)
  })

  it('is what its bytes say, or nothing', async () => {
    await using client = connect()
    for (const [src, problem] of [
      [`${origin}/lie.png`, REFUSED],
      [`${origin}/page`, REFUSED],
      [`${origin}/icon.svg`, REFUSED],
      [`${origin}/long`, 'TransportError too_large'],
      [`${origin}/endless`, 'TransportError too_large'],
      [`${origin}/torn`, 'TransportError unreachable'],
      [data(Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), 'image/svg+xml'), REFUSED],
      [data(png(), 'image/jpeg'), REFUSED],
      [data(png(5000, 3)), REFUSED],
      [data(png(0, 3)), REFUSED],
      [data(png(2, 3, '000000086163544c0000000100000000000000 00'.replaceAll(' ', ''))), REFUSED],
      [data(gif(2), 'image/gif'), REFUSED],
      [data(webp('02'), 'image/webp'), REFUSED],
      [data(png().subarray(0, 18)), REFUSED],
      [data(Buffer.concat([png(), Buffer.alloc(265_000)])), 'TransportError too_large'],
      ['data:image/png,plain', REFUSED],
      ['data:image/png;base64,####', REFUSED],
      ['data:', REFUSED],
    ] as const)
      assert.equal(await problemOf(client.fetchIcon({ src })), problem, src.slice(0, 80))
    for (const [bytes, type] of [
      [png(), 'image/png'],
      [gif(1), 'image/gif'],
      [jpeg, 'image/jpeg'],
      [webp(), 'image/webp'],
    ] as const) {
      const image = await client.fetchIcon({ src: data(bytes, type), mimeType: type })
      assert.deepEqual([image.type, image.width, image.height], [type, 2, 3])
    }
  })

  it('no bytes stall or break the reading of its header', () => {
    for (const whole of [png(), gif(2), jpeg, webp(), webp('02')]) {
      for (let length = 0; length < whole.length; length++) readImage(whole.subarray(0, length))
      for (let at = 0; at < whole.length; at++)
        for (const value of [0, 1, 0x21, 0x2c, 0x7f, 0x80, 0xff]) {
          const broken = Buffer.concat([whole, Buffer.alloc(2000, value)])
          broken[at] = value
          readImage(broken)
        }
    }
  })

  it('of a server that is started is in its data, or nowhere', async () => {
    await using client = new MCPClient({ command: process.execPath, args: ['-e', ''], log: silentLog })
    assert.equal((await client.fetchIcon({ src: data(png()) })).width, 2)
    assert.equal(await problemOf(client.fetchIcon({ src: 'https://stdio.invalid/x.png' })), 'TransportError address_blocked')
  })
})
