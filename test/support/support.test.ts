// The helpers themselves, against the conformance server: a test that rests on a client or a proxy that lies proves nothing.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type Child, createTokenProxy, firstLine, mcp, ROOT, start, stop, type TokenProxy, withBin } from './index.ts'

let server: Child
let url: string
let proxy: TokenProxy

before(async () => {
  const program = join(ROOT, 'test', 'conformance', 'server.ts')
  server = start(process.execPath, [program], { env: withBin(), stdio: ['ignore', 'pipe', 'pipe'] })
  ;({ url } = JSON.parse(await firstLine(server, 60_000)) as { url: string })
  proxy = await createTokenProxy({ target: url, token: 'added-by-the-proxy' })
})

after(async () => {
  await proxy?.close()
  if (server !== undefined) await stop(server.process)
})

for (const version of ['2026-07-28', '2025-11-25'] as const) {
  test(`the raw client lists, calls and sees progress over ${version}`, async () => {
    for (const target of [url, proxy.url]) {
      const client = mcp(target, { version })
      assert.ok((await client.list('tools')).length > 20)
      assert.ok((await client.list('resources/templates')).length > 0)
      const called = await client.call('test_tool_with_progress', {}, { progressToken: 7 })
      assert.equal(called.status, 200)
      assert.equal(called.result.content[0].text, 'done')
      assert.deepEqual(
        called.notifications.map((message) => message.params.progress),
        [0, 50, 100],
      )
      const read = await client.request('resources/read', { uri: 'test://static-text' })
      assert.match(read.result.contents[0].text, /static text/)
    }
  })
}

test('an answer can be read as it arrives, and left', async () => {
  const stream = await mcp(proxy.url).open('tools/call', { name: 'test_tool_with_progress', _meta: { progressToken: 1 } })
  const first = await stream.messages.next()
  assert.equal(first.value.params.progress, 0)
  stream.abort()
  await assert.rejects(async () => {
    for await (const _ of stream.messages);
  })
})

test('the proxy leaves a wrong Host and a wrong Origin wrong, and translates its own', async () => {
  const client = mcp(proxy.url)
  const own = new URL(proxy.url)
  const body = { jsonrpc: '2.0', id: 1, method: 'ping' }
  const status = async (headers: Record<string, string>): Promise<number> => (await client.post(body, headers)).status
  assert.equal(await status({ host: 'evil.example.com' }), 403)
  assert.equal(await status({ origin: 'http://evil.example.com' }), 403)
  assert.notEqual(await status({ host: own.host, origin: own.origin }), 403)
})

test('bytes and headers are sent exactly as given, through the proxy too', async () => {
  const echo = createServer(async (req, res) => {
    let body = ''
    for await (const chunk of req) body += chunk
    res.setHeader('content-type', 'application/json').end(JSON.stringify({ result: { headers: req.rawHeaders, body } }))
  })
  await once(echo.listen(0, '127.0.0.1'), 'listening')
  const target = `http://localhost:${(echo.address() as AddressInfo).port}/mcp`
  await using added = await createTokenProxy({ target, token: 'added-by-the-proxy' })
  try {
    for (const through of [target, added.url]) {
      const client = mcp(through, { version: '2025-11-25' })
      const answer = await client.post('{"a":1,"a":2}', { accept: null, 'x-twice': ['one', 'two'], 'content-length': '13' })
      const { headers, body } = answer.result as { headers: string[]; body: string }
      assert.equal(body, '{"a":1,"a":2}')
      const named = (name: string): string[] => headers.filter((_, at) => headers[at - 1]?.toLowerCase() === name && at % 2 === 1)
      assert.deepEqual(named('x-twice'), ['one', 'two'])
      assert.deepEqual(named('accept'), [])
      assert.deepEqual(named('content-length'), ['13'])
      assert.deepEqual(named('authorization'), through === target ? [] : ['Bearer added-by-the-proxy'])
    }
  } finally {
    echo.close()
    echo.closeAllConnections()
  }
})
