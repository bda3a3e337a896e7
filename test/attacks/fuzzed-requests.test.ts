/**
 * Requests of every kind, made up: good ones with something wrong in them, and things that are no requests at all. An oracle of a few
 * lines says which of them may run a tool; nothing else may, whatever it looks like. And each is answered, in time, by a process
 * that stays up.
 */

import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import fc from 'fast-check'
import type { MCPServerOptions } from '../../src/server/index.ts'
import { verifies } from '../requirements.ts'
import { mcp } from '../support/mcp.ts'
import { startServer, type TestServer } from '../support/server.ts'

verifies('fuzzed')

const plenty = { max: 1_000_000 }
let world: TestServer
let ran: string[] = []
const credentials: Record<string, { header: string | undefined; scopes: readonly string[] }> = {
  none: { header: undefined, scopes: [] },
  wrong: { header: 'Bearer spk_00000000_wrong', scopes: [] },
}

before(async () => {
  const limited = { type: 'object', properties: { n: { type: 'integer', minimum: 0, maximum: 9 } }, required: ['n'] }
  const tools = [
    { name: 'free', permissions: 'public', parameters: limited, execute: () => void ran.push('free') },
    { name: 'read', permissions: { requiredScopes: ['tools:read'] }, parameters: limited, execute: () => void ran.push('read') },
    { name: 'write', parameters: limited, execute: () => void ran.push('write') },
    {
      name: 'ruled',
      permissions: { requiredScopes: ['tools:read'], when: 'args.n < 5' },
      parameters: limited,
      execute: () => void ran.push('ruled'),
    },
    { name: 'never', permissions: 'denied', parameters: limited, execute: () => void ran.push('never') },
  ]
  world = await startServer({ tools, rateLimit: plenty, limits: { deadlineSeconds: 2 } } as unknown as MCPServerOptions)
  for (const scopes of [['tools:read'], ['tools:execute'], ['tools:read', 'tools:execute']])
    credentials[scopes.join(' ')] = { header: `Bearer ${await world.key(scopes)}`, scopes }
})
after(() => world[Symbol.asyncDispose]())

const needs: Record<string, readonly string[] | undefined> = {
  free: [],
  read: ['tools:read'],
  write: ['tools:execute'],
  ruled: ['tools:read'],
}

/** Whether a `tools/call` may run, from what the test itself put into it. */
function mayRun(who: string, name: unknown, args: unknown): boolean {
  const needed = typeof name === 'string' && Object.hasOwn(needs, name) ? needs[name] : undefined
  const identity = credentials[who]
  if (!needed || who === 'none' || who === 'wrong' || !identity) return false
  if (!needed.every((scope) => identity.scopes.includes(scope))) return false
  const n = (args as { n?: unknown } | null)?.n
  const isValid = Number.isInteger(n) && (n as number) >= 0 && (n as number) <= 9 && Object.keys(args as object).every((key) => key === 'n')
  return isValid && (name !== 'ruled' || (n as number) < 5)
}

const weird = fc.oneof(
  fc.string({ maxLength: 30 }),
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom('__proto__', 'constructor', '\u2028', '', null, -0, 1e308, 'tools/call'),
)
const name = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom('free', 'read', 'write', 'ruled', 'never', 'Free', 'read ', 'write\u0000') },
  weird,
)
const args = fc.oneof(
  { weight: 4, arbitrary: fc.record({ n: fc.integer({ min: 0, max: 9 }) }) },
  { weight: 4, arbitrary: fc.record({ n: fc.oneof(fc.integer({ min: -2, max: 12 }), weird) }) },
  { weight: 1, arbitrary: fc.record({ n: fc.integer({ min: 0, max: 9 }), more: weird }) },
  weird,
)
const who = fc.constantFrom('none', 'wrong', 'tools:read', 'tools:execute', 'tools:read tools:execute')
const method = fc.oneof(
  { weight: 8, arbitrary: fc.constant('tools/call') },
  fc.constantFrom('tools/list', 'server/discover', 'prompts/get', 'tasks/get', 'request/answer', 'session/end', 'notifications/x'),
  fc.string({ maxLength: 20 }),
)
const version = fc.constantFrom('2026-07-28', '2025-11-25', '2025-03-26', '1999-01-01', '')

