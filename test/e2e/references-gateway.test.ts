/** References through the gateway: callers send where something is, and the guarded server gets what is there. */

import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import { MCPClient } from '../../src/client/index.ts'
import { silentLog } from '../../src/core/index.ts'
import { resource, tool } from '../../src/server/index.ts'
import { verifies } from '../requirements.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { startServer, type TestServer } from '../support/server.ts'

verifies('references')

const digest = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex')
const text = { type: 'string', maxLength: 60_000_000 } as const
const hash = tool({
  name: 'hash',
  permissions: 'public',
  parameters: { type: 'object', properties: { text, label: text }, required: ['text'] },
  execute: ({ text, label = '' }) => `${label} ${digest(text)}`,
})
const picture = tool({
  name: 'hash_picture',
  permissions: 'public',
  parameters: { type: 'object', properties: { data: text }, required: ['data'] },
  execute: ({ data }) => digest(Buffer.from(data, 'base64')),
})
const note = resource({ uri: 'notes://one', name: 'one', permissions: 'public', read: () => 'the note' })

suite('references through the gateway', () => {
  let upstream: TestServer
  let gateway: Gateway
  let client: MCPClient
  before(async () => {
    upstream = await startServer({
      tools: [hash, picture],
      resources: [note],
      auth: { cimd: 'off', dangerouslyAllowAnonymous: true },
      limits: { bodyBytes: 64 * 1024 * 1024, argumentBytes: 64 * 1024 * 1024 },
    })
    const references = { hash: { text: { maxBytes: 60_000_000 } }, '*_picture': { data: { as: 'base64', mimeTypes: ['image/*'] } } }
    gateway = await startGateway({ servers: { docs: { url: upstream.url, references } } })
    const { key } = await gateway.key()
    client = new MCPClient({ serverUrl: gateway.url, auth: { type: 'api_key', apiKey: key }, log: silentLog })
  })
  after(async () => {
    await client?.close()
    await gateway?.[Symbol.asyncDispose]()
    await upstream?.[Symbol.asyncDispose]()
  })

  const answer = async (name: string, args: object): Promise<string> => {
    const { content } = await client.callTool(name, args as Record<string, unknown>)
    return (content[0] as { text: string }).text
  }

  test('the content is in the argument, and the message had the reference alone', async () => {
    const { uri } = await client.putResource('a document')
    assert.equal(await answer('hash', { text: uri, label: 'one' }), `one ${digest('a document')}`)
    assert.equal(await answer('hash', { text: 'notes://one' }), ` ${digest('the note')}`)
    const bytes = randomBytes(1000)
    const { uri: image } = await client.putResource(bytes, { mimeType: 'image/png' })
    assert.equal(await answer('hash_picture', { data: image }), digest(bytes))
    assert.match(await answer('hash', { text: image }), /arguments\/text must refer to text/)
    assert.match(await answer('hash_picture', { data: uri }), /must refer to something of another media type/)
    assert.match(await answer('hash', { text: 'a document' }), /must be a reference to something that you may read here/)
    const listed = (await client.listTools()).find(({ name }) => name === 'hash')
    assert.deepEqual((listed?.inputSchema.properties?.['text'] as { maxLength: number } | undefined)?.maxLength, 4096)
  })

  test('50 MB go in in parts, and nothing of them is in the log', async () => {
    const line = 'CANARY of fifty megabytes, a line of it\n'
    const whole = line.repeat(50_000_000 / line.length)
    const before = process.memoryUsage().arrayBuffers
    let peak = 0
    async function* stream() {
      for (let at = 0; at < whole.length; at += 1_000_000) {
        yield Buffer.from(whole.slice(at, at + 1_000_000))
        peak = Math.max(peak, process.memoryUsage().arrayBuffers - before)
      }
    }
    const put = await client.putResource(stream(), { mimeType: 'text/plain', ttlSeconds: 600 })
    assert.equal(put.size, 50_000_000)
    // Client, gateway and store are this one process: a few parts of half a megabyte each, and what the collector has not seen yet.
    assert.ok(peak < 200_000_000, `${Math.round(peak / 1e6)} MB`)
    const { contents } = await client.readResource(`${put.uri}?offset=49999990&length=100`)
    assert.deepEqual(contents[0], {
      uri: contents[0]?.uri,
      mimeType: 'text/plain',
      text: 'line of it\n'.slice(-10),
      _meta: contents[0]?._meta,
    })
    await assert.rejects(client.readResource(put.uri), { name: 'MCPRequestError', code: 507 })
    const [part] = (await client.readResource(`${put.uri}?offset=40&length=49000000`)).contents
    const { next, ...range } = (part?._meta?.['sallyport/range'] ?? {}) as Record<string, number>
    assert.deepEqual(
      [range, part && 'text' in part && part.text],
      [{ offset: 40, length: (next as number) - 40, total: 50_000_000 }, whole.slice(40, next)],
    )
    await client.deleteResource(put.uri)
    const small = await client.putResource(whole.slice(0, 5_000_000))
    assert.equal(await answer('hash', { text: small.uri }), ` ${digest(whole.slice(0, 5_000_000))}`)
    assert.ok(!gateway.log().includes('CANARY'))
    assert.ok(!JSON.stringify(await gateway.records()).includes('CANARY'))
  })
})
