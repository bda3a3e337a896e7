// What is for this machine alone: an app that does not say who calls, a Host that would choose the issuer, a socket in the file
// system, and a proxy that nobody thought of must not open it to everybody else.

import assert from 'node:assert/strict'
import { createServer, request as httpRequest } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { anonymous } from '../../src/guards/index.ts'
import { verifies } from '../requirements.ts'
import { say, tool } from '../support/engine.ts'
import { mcp } from '../support/mcp.ts'
import { createTempDir, findFreePort } from '../support/paths.ts'
import { type Served, startService } from '../support/service.ts'
import { refusalOf } from '../support/websocket.ts'

verifies('only-this-machine', 'T11')

const post = (url: string): Request => new Request(url, { method: 'POST' })

describe('a server in an app without a public URL', () => {
  it('answers nobody whose address it was not told, and says what to do', async () => {
    await using served = await startService({ mounted: true, port: 3000 }, { anonymous })
    for (const from of [undefined, {}, { address: '' }, { address: 'unknown' }, { address: '192.0.2.7' }, { address: '127.0.0.1.evil' }]) {
      const answer = await served.service.fetch(post('http://localhost:3000/mcp'), from)
      assert.equal(answer.status, 403, JSON.stringify(from))
      assert.equal(((await answer.json()) as { error: { code: number } }).error.code, 403)
    }
    assert.match(served.log(), /set publicUrl to its URL, or pass the address of the caller, fetch\(request, { address }\)/)
    assert.equal(served.log().match(/set publicUrl/g)?.length, 1, 'and does not say it to every caller')
    const records = await served.records()
    assert.deepEqual(
      records.map(({ reason, address }) => `${reason} ${address}`),
      ['unknown', 'unknown', '', 'unknown', '192.0.2.7', '127.0.0.1.evil'].map((address) => `forbidden_host ${address}`),
    )
  })
  it('does not let a Host choose who issues its tokens', async () => {
    await using served = await startService({ mounted: true })
    for (const host of ['localhost:1234', 'localhost', '127.0.0.1:80'])
      assert.equal((await served.service.fetch(post(`http://${host}/mcp`), { address: '127.0.0.1' })).status, 403, host)
    assert.equal(served.service.url, '')
    assert.match(served.log(), /set publicUrl to its URL, or port where it is at localhost/)
  })
  it('behind a trusted proxy is for callers of this machine, too', async () => {
    await using served = await startService({ mounted: true, port: 3000, proxy: { trustedAddresses: ['127.0.0.1'] } }, { anonymous })
    const ask = (forwarded: string) =>
      served.service.fetch(new Request('http://localhost:3000/mcp', { method: 'POST', headers: { 'x-forwarded-for': forwarded } }), {
        address: '127.0.0.1',
      })
    assert.equal((await ask('192.0.2.7')).status, 403)
  })
  it('on a socket in the file system does not take its peer for one of this machine', { skip: process.platform === 'win32' }, async () => {
    await using served = await startService({ mounted: true, port: 3000 }, { anonymous })
    const folder = await createTempDir('socket')
    const socketPath = join(folder.path, 's')
    const server = createServer((request, response) => served.service.node(request, response))
    await new Promise<void>((resolve) => server.listen(socketPath, resolve))
    const status = await new Promise((resolve) => {
      httpRequest({ socketPath, method: 'POST', path: '/mcp', headers: { host: 'localhost:3000' } }, (answer) =>
        resolve(answer.resume().statusCode),
      ).end()
    })
    assert.equal(status, 403)
    server.close()
    await folder.remove()
  })
})

describe('a server without credentials', () => {
  let served: Served
  before(async () => {
    served = await startService({ port: 0 }, { anonymous, entries: [tool('who', (_, { principal }) => say(principal.subject))] })
  })
  after(() => served[Symbol.asyncDispose]())
  const proxies: Record<string, string>[] = [
    { 'x-forwarded-for': '203.0.113.9' },
    { 'x-forwarded-for': '127.0.0.1' },
    { forwarded: 'for=203.0.113.9' },
    { via: '1.1 proxy' },
    { 'x-real-ip': '203.0.113.9' },
    { 'x-forwarded-proto': 'https' },
    { 'x-forwarded-host': 'mcp.example.com' },
    { 'x-forwarded-for': '203.0.113.9', authorization: 'Basic eDp4' },
    { 'x-forwarded-for': '203.0.113.9', authorization: 'Bearer ' },
    { 'x-forwarded-for': '203.0.113.9', 'x-api-key': '' },
  ]

  it('serves whoever is connected, and nobody that a proxy stands before', async () => {
    assert.equal((await mcp(served.service.url).call('who')).result.content[0].text, 'anonymous')
    for (const headers of proxies) {
      assert.equal((await mcp(served.service.url, { headers }).call('who')).status, 401, JSON.stringify(headers))
      assert.equal((await refusalOf(served.service.url, { headers })).status, 401, JSON.stringify(headers))
      const { 'x-api-key': _, ...rest } = headers
      const known = await mcp(served.service.url, { headers: { ...rest, authorization: `Bearer ${served.key}` } }).call('who')
      assert.equal(known.status, 200, 'a key is a key')
    }
  })
  it('nor through nginx as it comes, which adds nothing', async () => {
    const { port } = new URL(served.service.url)
    const body = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}'
    const head = ['POST /mcp HTTP/1.0', `Host: localhost:${port}`, 'Connection: close', 'Content-Type: application/json']
    const text = await new Promise<string>((resolve) => {
      let answer = ''
      connect(Number(port), '127.0.0.1')
        .on('data', (chunk) => (answer += chunk))
        .on('close', () => resolve(answer))
        .write(`${[...head, `Content-Length: ${body.length}`].join('\r\n')}\r\n\r\n${body}`)
    })
    assert.match(text, /^HTTP\/1\.1 401 /)
  })
  it('in an app is no different', async () => {
    const port = await findFreePort()
    await using inApp = await startService({ mounted: true }, { anonymous })
    const server = createServer((request, response) => inApp.service.node(request, response)).listen(port, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const url = `http://localhost:${(server.address() as AddressInfo).port}/mcp`
    assert.equal((await mcp(url).request('tools/list')).status, 200)
    assert.equal((await mcp(url, { headers: { 'x-forwarded-for': '127.0.0.1' } }).request('tools/list')).status, 401)
    server.closeAllConnections()
    server.close()
  })
})
