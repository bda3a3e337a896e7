// Bodies that are meant to break something: each gets a clear error, nothing of it runs, and the next caller is served.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { after, before, describe, it } from 'node:test'
import fc from 'fast-check'
import { verifies } from '../requirements.ts'
import { principal, type Rig, say, startEngine, tool } from '../support/engine.ts'
import { mcp } from '../support/mcp.ts'
import { until } from '../support/until.ts'

verifies('bounded-input', 'bounded-output', 'opaque-errors', 'G5')

let rig: Rig
let executed = 0
const entries = [
  tool('echo', ({ text }) => {
    executed++
    return say(String(text))
  }),
  tool('flood', () => say('x'.repeat(3_000_000))),
  tool('throws', () => {
    throw new Error('secret detail')
  }),
]
const meta = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {} }
const modern = { 'content-type': 'application/json', 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'echo' }
const call = (args: object) => ({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'echo', arguments: args, _meta: meta } })
const client = () => mcp(rig.url, { token: 'alice', version: '2026-07-28' })
const post = (body: string | Uint8Array | object, headers: Record<string, string | null> = {}) =>
  client().post(body, { authorization: 'Bearer alice', ...modern, ...headers })

/** Whatever it was, the server is still there for others, and nothing was executed. */
async function unharmed(before: number): Promise<void> {
  assert.equal(executed, before)
  const answer = await client().call('echo', { text: 'still here' })
  assert.equal(answer.result.content[0].text, 'still here')
  executed = before
}

before(async () => {
  rig = await startEngine(entries, { alice: principal('alice') }, { rates: unlimited() })
})
after(() => rig.close())

function unlimited() {
  const limit = { max: 1_000_000, windowMs: 60_000 }
  return { address: limit, principal: limit, client: limit, tool: limit }
}

const bodies: readonly (readonly [string, string | Uint8Array | object, Record<string, string | null>, number, number])[] = [
  ['a body of 10 MB', `{"x":"${'a'.repeat(10_000_000)}"}`, {}, 413, -32600],
  ['JSON 20,000 levels deep', `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`, {}, 400, -32700],
  ['arrays 20,000 levels deep, never closed', '['.repeat(20_000), {}, 400, -32700],
  ['a list of 10,001 items', JSON.stringify(call({ list: Array.from({ length: 10_001 }, () => 1) })), {}, 400, -32700],
  ['the same key twice', JSON.stringify(call({ text: 'a' })).replace('"text":"a"', '"text":"a","text":"b"'), {}, 400, -32700],
  ['the same name twice', JSON.stringify(call({})).replace('"name":"echo"', '"name":"echo","name":"flood"'), {}, 400, -32700],
  ['bytes that are not UTF-8', Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]), {}, 400, -32700],
  ['half a message', JSON.stringify(call({})).slice(0, -3), {}, 400, -32700],
  ['nothing', '', {}, 400, -32700],
  ['a batch', [call({}), call({})], {}, 400, -32600],
  ['an empty batch', [], {}, 400, -32600],
  ['a response', { jsonrpc: '2.0', id: 1, result: {} }, {}, 400, -32600],
  ['an id of null', { ...call({}), id: null }, {}, 400, -32600],
  ['text', JSON.stringify(call({})), { 'content-type': 'text/plain' }, 415, -32600],
  ['a form', 'a=b', { 'content-type': 'application/x-www-form-urlencoded' }, 415, -32600],
  ['no content type', JSON.stringify(call({})), { 'content-type': null }, 415, -32600],
  ['a compressed body', JSON.stringify(call({})), { 'content-encoding': 'gzip' }, 415, -32600],
  ['a caller that reads only HTML', JSON.stringify(call({})), { accept: 'text/html' }, 406, -32600],
  ['another method in the header', call({}), { 'mcp-method': 'tools/list' }, 400, -32020],
  ['another name in the header', call({}), { 'mcp-name': 'flood' }, 400, -32020],
  ['no name in the header', call({}), { 'mcp-name': null }, 400, -32020],
  ['another version in the header', call({}), { 'mcp-protocol-version': '2025-11-25' }, 400, -32020],
  ['no headers at all', call({}), { 'mcp-protocol-version': null, 'mcp-method': null, 'mcp-name': null }, 400, -32020],
]

