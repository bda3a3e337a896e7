/**
 * Snippets, as far as their interpreter is not what holds them: the child around it, seen from outside, and what uses too much there.
 * What a snippet may do and not do inside is in `snippets.test.ts`.
 */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { descendants, type Seen, self } from '../fixtures/sandbox/outside.ts'
import { whileServed } from '../fixtures/sandbox/while-served.ts'
import { verifies } from '../requirements.ts'
import { needsBubblewrap } from '../support/bubblewrap.ts'
import { said } from '../support/gateway.ts'
import { type McpClient, mcp } from '../support/mcp.ts'
import { startServer, type TestServer } from '../support/server.ts'

verifies('sandbox-kernel', 'sandbox-others')

let server: TestServer
let ben: McpClient
const isChild = ({ command, status }: Seen): boolean => command.includes('/snippet.js') && status['Name'] !== 'bwrap'

describe('the child around a snippet', needsBubblewrap, () => {
  before(async () => {
    server = await startServer({ rateLimit: { max: 1_000_000 }, code: { tools: [], timeoutMs: 2000, cpuSeconds: 1, children: 5 } })
    const ana = mcp(server.url, { key: await server.key() })
    ben = mcp(server.url, { key: await server.key() })
    for (const client of [ana, ben]) assert.equal((await client.call('run_code', { code: 'return 42' })).result.isError, undefined)
  })
  after(() => server?.[Symbol.asyncDispose]())

  test('is one of each owner’s, with no capability, a filter and namespaces of its own', () => {
    const seen = descendants().filter(isChild)
    assert.ok(seen.length >= 2)
    const ours = self().namespaces
    for (const { status, namespaces, limits } of seen) {
      assert.deepEqual([status['NoNewPrivs'], status['Seccomp']], ['1', '2'])
      for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) assert.match(String(status[set]), /^0+$/, set)
      for (const kind of ['mnt', 'net', 'pid', 'ipc', 'uts']) assert.notEqual(namespaces[kind], ours[kind], kind)
      assert.match(limits, /^Max core file size +0 +0/m)
    }
    assert.equal(new Set(seen.map(({ namespaces }) => namespaces['net'])).size, seen.length)
  })
  test('sees no disk that it could write to', () => {
    for (const { pid } of descendants().filter(isChild)) {
      const mounts = readFileSync(`/proc/${pid}/mountinfo`, 'utf8').trim().split('\n')
      const writable = mounts.filter(
        (line) => / rw,|\srw\s/.test(line.split(' - ')[0] ?? '') && !/ - (tmpfs|proc|devpts|devtmpfs) /.test(line),
      )
      // Devices are shown one by one.
      assert.deepEqual(
        writable.map((line) => line.split(' ')[4]).filter((place) => !place?.startsWith('/dev/')),
        [],
      )
    }
  })
  const rows: readonly (readonly [string, string])[] = [
    ['blocks on memory that nobody else has', 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)'],
    ['says a gigabyte', 'for (let at = 0; at < 1000; at++) console.log("x".repeat(1e6))\nfor (;;);'],
    ['throws without end', 'for (;;) { try { throw new Error("x".repeat(1e5)) } catch {} }'],
  ]
  // Each of a caller of its own: their time is waited for together.
  describe('that uses too much', { concurrency: rows.length }, () => {
    for (const [what, code] of rows)
      test(`as one that ${what}, ends, and others are answered meanwhile`, async () => {
        const mallory = mcp(server.url, { key: await server.key() })
        const answer = await whileServed(
          mallory.call('run_code', { code }),
          async () => assert.equal((await ben.call('run_code', { code: 'return 1' })).result.isError, undefined),
          { lasts: false },
        )
        assert.equal(answer.result.isError, true)
        assert.ok(said(answer).length < 20_000)
        assert.equal((await mallory.call('run_code', { code: 'return 1' })).result.isError, undefined)
      })
  })
})
