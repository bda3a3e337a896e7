// The reference server of 2025-11-25 behind the whole gateway, over stdio and over HTTP: what it asks, logs and announces reaches callers
// of both revisions.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { startChild, stopChild } from '../../src/process/index.ts'
import { type Gateway, said, startGateway } from '../support/gateway.ts'
import { type Answer, type McpClient, mcp, type Stream } from '../support/mcp.ts'
import { findFreePort, ROOT } from '../support/paths.ts'
import type { Json } from '../support/sse.ts'
import { until } from '../support/until.ts'

const MAIN = join(ROOT, 'node_modules', '@modelcontextprotocol', 'server-everything', 'dist', 'index.js')
const capabilities = { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} }
const accepted = { action: 'accept', content: { name: 'Ana', check: true } }
const sampled = { role: 'assistant', content: { type: 'text', text: 'a poem' }, model: 'test' }
const answers: Record<string, object> = { 'elicitation/create': accepted, 'sampling/createMessage': sampled, 'roots/list': { roots: [] } }

interface Rig extends AsyncDisposable {
  readonly modern: McpClient
  readonly legacy: McpClient
  readonly gateway: Gateway
}

async function open(transport: 'stdio' | 'http'): Promise<Rig> {
  await using opening = new AsyncDisposableStack()
  let server: object = { command: process.execPath, args: [MAIN, 'stdio'] }
  if (transport === 'http') {
    const port = await findFreePort()
    const child = startChild({ command: process.execPath, args: [MAIN, 'streamableHttp'], cwd: ROOT, env: { PORT: String(port) } })
    opening.defer(() => stopChild(child))
    let words = ''
    child.stdout.resume()
    child.stderr.on('data', (chunk: Buffer) => void (words += String(chunk)))
    await until('the server to listen', () => /listening/i.test(words))
    server = { url: `http://127.0.0.1:${port}/mcp` }
  }
  const gateway = opening.use(await startGateway({ servers: { everything: server } }))
  const { key } = await gateway.key()
  const modern = mcp(gateway.url, { key, capabilities })
  await until('the server to be connected', async () => (await modern.list()).length > 0)
  const opened = opening.move()
  return {
    gateway,
    modern,
    legacy: mcp(gateway.url, { key, capabilities, version: '2025-11-25' }),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

/** A call of either revision, with everything that it was asked. */
async function converse(client: McpClient, era: 'modern' | 'legacy', name: string, args: object): Promise<{ asked: Json[]; text: string }> {
  const asked: Json[] = []
  if (era === 'modern') {
    for (let more = {}; ; ) {
      const answer: Answer = await client.request('tools/call', { name, arguments: args, ...more })
      if (answer.result?.resultType !== 'input_required') return { asked, text: said(answer as Json) }
      const { inputRequests, requestState } = answer.result
      asked.push(...Object.values(inputRequests))
      const inputResponses = Object.fromEntries(
        Object.entries(inputRequests).map(([key, request]) => [key, answers[(request as Json).method]]),
      )
      more = { requestState, inputResponses }
    }
  }
  const stream = await client.open('tools/call', { name, arguments: args })
  let last: Json
  for await (const message of stream.messages) {
    last = message
    if (message.method === undefined || message.id === undefined) continue
    asked.push(message)
    await client.answer({ jsonrpc: '2.0', id: message.id, result: answers[message.method] })
  }
  return { asked, text: said(last) }
}

/** The next message of a stream that is of this method. */
async function next(stream: Stream, method: string): Promise<Json> {
  for (;;) {
    const { value, done } = await stream.messages.next()
    if (done || value.method === method) return value
  }
}

for (const transport of ['stdio', 'http'] as const) {
  describe(`the reference server over ${transport}`, () => {
    let rig: Rig
    before(async () => {
      rig = await open(transport)
    })
    after(() => rig[Symbol.asyncDispose]())

    // Before anybody has said how much is to be logged: the level is the server’s, for all of its callers. Over HTTP it logs on a stream
    // that is no call's, and so to none.
    if (transport === 'stdio')
      test('logs during a call to its caller, from the level on that the caller wants', async () => {
        const at = async (level: string): Promise<string[]> => {
          const answer = await rig.modern.call('toggle-simulated-logging', {}, { 'io.modelcontextprotocol/logLevel': level })
          return answer.notifications.map(({ method, params }) => `${method} ${params.data}`)
        }
        const found = await at('debug')
        assert.equal(found.length, 1)
        assert.match(found[0] ?? '', /^notifications\/message \w+.level.message/)
        // Off again: nothing is logged.
        assert.deepEqual(await at('debug'), [])
      })

    test('asks callers of both revisions for a completion, a form and a visit, and goes on with what they answer', async () => {
      for (const era of ['modern', 'legacy'] as const) {
        const client = rig[era]
        const sampling = await converse(client, era, 'trigger-sampling-request', { prompt: 'Write one' })
        assert.equal(sampling.asked[0].params.messages[0].content.text, 'Resource trigger-sampling-request context: Write one')
        assert.match(sampling.text, /a poem/)
        const form = await converse(client, era, 'trigger-elicitation-request', {})
        assert.equal(form.asked[0].params.requestedSchema.properties.email.format, 'email')
        assert.match(form.text, /provided the requested information/)
        const visit = { url: 'https://example.com/visit', message: 'Please' }
        const page = await converse(client, era, 'trigger-url-elicitation', visit)
        assert.deepEqual([page.asked[0].params.mode, page.asked[0].params.url], ['url', visit.url])
        assert.match(page.text, /completed the URL elicitation/)
        // By the error of 2025-11-25, after which the call is made again.
        const error = await converse(client, era, 'trigger-url-elicitation', { ...visit, elicitationId: `error-${era}`, errorPath: true })
        assert.deepEqual(
          error.asked.map(({ params }) => params.url),
          ['https://modelcontextprotocol.io', visit.url],
        )
        assert.match(error.text, /completed the URL elicitation/)
      }
    })

    test('is told what is watched, and its changes reach those who watch', async () => {
      const uri = 'demo://resource/dynamic/text/7'
      const stream = await rig.modern.open('subscriptions/listen', { notifications: { resourceSubscriptions: [uri] } })
      const { params } = await next(stream, 'notifications/subscriptions/acknowledged')
      assert.deepEqual(params.notifications, { resourceSubscriptions: [uri] })
      // The server tells of its own subscriptions when it is asked to, and once it has heard of them.
      const toggled = until('the change', async () => {
        await rig.modern.call('toggle-subscriber-updates')
        return Promise.race([changed.then(() => true), new Promise<boolean>((resolve) => setTimeout(resolve, 200, false))])
      })
      const changed = next(stream, 'notifications/resources/updated')
      await toggled
      assert.equal((await changed).params.uri, uri)
      stream.abort()
    })

    test('does not learn roots: what one caller says of itself would be everybody’s', async () => {
      const names = (await rig.modern.list()).map(({ name }) => name as string)
      assert.ok(names.includes('trigger-sampling-request'))
      if (transport === 'stdio') return assert.ok(!names.includes('get-roots-list'))
      // It asks on no call's stream, so that it is told nothing.
      const { asked, text } = await converse(rig.modern, 'modern', 'get-roots-list', {})
      assert.deepEqual([asked, /no roots are currently configured/.test(text)], [[], true])
    })
  })
}
