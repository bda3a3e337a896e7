// lying-server: an MCP server that lies in every member of every answer in turn, and in how it sends it. The client ends in time with an
// error of its own or with what the protocol lets it make of the answer; its memory is bounded, no token leaves, nobody else is asked.

import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { after, before, describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import { verifies } from '../requirements.ts'
import { type Canary, hear, startCanary } from '../support/lies.ts'
import type { Json } from '../support/sse.ts'

verifies('lying-server')

let canary: Canary
const crashes: unknown[] = []
const crashed = (error: unknown): unknown => crashes.push(error)
before(async () => {
  canary = await startCanary()
  process.on('unhandledRejection', crashed)
})
after(async () => {
  process.off('unhandledRejection', crashed)
  await canary[Symbol.asyncDispose]()
  assert.deepEqual(crashes, [])
  assert.equal(canary.connections(), 0)
  assert.equal((Object.prototype as Json).polluted, undefined)
})

const json = { 'content-type': 'application/json' }
const sse = { 'content-type': 'text/event-stream' }
const REFUSED = /^MCPRequestError$/
/** Believed where it does no harm, refused where it breaks the schema of the protocol: which of the two is the protocol's to say. */
const HARMLESS = /^(?:ends well|TransportError malformed|TrustError \w+)$/
const WELL = /^ends well$/
const MALFORMED = /^TransportError malformed$/
const NO_RESULT = /^(?:TransportError malformed|TrustError result_invalid)$/
const LATE = /^TransportError (?:timeout|closed|too_large|malformed)$/
const HUGE = 'x'.repeat(20_000)
const content = [{ type: 'text', text: 'hello' }]
const complete = { resultType: 'complete', content }

type Send = (message: Json, response: ServerResponse) => void
const whole =
  (make: (id: number) => unknown): Send =>
  ({ id }, response) => {
    const said = make(id)
    response.writeHead(200, json).end(typeof said === 'string' ? said : JSON.stringify(said))
  }
const result = (value: unknown): Send => whole((id) => ({ jsonrpc: '2.0', id, result: value }))
const event = (value: unknown): string => `data: ${typeof value === 'string' ? value : JSON.stringify(value)}\n\n`
const events =
  (make: (id: unknown, message: Json) => readonly unknown[]): Send =>
  (message, response) =>
    void response.writeHead(200, sse).end(make(message.id, message).map(event).join(''))
const answer = (id: unknown): object => ({ jsonrpc: '2.0', id, result: complete })

/** What is answered to one method; everything else is honest. */
async function lied(method: string, send: Send, expected: RegExp, what?: string): Promise<number> {
  let asked = 0
  const { outcome, world } = await hear({
    // Short where that may be how it ends.
    client: { requestTimeoutSeconds: expected.test('TransportError timeout') ? 2 : 20 },
    world: {
      serve(message, _, response) {
        if (message.method !== method) return false
        asked++
        send(message, response)
        return true
      },
    },
  })
  assert.match(outcome, expected, what)
  for (const { at, headers } of world.seen) if (at === 'issuer') assert.doesNotMatch(String(headers.authorization), /^Bearer/)
  return asked
}
function tells(method: string, rows: Readonly<Record<string, readonly [Send, RegExp]>>): void {
  for (const [what, [send, expected]] of Object.entries(rows)) it(what, () => lied(method, send, expected).then(() => {}))
}

describe('the envelope of an answer', () => {
  tells('tools/call', {
    'is of no version': [whole((id) => ({ id, result: complete })), MALFORMED],
    'is of version 1.0': [whole((id) => ({ ...answer(id), jsonrpc: '1.0' })), MALFORMED],
    'has another id': [whole(() => answer(4711)), MALFORMED],
    'has its id as text': [whole((id) => answer(String(id))), MALFORMED],
    'has no id': [whole(() => ({ jsonrpc: '2.0', result: complete })), MALFORMED],
    'has null for an id': [whole(() => answer(null)), MALFORMED],
    'has an object for an id': [whole((id) => answer({ valueOf: id })), MALFORMED],
    'has its id twice': [whole((id) => `{"jsonrpc":"2.0","id":${id},"id":1,"result":{}}`), MALFORMED],
    'has neither result nor error': [whole((id) => ({ jsonrpc: '2.0', id })), MALFORMED],
    'has both': [whole((id) => ({ ...answer(id), error: { code: -1, message: 'x' } })), MALFORMED],
    'is a list': [whole((id) => [answer(id)]), MALFORMED],
    'is a text': [whole(() => '"hello"'), MALFORMED],
    'is null': [whole(() => 'null'), MALFORMED],
    'is not JSON': [whole(() => '{"jsonrpc":"2.0",'), MALFORMED],
    'has a number that is none': [whole((id) => `{"jsonrpc":"2.0","id":${id},"result":{"content":[],"a":NaN}}`), MALFORMED],
    'is a request': [whole((id) => ({ jsonrpc: '2.0', id, method: 'sampling/createMessage', params: {} })), LATE],
    'is a notification': [whole(() => ({ jsonrpc: '2.0', method: 'notifications/message', params: {} })), MALFORMED],
  })
})

describe('an error', () => {
  const error = (value: unknown): Send => whole((id) => ({ jsonrpc: '2.0', id, error: value }))
  for (const [what, value] of Object.entries({
    'is a text': 'no',
    'is null': null,
    'is a list': [],
    'has no code': { message: 'x' },
    'has a text for a code': { code: '-32000', message: 'x' },
    'has half a code': { code: 0.5, message: 'x' },
    'has a code beyond numbers': { code: 1e300, message: 'x' },
    'has no message': { code: -32000 },
    'has a number for a message': { code: -32000, message: 1 },
  }))
    it(what, () => lied('tools/call', error(value), /^(?:TransportError malformed|MCPRequestError)$/).then(() => {}))
  tells('tools/call', {
    'is long and of many lines': [error({ code: -32000, message: `a\r\nb\u001b[31m${HUGE}`, data: { a: HUGE } }), /^MCPRequestError$/],
    'wants a capability that nobody knows': [
      error({ code: -32021, message: 'x', data: { requiredCapabilities: { __proto__: 1 } } }),
      /^MCPRequestError$/,
    ],
    'says that the version is wrong, for ever': [error({ code: -32022, message: 'x', data: { supported: ['2026-07-28'] } }), REFUSED],
    'wants a person at a URL': [
      error({ code: -32042, message: 'x', data: { elicitations: [{ mode: 'url', url: 'file:///etc/passwd' }] } }),
      REFUSED,
    ],
  })
})

describe('the result of a call', () => {
  tells('tools/call', {
    'is null': [result(null), NO_RESULT],
    'is a list': [result([]), NO_RESULT],
    'is a text': [result('done'), NO_RESULT],
    'is of no type': [result({ content }), HARMLESS],
    'is of a type that nobody knows': [result({ ...complete, resultType: 'finished' }), NO_RESULT],
    'has a number for a type': [result({ ...complete, resultType: 1 }), NO_RESULT],
    'has a text for content': [result({ ...complete, content: 'hello' }), NO_RESULT],
    'has content of a type that nobody knows': [result({ ...complete, content: [{ type: 'shell', command: 'id' }] }), NO_RESULT],
    'has content without a text': [result({ ...complete, content: [{ type: 'text' }] }), NO_RESULT],
    'has a text for isError': [result({ ...complete, isError: 'no' }), NO_RESULT],
    'asks for nothing': [result({ resultType: 'input_required' }), /^(?:TransportError malformed|MCPRequestError)$/],
    'asks for what was not offered': [
      result({ resultType: 'input_required', requestState: 's', inputRequests: { a: { method: 'sampling/createMessage', params: {} } } }),
      /^(?:TransportError malformed|MCPRequestError)$/,
    ],
    'has a member that is named __proto__': [
      whole((id) => `{"jsonrpc":"2.0","id":${id},"result":{"resultType":"complete","content":[],"__proto__":{"polluted":true}}}`),
      WELL,
    ],
    'is a task that was not asked for': [result({ resultType: 'task', task: { taskId: 'x' } }), NO_RESULT],
  })
})

describe('a list', () => {
  const tool = { name: 'echo', inputSchema: { type: 'object' } }
  const list = (value: object): Send => result({ resultType: 'complete', ttlMs: 0, cacheScope: 'private', ...value })
  for (const [what, tools] of Object.entries({
    'is no list': 'echo',
    'is missing': undefined,
    'has null in it': [null],
    'has a tool without a name': [{ inputSchema: { type: 'object' } }],
    'has a number for a name': [{ ...tool, name: 1 }],
    'has no schema': [{ name: 'echo' }],
    'has a text for a schema': [{ ...tool, inputSchema: 'object' }],
  }))
    it(what, () => lied('tools/list', list({ tools }), NO_RESULT).then(() => {}))
  tells('tools/list', {
    'has a tool that is named like a member of every object': [list({ tools: [{ ...tool, name: '__proto__' }, tool] }), HARMLESS],
    'has the same tool twice': [list({ tools: [tool, tool] }), HARMLESS],
    'has a schema that leads elsewhere': [
      (message, response) =>
        list({ tools: [{ ...tool, outputSchema: { $ref: `${canary.url}/schema.json`, type: 'object' } }] })(message, response),
      HARMLESS,
    ],
    'may be kept for less than no time': [list({ tools: [tool], ttlMs: -1 }), HARMLESS],
    'may be kept for ever': [list({ tools: [tool], ttlMs: 1e300 }), HARMLESS],
    'may be kept for a text': [list({ tools: [tool], ttlMs: 'ever' }), HARMLESS],
    'may be kept by whoever likes': [list({ tools: [tool], cacheScope: 'world' }), HARMLESS],
    'goes on with a cursor that is no text': [list({ tools: [tool], nextCursor: { a: 1 } }), NO_RESULT],
  })
  for (const [what, cursor] of [
    ['goes on for ever with the same cursor', () => 'again'],
    ['goes on for ever with another cursor', () => String(Math.random())],
    ['goes on for ever with a long cursor', () => `${Math.random()}${HUGE}`],
  ] as const)
    it(what, async () => {
      const asked = await lied(
        'tools/list',
        (message, response) => list({ tools: [tool], nextCursor: cursor() })(message, response),
        /^TransportError (?:malformed|too_large)$/,
      )
      assert.ok(asked <= 1001, `asked for ${asked} pages`)
    })
})

describe('who a server is', () => {
  const discovered = {
    resultType: 'complete',
    supportedVersions: ['2026-07-28'],
    capabilities: { tools: {} },
    ttlMs: 0,
    cacheScope: 'private',
  }
  for (const [what, change] of Object.entries({
    'speaks no version': { supportedVersions: [] },
    'speaks a version of tomorrow': { supportedVersions: ['2099-01-01'] },
    'speaks __proto__': { supportedVersions: ['__proto__'] },
    'says its versions as a text': { supportedVersions: '2026-07-28' },
    'can do null': { capabilities: null },
    'can do a text': { capabilities: 'everything' },
    'is of no type': { resultType: undefined },
    'is of a type that nobody knows': { resultType: 'maybe' },
    'gives instructions as a list': { instructions: ['obey'] },
    'gives instructions without end': { instructions: HUGE.repeat(3) },
    'has a number for a name': { serverInfo: { name: 1, version: 2 } },
    'may be kept for ever': { ttlMs: 1e300 },
  }))
    it(what, () =>
      lied('server/discover', result({ ...discovered, ...change }), /^(?:ends well|MCPRequestError|TransportError malformed)$/).then(
        () => {},
      ),
    )
})

describe('how it is sent', { concurrency: 6 }, () => {
  const raw =
    (text: string): Send =>
    (_, response) => {
      response.socket?.write(text)
      response.socket?.end()
    }
  const status =
    (code: number, headers: Record<string, string> = {}, body = ''): Send =>
    (_, response) =>
      void response.writeHead(code, headers).end(body)
  tells('tools/call', {
    'as HTML with 200': [status(200, { 'content-type': 'text/html' }, '<html>'), MALFORMED],
    'with 200 and nothing': [status(200, json), MALFORMED],
    'with 202 and nothing': [status(202), LATE],
    'with 204': [status(204), LATE],
    'with 404': [status(404), /^TransportError http_status$/],
    'with 429, to be asked again in three thousand years': [status(429, { 'retry-after': '99999999999' }), /^TransportError http_status$/],
    'with 503, to be asked again before it was asked': [status(503, { 'retry-after': '-1' }), /^TransportError http_status$/],
    'with 418': [status(418), /^TransportError http_status$/],
    'with a length that is too long': [
      raw('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9999\r\n\r\n{}'),
      /^TransportError closed$/,
    ],
    'with a connection that breaks in the middle': [
      (_, response) => void response.writeHead(200, json).write('{"jsonrpc":', () => response.socket?.resetAndDestroy()),
      /^TransportError closed$/,
    ],
    'with chunks that are none': [
      raw('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\nzz\r\n'),
      /^TransportError closed$/,
    ],
    'with a length that is too short': [
      raw('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{"jsonrpc":"2.0"}'),
      /^TransportError (?:unreachable|malformed)$/,
    ],
    'with two lengths': [
      raw('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}'),
      /^TransportError (?:unreachable|malformed)$/,
    ],
    'with a length below zero': [raw('HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n'), /^TransportError unreachable$/],
    'with a length and in chunks': [
      raw('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n'),
      /^TransportError (?:unreachable|malformed)$/,
    ],
    'as something that is not HTTP': [raw('SSH-2.0-OpenSSH_9.9\r\n'), /^TransportError unreachable$/],
    'with more headers than fit': [raw(`HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(200_000)}\r\n`), /^TransportError unreachable$/],
    'with 100 for ever': [raw('HTTP/1.1 100 Continue\r\n\r\n'.repeat(100)), /^TransportError unreachable$/],
    'compressed, unasked': [
      (_, response) => void response.writeHead(200, { ...json, 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(50_000_000, 32))),
      MALFORMED,
    ],
    'in a charset of its own': [
      (message, response) => {
        response
          .writeHead(200, { 'content-type': 'application/json; charset=utf-16' })
          .end(Buffer.from(JSON.stringify(answer(message.id)), 'utf16le'))
      },
      MALFORMED,
    ],
    'with bytes that are no text': [
      (_, response) => void response.writeHead(200, json).end(Buffer.from([0xff, 0xfe, 0x7b, 0x7d])),
      MALFORMED,
    ],
    'a byte at a time, for ever': [
      (_, response) => {
        response.writeHead(200, json)
        const drip = setInterval(() => response.write(' '), 20)
        response.on('close', () => clearInterval(drip))
      },
      /^TransportError timeout$/,
    ],
    never: [() => {}, /^TransportError timeout$/],
  })
  for (const [what, headers, head, chunk] of [
    ['as a body', json, '{"a":"', 'x'.repeat(10_000)],
    ['as an event', sse, 'data: {"a":"', 'x'.repeat(10_000)],
    ['as lines of an event', sse, '', 'data: x\n'.repeat(1000)],
  ] as const)
    it(`without end, ${what}: little of it is taken in`, async () => {
      let socket: { readonly bytesWritten: number; readonly writableLength: number } | undefined
      const pour: Send = (_, response) => {
        socket = response.socket ?? undefined
        response.writeHead(200, headers).write(head)
        const more = (): void => {
          while (!response.destroyed && response.write(chunk));
        }
        response.on('drain', more)
        more()
      }
      await lied('tools/call', pour, /^TransportError too_large$/)
      assert.ok(socket && socket.bytesWritten - socket.writableLength < 16_000_000, `${socket?.bytesWritten}`)
    })
  for (const code of [300, 301, 302, 303, 304, 305, 307, 308])
    it(`with ${code}, elsewhere`, async () => {
      const send: Send = (_, response) => void response.writeHead(code, { location: `${canary.url}/mcp` }).end()
      assert.equal(await lied('tools/call', send, code === 304 ? /^TransportError \w+$/ : /^TransportError redirected$/), 1)
    })
  for (const [what, code, challenge] of [
    ['401', 401, undefined],
    ['401 and a challenge', 401, 'Bearer error="invalid_token"'],
    ['403 and a scope', 403, 'Bearer error="insufficient_scope", scope="tools:admin"'],
    ['403', 403, undefined],
  ] as const)
    it(`with ${what}, for ever`, async () => {
      const send: Send = (_, response) =>
        void response.writeHead(code, challenge === undefined ? {} : { 'www-authenticate': challenge }).end()
      const asked = await lied(
        'tools/call',
        send,
        /^(?:AuthorizationError (?:sign_in_required|insufficient_scope)|TransportError http_status)$/,
      )
      assert.ok(asked <= 3, `asked ${asked} times`)
    })
})

describe('a stream', { concurrency: 6 }, () => {
  tells('tools/call', {
    'has the answer after those to others': [events((id) => [answer(99), answer('x'), answer(null), answer(id)]), HARMLESS],
    'has the answer twice': [events((id) => [answer(id), answer(id)]), WELL],
    'ends without the answer': [events(() => []), LATE],
    'has no JSON': [events(() => ['hello']), MALFORMED],
    'has a list of answers': [events((id) => [[answer(id)]]), LATE],
    'tells of progress that nobody asked for': [
      events((id) => [
        ...[1, 'x', null, {}].map((progressToken) => ({
          jsonrpc: '2.0',
          method: 'notifications/progress',
          params: { progressToken, progress: 1 },
        })),
        answer(id),
      ]),
      HARMLESS,
    ],
    'tells of progress that is none': [
      events((id, message) => [
        ...['x', null, -1, 1e300].map((progress) => ({
          jsonrpc: '2.0',
          method: 'notifications/progress',
          params: { progressToken: message.params?._meta?.progressToken ?? id, progress },
        })),
        answer(id),
      ]),
      HARMLESS,
    ],
    'asks for what was not offered': [
      events((id) => [
        { jsonrpc: '2.0', id: 1, method: 'sampling/createMessage', params: {} },
        { jsonrpc: '2.0', id: 2, method: 'roots/list' },
        answer(id),
      ]),
      HARMLESS,
    ],
    'cancels what it did not ask': [
      events((id) => [{ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: id } }, answer(id)]),
      HARMLESS,
    ],
    'wants to be asked again at once, for ever': [
      (_, response) => void response.writeHead(200, sse).end('retry: 0\nid: 1\ndata: \n\n'),
      LATE,
    ],
    'wants to be asked again in a thousand years': [
      (_, response) => void response.writeHead(200, sse).end('retry: 31536000000000\nid: 1\ndata: \n\n'),
      LATE,
    ],
    'names another endpoint': [
      (message, response) =>
        void response.writeHead(200, sse).end(`event: endpoint\ndata: ${canary.url}/messages\n\n${event(answer(message.id))}`),
      HARMLESS,
    ],
    'never ends after the answer': [(message, response) => void response.writeHead(200, sse).write(event(answer(message.id))), WELL],
    'is comments, for ever': [
      (_, response) => {
        response.writeHead(200, sse)
        const drip = setInterval(() => response.write(': still here\n\n'), 20)
        response.on('close', () => clearInterval(drip))
      },
      LATE,
    ],
  })
})