describe('hostile input', () => {
  for (const [what, body, headers, status, code] of bodies) {
    it(`${what}: ${status}, and nothing runs`, async () => {
      const before = executed
      const answer = await post(body, headers)
      assert.equal(answer.status, status, JSON.stringify(answer.body))
      assert.equal(answer.error.code, code)
      assert.ok(answer.error.message.length > 10)
      await unharmed(before)
    })
  }
  it('arguments that are no object, and a name that is none: a sentence, and nothing runs', async () => {
    const before = executed
    for (const params of [
      { name: 'echo', arguments: 'x' },
      { name: 'echo', arguments: [] },
    ]) {
      const answer = await post({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { ...params, _meta: meta } })
      assert.equal(answer.error.code, -32602)
    }
    await unharmed(before)
  })
  it('a prototype as an argument is an argument, and pollutes nothing', async () => {
    const body = JSON.stringify(call({})).replace(
      '"arguments":{}',
      '"arguments":{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}',
    )
    assert.equal((await post(body)).status, 200)
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined)
    executed--
  })
  it('a caller that hangs up in the middle of its body leaves nothing behind', async () => {
    const before = executed
    const { port } = new URL(rig.url)
    for (let at = 0; at < 20; at++) {
      const socket = connect(Number(port), '127.0.0.1')
      socket.on('error', () => {})
      socket.write(
        `POST /mcp HTTP/1.1\r\nHost: localhost:${port}\r\nAuthorization: Bearer alice\r\nContent-Type: application/json\r\nContent-Length: 1000\r\nExpect: 100-continue\r\n\r\n{"jsonrpc"`,
      )
      // It has been heard so far (RFC 9110 §10.1.1).
      await once(socket, 'data')
      socket.destroy()
    }
    await unharmed(before)
    const gone = async () => (await rig.records()).filter(({ reason }) => reason === 'cancelled').length
    await until('each is on record', async () => (await gone()) >= 20)
    assert.equal(await gone(), 20)
  })
  it('a head that never ends, and one that is not HTTP, cost one connection', async () => {
    const { port } = new URL(rig.url)
    const answers: string[] = []
    for (const head of [
      'GARBAGE\r\n\r\n',
      `POST /mcp HTTP/1.1\r\nHost: localhost:${port}\r\nX: ${'a'.repeat(70_000)}\r\n\r\n`,
      `POST /mcp HTTP/1.1\r\nHost: localhost:${port}\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n`,
    ]) {
      const socket = connect(Number(port), '127.0.0.1')
      socket.on('error', () => {})
      socket.write(head)
      answers.push(
        await new Promise((resolve) => {
          let text = ''
          socket.on('data', (chunk) => (text += chunk))
          socket.on('close', () => resolve(text))
        }),
      )
    }
    assert.deepEqual(
      answers.map((text) => text.slice(9, 12)),
      ['400', '431', '400'],
    )
    await unharmed(executed)
  })
  it('a result over the budget is withheld whole', async () => {
    const answer = await client().call('flood')
    assert.match(answer.result.content[0].text, /withheld/)
    assert.ok(JSON.stringify(answer.messages).length < 1_000)
  })
  it('what a tool throws stays inside', async () => {
    const answer = await client().call('throws')
    assert.doesNotMatch(JSON.stringify(answer.messages), /secret detail/)
  })
  it('no body makes the server crash, hang, or run a tool that was not called', async () => {
    const names = fc.constantFrom('echo', 'throws', 'no-such-tool', '__proto__', 'constructor', '')
    const method = fc.oneof(
      fc.constantFrom(
        'tools/call',
        'tools/list',
        'resources/read',
        'prompts/get',
        'completion/complete',
        'initialize',
        'server/discover',
        '__proto__',
        'toString',
      ),
      fc.string(),
    )
    const params = fc.oneof(
      fc.record({
        name: names,
        uri: fc.string(),
        arguments: fc.oneof(fc.object({ maxDepth: 2 }), fc.jsonValue({ maxDepth: 2 })),
        ref: fc.jsonValue({ maxDepth: 2 }),
        _meta: fc.oneof(fc.constant(meta), fc.jsonValue({ maxDepth: 1 })),
      }),
      fc.jsonValue({ maxDepth: 2 }),
    )
    await fc.assert(
      fc.asyncProperty(
        method,
        params,
        fc.oneof(fc.integer(), fc.string(), fc.constant(null), fc.constant(undefined)),
        async (name, given, id) => {
          const before = executed
          const mirrored = /^[\x21-\x7e]*$/.test(name) ? { 'mcp-method': name } : {}
          const called = (given as { name?: unknown } | null)?.name
          const answer = await post(
            { jsonrpc: '2.0', id, method: name, params: given },
            { ...mirrored, 'mcp-name': typeof called === 'string' && called !== '' ? called : null },
          )
          assert.ok(answer.status < 500 || (name === 'tools/call' && called === 'throws'), `${answer.status} for ${name}`)
          if (!(name === 'tools/call' && called === 'echo')) assert.equal(executed, before)
        },
      ),
      { numRuns: 300 },
    )
    await unharmed(executed)
  })
})
