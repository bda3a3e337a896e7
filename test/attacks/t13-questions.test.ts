// T13: callers side by side, whose calls make their upstream ask and log. Each question and each message has the canary of the call that
// it belongs to, and no other caller may ever see it; answers must come back to the call that asked.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { verifies } from '../requirements.ts'
import { type Child, firstLine, start, stop } from '../support/child.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { type Answer, type McpClient, mcp } from '../support/mcp.ts'
import { ROOT, withBin } from '../support/paths.ts'
import type { Json } from '../support/sse.ts'

verifies('T13', 'whose-question')

const ASKING = join(ROOT, 'test', 'fixtures', 'asking-server.ts')
const SDK = join(ROOT, 'test', 'conformance', 'server.ts')
const WHO = ['alice', 'bob'] as const
type Who = (typeof WHO)[number]

let web: Child
let gateway: Gateway
const keys = {} as Record<Who, string>
const modern = {} as Record<Who, McpClient>
const legacy = {} as Record<Who, McpClient>

before(async () => {
  web = start(process.execPath, [SDK, '--legacy'], { env: withBin(), stdio: ['ignore', 'pipe', 'pipe'] })
  const { url } = JSON.parse(await firstLine(web, 60_000)) as { url: string }
  const child = (...flags: string[]) => ({ command: process.execPath, args: [ASKING, ...flags] })
  const plenty = { max: 100_000 }
  gateway = await startGateway({
    servers: { channel: child(), rounds: child('--modern'), web: { url } },
    config: { limits: { address: plenty, principal: plenty, client: plenty, tool: plenty } },
  })
  for (const who of WHO) {
    const { key } = await gateway.key()
    keys[who] = key
    const capabilities = { elicitation: { form: {} }, sampling: {} }
    modern[who] = mcp(gateway.url, { key, capabilities })
    legacy[who] = mcp(gateway.url, { key, capabilities, version: '2025-11-25' })
  }
})
after(async () => {
  await gateway[Symbol.asyncDispose]()
  await stop(web.process)
})

interface Call {
  readonly tool: string
  readonly args: object
}
interface Heard {
  readonly questions: string[]
  readonly logged: string[]
  readonly result: string
}

const form = (message: string): object => ({
  method: 'elicitation/create',
  params: { message, requestedSchema: { type: 'object', properties: { username: { type: 'string' } } } },
})
/** The answer names whoever gave it. */
const answered = (who: Who): object => ({ action: 'accept', content: { username: `answer of ${who}`, email: `${who}@example.com` } })

/** A caller of 2026-07-28, who answers in further requests. */
async function asModern(who: Who, { tool, args }: Call): Promise<Heard> {
  const questions: string[] = []
  const logged: string[] = []
  let more: object = {}
  for (;;) {
    const _meta = { 'io.modelcontextprotocol/logLevel': 'debug' }
    const answer: Answer = await modern[who].request('tools/call', { name: tool, arguments: args, ...more, _meta })
    logged.push(...answer.notifications.map((message) => JSON.stringify(message)))
    if (answer.result?.resultType !== 'input_required') return { questions, logged, result: JSON.stringify(answer.body) }
    const { inputRequests, requestState } = answer.result
    questions.push(JSON.stringify(inputRequests))
    more = { requestState, inputResponses: Object.fromEntries(Object.keys(inputRequests).map((key) => [key, answered(who)])) }
  }
}

/** One of 2025-11-25, who is asked on its stream. */
async function asLegacy(who: Who, { tool, args }: Call): Promise<Heard> {
  const questions: string[] = []
  const logged: string[] = []
  let result = ''
  const stream = await legacy[who].open('tools/call', { name: tool, arguments: args })
  for await (const message of stream.messages as AsyncIterable<Json>) {
    if (message.method === 'notifications/message') logged.push(JSON.stringify(message))
    else if (message.method !== undefined) {
      questions.push(JSON.stringify(message))
      await legacy[who].answer({ jsonrpc: '2.0', id: message.id, result: answered(who) })
    } else result = JSON.stringify(message)
  }
  return { questions, logged, result }
}

/** What one caller hears is its own, and what its call is answered with too. */
function assertOwn(who: Who, canary: string, { questions, logged, result }: Heard): void {
  const [other] = WHO.filter((each) => each !== who)
  for (const text of [...questions, ...logged]) assert.ok(text.includes(canary), `${who} heard ${text}`)
  for (const text of [...questions, ...logged, result]) assert.ok(!text.includes(`${other}-`) && !text.includes(`answer of ${other}`), text)
}

