// client-bounds: a server that says more than anybody asked for: notifications, requests of its own, streams that break off at once. The
// client drops what is too much, says so once, and the answer to its own request still arrives.

import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { describe, it } from 'node:test'
import { verifies } from '../requirements.ts'
import { createClient } from '../support/client.ts'
import { startPlainServer } from '../support/plain-server.ts'
import { until } from '../support/until.ts'

verifies('client-bounds')

const unpinned = { drift: 'off', findings: 'off' } as const
const line = (message: object): string => `data: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`
const stream = { 'content-type': 'text/event-stream' }

/** A server that streams what a test says before its answer. */
const streaming = (flood: (response: ServerResponse) => void, heard?: () => void) =>
  startPlainServer({
    era: 'legacy',
    ...(heard && { heard }),
    answer: (_, response, id) => {
      response.writeHead(200, stream)
      flood(response)
      response.end(line({ id, result: { content: [{ type: 'text', text: 'at last' }] } }))
      return undefined
    },
  })

describe('client-bounds: what nobody asked for', () => {
  it('is handed on a thousand times a second at the most', async (t) => {
    // All of it comes in one second.
    t.mock.method(performance, 'now', () => 1_000)
    let entries = 0
    const warned: string[] = []
    const entry = line({ method: 'notifications/message', params: { level: 'info', data: 'x' } })
    await using server = await streaming((response) => void response.write(entry.repeat(20_000)))
    await using client = createClient(server, {
      auth: undefined,
      trust: unpinned,
      onLog: () => void entries++,
      log: (_, message) => void warned.push(message),
    })
    assert.deepEqual((await client.callTool('any')).content, [{ type: 'text', text: 'at last' }])
    assert.equal(entries, 1_000)
    assert.equal(warned.filter((message) => message.includes('notifications a second')).length, 1)
  })

  it('is not answered without end', async () => {
    const warned: string[] = []
    let heard = 0
    const pings = Array.from({ length: 5000 }, (_, index) => line({ id: `p${index}`, method: 'ping' })).join('')
    await using server = await streaming(
      (response) => void response.write(pings),
      () => void heard++,
    )
    await using client = createClient(server, { auth: undefined, trust: unpinned, log: (_, message) => void warned.push(message) })
    assert.deepEqual((await client.callTool('any')).content, [{ type: 'text', text: 'at last' }])
    await until('some are answered', () => heard > 0)
    assert.ok(heard < 2500, String(heard))
    assert.equal(warned.filter((message) => message.includes('requests at once')).length, 1)
  })

  it('is not answered without end where it all goes by one id', async () => {
    const warned: string[] = []
    let heard = 0
    await using server = await streaming(
      (response) => void response.write(line({ id: 'p', method: 'ping' }).repeat(5000)),
      () => void heard++,
    )
    await using client = createClient(server, { auth: undefined, trust: unpinned, log: (_, message) => void warned.push(message) })
    assert.deepEqual((await client.callTool('any')).content, [{ type: 'text', text: 'at last' }])
    await until('some are answered', () => heard > 0)
    assert.equal(warned.filter((message) => message.includes('several requests of one id')).length, 1)
    assert.ok(heard < 2500, String(heard))
  })

  it('is forgotten where the server takes it back, so that it may ask again', async () => {
    let heard = 0
    const question = { mode: 'form', message: 'x', requestedSchema: { type: 'object', properties: {} } }
    const takenBack = Array.from(
      { length: 100 },
      (_, index) =>
        line({ id: `q${index}`, method: 'elicitation/create', params: question }) +
        line({ method: 'notifications/cancelled', params: { requestId: `q${index}` } }),
    ).join('')
    await using server = await streaming(
      (response) => void response.write(takenBack + line({ id: 'p', method: 'ping' })),
      () => void heard++,
    )
    await using client = createClient(server, {
      auth: undefined,
      trust: unpinned,
      onInput: { elicitation: () => ({ action: 'decline' }) },
    })
    await client.callTool('any')
    await until('the last one is answered', () => heard > 0)
  })

  it('is not put to a person more than a few times at once', async () => {
    let asked = 0
    const question = { mode: 'form', message: 'x', requestedSchema: { type: 'object', properties: {} } }
    const questions = Array.from({ length: 60 }, (_, index) =>
      line({ id: `q${index}`, method: 'elicitation/create', params: question }),
    ).join('')
    await using server = await streaming((response) => void response.write(questions))
    await using client = createClient(server, {
      auth: undefined,
      trust: unpinned,
      onInput: {
        elicitation: () => {
          asked++
          return new Promise(() => {})
        },
      },
    })
    await client.callTool('any')
    assert.ok(asked > 0 && asked <= 32, String(asked))
  })

  it('does not make it ask for a stream again at once, whatever the server says', async () => {
    let opened = 0
    await using server = await startPlainServer({
      era: 'legacy',
      answer: () => ({ content: [] }),
      // A stream that ends as soon as it is there, and wants to be resumed this very moment, or never.
      listening: (response) => {
        opened++
        response.writeHead(200, stream).end('retry: 0\nid: 1\ndata: \n\n')
      },
    })
    await using client = createClient(server, { auth: undefined, trust: unpinned })
    await client.callTool('any')
    const startedAt = performance.now()
    await until('it has come back', () => opened >= 4)
    assert.ok(performance.now() - startedAt > 250, 'a tenth of a second each at the least')
  })
})
