// client-bounds: a server that sends too much, too deep or never enough. The client stops reading at its bound, says which, and is
// there for the next request.

import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { MCPClientOptions } from '../../src/client/index.ts'
import { AnyAnswer, startWorld } from '../fixtures/sign-in-world.ts'
import { verifies } from '../requirements.ts'
import { createClient, problemOf, signInTo, startServer } from '../support/client.ts'
import type { Json } from '../support/sse.ts'
import { lived } from '../support/until.ts'

verifies('client-bounds')

const call = { method: 'tools/call', params: { name: 'echo', arguments: {} } }
const json = { 'content-type': 'application/json' }
const sse = { 'content-type': 'text/event-stream' }
const deep = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels)
const result = (id: number, text: string, meta = '{}'): string =>
  `{"jsonrpc":"2.0","id":${id},"result":{"resultType":"complete","content":[{"type":"text","text":${text}}],"_meta":${meta}}}`

/** A modern server that answers `tools/call` as a test says. */
async function asked(
  answer: (message: Json, response: ServerResponse) => void,
  options: Partial<MCPClientOptions> = {},
): Promise<{ problem: string; ms: number }> {
  await using server = await startServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    const message = JSON.parse(text)
    if (message.method === 'tools/call') return answer(message, response)
    const discovered = {
      resultType: 'complete',
      supportedVersions: ['2026-07-28'],
      capabilities: { tools: {} },
      ttlMs: 0,
      cacheScope: 'private',
    }
    response.writeHead(200, json).end(JSON.stringify({ jsonrpc: '2.0', id: message.id, result: discovered }))
  })
  await using client = createClient(server, { auth: undefined, maxMessageBytes: 100_000, ...options })
  using time = lived()
  const problem = await problemOf(client.request(call))
  return { problem, ms: time.ms() }
}
/** Writes for as long as somebody reads. */
function pour(response: ServerResponse, head: string, chunk: string): void {
  response.write(head)
  const more = (): void => {
    while (!response.destroyed && response.write(chunk));
  }
  response.on('drain', more)
  more()
}

describe('client-bounds: answers of a server', () => {
  it('within the bounds arrive', async () => {
    const text = JSON.stringify('x'.repeat(50_000))
    for (const send of [
      (id: number, response: ServerResponse) => response.writeHead(200, json).end(result(id, text)),
      (id: number, response: ServerResponse) => response.writeHead(200, sse).end(`data: ${result(id, text)}\n\n`),
      (id: number, response: ServerResponse) =>
        // More than the bound in all, each message within it.
        response
          .writeHead(200, sse)
          .end(
            `data: {"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":${text}}}\n\n`.repeat(5) +
              `data: ${result(id, text)}\n\n`,
          ),
    ])
      assert.ok((await asked((message, response) => void send(message.id, response))).problem.startsWith('no error: '))
  })

  it('without end are not read to the end', async () => {
    const body = await asked((_, response) => pour(response.writeHead(200, json), '{"jsonrpc":"2.0","result":"', 'x'.repeat(10_000)))
    assert.equal(body.problem, 'TransportError too_large')
    const event = await asked((_, response) => pour(response.writeHead(200, sse), 'data: {"a":"', 'x'.repeat(10_000)))
    assert.equal(event.problem, 'TransportError too_large')
    const lines = await asked((_, response) => pour(response.writeHead(200, sse), '', 'data: x\n'.repeat(1000)))
    assert.equal(lines.problem, 'TransportError too_large')
    const other = await asked((_, response) => pour(response.writeHead(200, { 'content-type': 'text/plain' }), '', 'x'.repeat(10_000)))
    assert.equal(other.problem, 'TransportError malformed')
    for (const { ms } of [body, event, lines, other]) assert.ok(ms < 5000)
  })

  it('nested without end are not parsed', async () => {
    for (const levels of [64, 30_000])
      for (const [headers, wrap] of [
        [json, (text: string) => text],
        [sse, (text: string) => `data: ${text}\n\n`],
      ] as const) {
        const { problem } = await asked(
          (message, response) => void response.writeHead(200, headers).end(wrap(result(message.id, '"x"', `{"a":${deep(levels)}}`))),
        )
        assert.equal(problem, 'TransportError malformed', `${levels} ${headers['content-type']}`)
      }
  })

  it('that are compressed are not unpacked', async () => {
    const { problem } = await asked((message, response) => {
      response.writeHead(200, { ...json, 'content-encoding': 'gzip' }).end(gzipSync(result(message.id, '"x"')))
    })
    assert.equal(problem, 'TransportError malformed')
  })

  it('that break off or never come end with the request', async () => {
    assert.equal((await asked((_, response) => void response.writeHead(200, sse).end())).problem, 'TransportError closed')
    assert.equal((await asked((_, response) => void response.socket?.destroy())).problem, 'TransportError unreachable')
    const silent = await asked(() => {}, { requestTimeoutSeconds: 0.5 })
    assert.equal(silent.problem, 'TransportError timeout')
    assert.ok(silent.ms < 3000)
  })
})

describe('client-bounds: documents of an authorization server', () => {
  const huge = (document: Json): Json => ({ ...document, more: 'x'.repeat(300_000) })
  const nested = (document: Json): AnyAnswer =>
    new AnyAnswer({ body: JSON.stringify({ ...document, more: 0 }).replace('"more":0', `"more":${deep(100)}`) })

  for (const [what, change] of [
    ['too large', huge],
    ['too deep', nested],
  ] as const)
    for (const place of ['resourceMetadata', 'serverMetadata', 'registration', 'token'] as const)
      it(`${place} that is ${what} is not used`, async () => {
        await using world = await startWorld({ [place]: change })
        await using client = createClient(world)
        assert.match(
          await problemOf(signInTo(world, client)),
          /^AuthorizationError (?:metadata_invalid|registration_refused|token_refused)$/,
        )
      })

  it('a challenge that is too long, or is none, is not used', async () => {
    for (const challenge of [
      `Bearer error_description="${'x'.repeat(9000)}", scope="tools:other"`,
      `Bearer scope="${'x '.repeat(5000)}"`,
      'Bearer resource_metadata',
      ',,,,=',
      `Basic ${'a'.repeat(2000)}`,
    ]) {
      await using world = await startWorld({ challenge: () => challenge })
      await using client = createClient(world)
      await signInTo(world, client)
      assert.equal(new URL(world.to('/authorize')[0]?.path ?? '', world.issuer).searchParams.get('scope'), 'tools:read tools:execute')
    }
  })
})