/** Both callers at once, in both revisions, again and again. */
async function crowd(rounds: number, callOf: (canary: string) => Call, check: (heard: Heard) => void): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    const calls = WHO.flatMap((who) => [asModern, asLegacy].map((as) => ({ who, as, canary: `${who}-${as.name}-${round}` })))
    await Promise.all(
      calls.map(async ({ who, as, canary }) => {
        const heard = await as(who, callOf(canary))
        assertOwn(who, canary, heard)
        check(heard)
      }),
    )
  }
}

const noisy: Call = { tool: 'web__test_tool_with_logging', args: {} }

function callAndHangUp(signal: AbortSignal, name: string, args: object): Promise<Response> {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': { elicitation: {} },
  }
  const headers = {
    authorization: `Bearer ${keys.alice}`,
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': 'tools/call',
    'mcp-name': name,
  }
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args, _meta } })
  return fetch(gateway.url, { method: 'POST', headers, body, signal })
}

describe('T13: crossed questions and log messages', () => {
  it('over HTTP each question comes to the caller of its own call, and each answer back to it', async () => {
    let asked = 0
    await crowd(
      10,
      (canary) => ({ tool: 'web__test_elicitation', args: { message: canary } }),
      ({ questions, result }) => {
        asked += questions.length
        assert.match(result, /answer of/)
      },
    )
    assert.equal(asked, 40)
  })

  it('so does each input-required round of a modern upstream, over its one channel', async () => {
    let asked = 0
    await crowd(
      10,
      (canary) => ({ tool: 'rounds__ask', args: { requests: { q: form(canary) }, state: canary } }),
      ({ questions, result }) => {
        asked += questions.length
        assert.match(result, /answer of/)
      },
    )
    assert.equal(asked, 40)
  })

  it('over one channel a legacy upstream’s question comes to its own caller or to nobody', async () => {
    let asked = 0
    let refused = 0
    for (let round = 0; round < 30; round++) {
      await Promise.all(
        WHO.map(async (who, at) => {
          const as = (round + at) % 2 === 0 ? asModern : asLegacy
          const canary = `${who}-${round}`
          await delay(Math.random() * 40)
          const heard = await as(who, { tool: 'channel__ask', args: { requests: [form(canary)], afterMs: Math.random() * 20 } })
          assertOwn(who, canary, heard)
          asked += heard.questions.length
          if (heard.questions.length > 0) assert.match(heard.result, new RegExp(`answer of ${who}`))
          else refused += Number(/cannot be told which caller/.test(heard.result))
        }),
      )
    }
    assert.equal(asked + refused, 60)
    assert.ok(asked > 0 && refused > 0, `${asked} asked, ${refused} refused`)
  })

  it('nor does it come to whoever is alone when the caller that it was for has hung up', async () => {
    const hangUp = new AbortController()
    const question = { requests: [form('alice-secret')], afterMs: 300 }
    const givenUp = callAndHangUp(hangUp.signal, 'channel__ask', question)
    await delay(100)
    hangUp.abort()
    await assert.rejects(givenUp, { name: 'AbortError' })
    // Alone in flight, and able to answer, while the question comes.
    const heard = await asModern('bob', { tool: 'channel__wait', args: { answerMs: 500 } })
    assert.deepEqual([heard.questions, /waited/.test(heard.result)], [[], true])
    const told = await asModern('bob', { tool: 'channel__seen', args: {} })
    assert.match(told.result, /notifications\/cancelled/)
    assert.match(told.result, /cannot be told which caller/)
  })

  it('log messages stay with their call: on its stream over HTTP, and over one channel where they can be of no other', async () => {
    const own = ['Tool execution started', 'Tool processing data', 'Tool execution completed']
    const calls = WHO.flatMap((who) => [asModern(who, noisy), asLegacy(who, noisy), asModern(who, noisy)])
    for (const heard of await Promise.all(calls))
      assert.deepEqual(
        heard.logged.map((text) => (JSON.parse(text) as Json).params.data),
        own,
      )
    let logged = 0
    for (let round = 0; round < 20; round++) {
      await Promise.all(
        WHO.map(async (who) => {
          const canary = `${who}-log-${round}`
          await delay(Math.random() * 20)
          const args = { messages: [{ level: 'error', data: canary }], answerMs: Math.random() * 10 }
          for (const tool of ['channel__log', 'rounds__log']) {
            const heard = await asModern(who, { tool, args })
            assertOwn(who, canary, heard)
            logged += heard.logged.length
          }
        }),
      )
    }
    assert.ok(logged > 0)
  })
})
