// G10: what an upstream wants to have back comes back to it byte for byte, once, and only from the caller, for the request, that it was
// given to. The upstream writes down all that it is sent, so that what was refused is seen not to have reached it.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { verifies } from '../requirements.ts'
import { type Gateway, said, startGateway } from '../support/gateway.ts'
import { type Answer, type McpClient, mcp } from '../support/mcp.ts'
import { ROOT } from '../support/paths.ts'
import type { Json } from '../support/sse.ts'

verifies('G10')

const SERVER = join(ROOT, 'test', 'fixtures', 'asking-server.ts')
const elicitation = { elicitation: {} }
const form = {
  method: 'elicitation/create',
  params: { message: 'Who?', requestedSchema: { type: 'object', properties: { name: { type: 'string' } } } },
}
// Line ends, quotes, NUL, half a surrogate pair, what looks like JSON, base64 and a path: nothing of it may be touched.
const STATE = 'a\u2028b\u0085\r\n"\\\u0000\ud800 ü€😀 e\u0301ﬁ\ufeff {"x":1} ==../%2e+/ '
const given = { name: { action: 'accept', content: { name: 'Ana' } } }

let gateway: Gateway
let alice: McpClient
let bob: McpClient

before(async () => {
  const server = { command: process.execPath, args: [SERVER, '--modern'] }
  gateway = await startGateway({ servers: { modern: server, legacy: { command: process.execPath, args: [SERVER] } } })
  alice = mcp(gateway.url, { key: (await gateway.key()).key, capabilities: elicitation })
  bob = mcp(gateway.url, { key: (await gateway.key()).key, capabilities: elicitation })
})
after(() => gateway[Symbol.asyncDispose]())

const args = { requests: { name: form }, state: STATE }
const ask = (client: McpClient, tool = 'modern__ask'): Promise<Answer> =>
  client.call(tool, tool.startsWith('modern') ? args : { requests: [form] })
const retry = (client: McpClient, requestState: unknown, over: object = {}): Promise<Answer> =>
  client.request('tools/call', { name: 'modern__ask', arguments: args, inputResponses: given, requestState, ...over })
/** What reached the upstream with a state of its own. */
async function reached(server = 'modern'): Promise<Json[]> {
  const seen = JSON.parse(said((await alice.call(`${server}__seen`)) as Json)) as Json[]
  return seen.filter(({ params }) => params?.requestState !== undefined || params?.inputResponses !== undefined)
}
/** Nothing of it gets through, whatever it is. */
async function assertRefused(attempt: () => Promise<Answer>): Promise<void> {
  const before = (await reached()).length
  const { error } = await attempt()
  assert.equal(error?.code, -32602)
  assert.equal((await reached()).length, before)
}

describe('G10: requestState through the gateway', () => {
  it('comes back to the upstream byte for byte, with the caller’s answers; the caller never sees it', async () => {
    const { result } = await ask(alice)
    assert.equal(result.resultType, 'input_required')
    assert.deepEqual(result.inputRequests, { name: form })
    for (const piece of ['"x"', 'ü€', 'YQ==', STATE.slice(0, 4)]) assert.ok(!JSON.stringify(result.requestState).includes(piece))
    const answer = await retry(alice, result.requestState)
    assert.deepEqual(JSON.parse(said(answer as Json)), { inputResponses: given, requestState: STATE })
    assert.equal((await reached()).at(-1).params.requestState, STATE)
  })

  it('comes back to it from a caller of 2025-11-25 too, who is asked by a request', async () => {
    const old = mcp(gateway.url, { key: (await gateway.key()).key, version: '2025-11-25', capabilities: elicitation })
    const stream = await old.open('tools/call', { name: 'modern__ask', arguments: args })
    let last: Json
    for await (const message of stream.messages) {
      last = message
      if (message.method === 'elicitation/create') await old.answer({ jsonrpc: '2.0', id: message.id, result: given.name })
    }
    assert.deepEqual(JSON.parse(said(last)), { inputResponses: given, requestState: STATE })
  })

  it('is refused from another principal, even with the very same request, and stays good for its owner', async () => {
    const { result } = await ask(alice)
    await assertRefused(() => retry(bob, result.requestState))
    assert.equal(JSON.parse(said((await retry(alice, result.requestState)) as Json)).requestState, STATE)
  })

  it('is good once: of ten that replay it at the same time one reaches the upstream', async () => {
    const { result } = await ask(alice)
    const before = (await reached()).length
    const answers = await Promise.all(Array.from({ length: 10 }, () => retry(alice, result.requestState)))
    assert.equal(answers.filter(({ error }) => error === undefined).length, 1)
    assert.equal((await reached()).length, before + 1)
    await assertRefused(() => retry(alice, result.requestState))
  })

  it('is good for its own request alone: other arguments, another tool or another server are refused', async () => {
    const { result } = await ask(alice)
    const { requestState } = result
    await assertRefused(() => retry(alice, requestState, { arguments: { ...args, state: 'another' } }))
    await assertRefused(() => retry(alice, requestState, { name: 'modern__wait' }))
    await assertRefused(() => retry(alice, requestState, { name: 'legacy__ask' }))
  })

  it('cannot be made up, changed, nor taken from elsewhere: the upstream’s own text is as good as any other', async () => {
    const { result } = await ask(alice)
    const sealed = result.requestState as string
    const middle = Math.floor(sealed.length / 2)
    const changed = `${sealed.slice(0, middle)}${sealed[middle] === 'A' ? 'B' : 'A'}${sealed.slice(middle + 1)}`
    for (const state of [STATE, '', 'x', changed, `${sealed}A`, sealed.slice(1), 7, null, {}, [sealed], 'x'.repeat(300_000)])
      await assertRefused(() => retry(alice, state))
  })

  it('lasts for minutes only', async () => {
    const { result } = await ask(alice)
    gateway.advance(11 * 60_000)
    await assertRefused(() => retry(alice, result.requestState))
  })

  it('a legacy upstream’s call that waits goes on for its owner alone, once', async () => {
    const { result } = await ask(alice, 'legacy__ask')
    const [key = ''] = Object.keys(result.inputRequests)
    const again = (client: McpClient): Promise<Answer> =>
      client.request('tools/call', {
        name: 'legacy__ask',
        arguments: { requests: [form] },
        inputResponses: { [key]: given.name },
        requestState: result.requestState,
      })
    assert.equal((await again(bob)).error?.code, -32602)
    const answers = await Promise.all([again(alice), again(alice), again(alice)])
    const through = answers.filter(({ error }) => error === undefined)
    assert.equal(through.length, 1)
    assert.deepEqual(JSON.parse(said(through[0] as Json))[0].result, given.name)
    const seen = JSON.parse(said((await alice.call('legacy__seen')) as Json)) as Json[]
    assert.equal(seen.filter((message) => message.result?.action === 'accept').length, 1)
  })
})
