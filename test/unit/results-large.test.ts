// A result of 50 MB through the gateway, and those of a server that others wrote.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { verifies } from '../requirements.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { type McpClient, mcp } from '../support/mcp.ts'
import { ROOT } from '../support/paths.ts'
import type { Json } from '../support/sse.ts'

verifies('results-head-and-link', 'results-own', 'results-gone', 'results-large')

const MB = 1_000_000
const SECRET = 'canary-of-an-upstream-90210'
const script = join(import.meta.dirname, '..', 'fixtures', 'large-server.ts')
const everything = join(ROOT, 'node_modules/@modelcontextprotocol/server-everything/dist/index.js')

const linkIn = (result: Json): Json => result.content.find((block: Json) => block.type === 'resource_link')

describe('a result of 50 MB', () => {
  let gateway: Gateway
  let owner: McpClient
  let other: McpClient
  let result: Json
  let peak = 0

  before(async () => {
    const servers = {
      large: { command: process.execPath, args: [script], env: { API_TOKEN: SECRET } },
      everything: { command: process.execPath, args: [everything, 'stdio'] },
    }
    gateway = await startGateway({ servers, config: { results: { maxTokens: 8_000 } } })
    owner = mcp(gateway.url, { key: (await gateway.key()).key, version: '2026-07-28' })
    other = mcp(gateway.url, { key: (await gateway.key()).key, version: '2026-07-28' })
    await other.call('everything__echo', { message: 'warm' })
    const base = process.memoryUsage().rss
    const watching = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss - base)), 10)
    let isDone = false
    const large = owner.call('large__text', { bytes: 50 * MB }).then((answer) => {
      isDone = true
      return answer
    })
    // Others are answered while it is in work.
    let meanwhile = 0
    while (!isDone) {
      const answer = await other.call('everything__echo', { message: 'meanwhile' })
      assert.equal(answer.result?.content[0].text, 'Echo: meanwhile')
      if (!isDone) meanwhile++
      await delay(50)
    }
    result = (await large).result
    clearInterval(watching)
    assert.ok(meanwhile >= 5, `${meanwhile} calls of others were answered meanwhile`)
  })
  after(() => gateway[Symbol.asyncDispose]())

  it('is a head and a link for the model, and takes no more than a few times its size', () => {
    assert.ok(Buffer.byteLength(JSON.stringify(result)) <= 32_000)
    assert.match(result.content[0].text, /^one line of a long log/)
    assert.equal(linkIn(result).size, 50 * MB - redactedBytes())
    assert.ok(peak < 10 * 50 * MB, `${Math.round(peak / MB)} MB at the most`)
  })
  it('is kept without the secret of its server, which stood at every place where slices are cut', async () => {
    const { uri } = linkIn(result)
    const find = async (words: string): Promise<Json> =>
      JSON.parse((await owner.request('resources/read', { uri: `${uri}?search=${encodeURIComponent(words)}` })).result.contents[0].text)
    assert.equal((await find(SECRET.slice(0, 14))).matches.length, 0)
    assert.equal((await find(SECRET.slice(-14))).matches.length, 0)
    assert.equal((await find('[redacted]')).matches.length, 20)
  })
  it('can be read at its very end, by its owner alone', async () => {
    const { uri, size } = linkIn(result)
    const last = (await owner.request('resources/read', { uri: `${uri}?offset=${size - 10}` })).result.contents[0]
    assert.deepEqual(last._meta['sallyport/range'], { offset: size - 10, length: 10, total: size })
    assert.equal((await other.request('resources/read', { uri })).error.message, 'Resource not found')
  })
  it('and what server-everything answers is cut in the same way: its file of zipped text is a link', async () => {
    const { result: image } = await owner.call('everything__get-tiny-image')
    assert.ok(image.content.some(({ type }: Json) => type === 'image'))
    const limited = await startGateway({
      servers: {
        everything: { command: process.execPath, args: [everything, 'stdio'], release: { '*': { images: 'link', maxBytes: 2_048 } } },
      },
    })
    try {
      const client = mcp(limited.url, { key: (await limited.key()).key, version: '2026-07-28' })
      const { result: linked } = await client.call('get-tiny-image')
      assert.equal(linked.content.filter(({ type }: Json) => type === 'image').length, 0)
      const { contents } = (await client.request('resources/read', { uri: linkIn(linked).uri })).result
      assert.equal(contents[0].mimeType, 'image/png')
      assert.equal(contents[0].blob, image.content.find(({ type }: Json) => type === 'image').data)
      const { result: echoed } = await client.call('echo', { message: 'word '.repeat(2_000) })
      assert.ok(Buffer.byteLength(JSON.stringify(echoed)) <= 2_048)
      assert.equal(linkIn(echoed).size, 'Echo: '.length + 10_000)
    } finally {
      await limited.stop()
    }
  })
  it('is gone when its time is up', async () => {
    const { uri } = linkIn(result)
    gateway.advance(3_601_000)
    assert.equal((await owner.request('resources/read', { uri })).error.message, 'Resource not found')
    await gateway.data.store.sweep()
  })
})

/** What redaction takes out of the text that the server makes. */
function redactedBytes(): number {
  const count = Math.floor((50 * MB - 262_144) / 262_144) + 1
  return count * (SECRET.length - '[redacted]'.length)
}