async function send(text: string | Buffer, headers: Record<string, string>): Promise<{ status: number; text: string }> {
  const answer = await fetch(world.url, { method: 'POST', headers, body: text, signal: AbortSignal.timeout(5_000) })
  return { status: answer.status, text: await answer.text() }
}

describe('whatever is sent', () => {
  test('a tool runs only for who may, with what it takes, and every answer comes in time', async () => {
    let allowed = 0
    await fc.assert(
      fc.asyncProperty(
        who,
        method,
        name,
        args,
        version,
        fc.boolean(),
        fc.boolean(),
        async (caller, called, tool, given, spoken, mirrors, hasId) => {
          ran = []
          const meta =
            spoken === '2026-07-28'
              ? { 'io.modelcontextprotocol/protocolVersion': spoken, 'io.modelcontextprotocol/clientCapabilities': {} }
              : {}
          const message = {
            jsonrpc: '2.0',
            ...(hasId ? { id: 1 } : {}),
            method: called,
            params: { name: tool, arguments: given, _meta: meta },
          }
          const printable = (text: unknown): boolean => typeof text === 'string' && /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(text)
          const headers: Record<string, string> = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
          if (spoken !== '') headers['mcp-protocol-version'] = spoken
          if (mirrors && printable(called)) headers['mcp-method'] = called
          if (mirrors && printable(tool)) headers['mcp-name'] = tool as string
          const { header } = credentials[caller] as { header: string | undefined }
          if (header !== undefined) headers['authorization'] = header
          const { status, text } = await send(JSON.stringify(message), headers)
          assert.ok([200, 202, 400, 401, 403, 404].includes(status), `${status} ${text}`)
          assert.ok(ran.length <= 1)
          if (ran.length === 1) {
            allowed++
            assert.equal(called, 'tools/call')
            assert.equal(ran[0], tool)
            assert.ok(hasId && mayRun(caller, tool, given), `ran ${JSON.stringify([caller, tool, given])}`)
          } else if (called === 'tools/call' && hasId && mayRun(caller, tool, given)) {
            const isLegacy = ['2025-11-25', '2025-03-26', ''].includes(spoken)
            assert.ok(!(isLegacy || (spoken === '2026-07-28' && mirrors)), `a good call did not run: ${text}`)
          }
        },
      ),
      { numRuns: 1_500 },
    )
    assert.ok(allowed > 10, 'some of them were good')
  })

  test('bytes that are no message are answered, and run nothing', async () => {
    const { header = '' } = credentials['tools:read tools:execute'] as { header: string | undefined }
    const type = fc.constantFrom('application/json', 'text/plain', 'application/json; charset=utf-7', 'multipart/form-data', '')
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), type, fc.boolean(), async (bytes, contentType, isKnown) => {
        ran = []
        const { status } = await send(Buffer.from(bytes), {
          ...(contentType && { 'content-type': contentType }),
          ...(isKnown && { authorization: header }),
        })
        assert.ok([400, 401, 406, 415].includes(status), String(status))
        assert.deepEqual(ran, [])
      }),
      { numRuns: 300 },
    )
  })

  test('bytes that are no HTTP end their own connection and nothing else', async () => {
    const { port } = new URL(world.url)
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 1, maxLength: 300 }),
        fc.constantFrom('', 'POST /mcp HTTP/1.1\r\n', 'GET /mcp HTTP/1.1\r\nHost: localhost\r\n\r\n'),
        async (bytes, start) => {
          await new Promise<void>((resolve) => {
            const socket = connect(Number(port), '127.0.0.1', () => socket.end(Buffer.concat([Buffer.from(start), bytes])))
            socket
              .on('error', () => resolve())
              .on('close', () => resolve())
              .resume()
            setTimeout(() => socket.destroy(), 500).unref()
          })
        },
      ),
      { numRuns: 100 },
    )
    await delay(20)
    assert.equal((await mcp(world.url).request('tools/list')).status, 401)
  })
})
