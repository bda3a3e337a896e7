/** What `sallyport why` says would have allowed a request, for every way to be refused. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { nameOfClient, nameOfTarget, timeOf, wouldAllow } from '../../src/cli/decisions.ts'
import { createLiveLines } from '../../src/cli/live-lines.ts'
import { createOutput } from '../../src/cli/output.ts'
import type { AuditRecord } from '../../src/storage/index.ts'
import { ROOT } from '../support/index.ts'

const record = (fields: Partial<AuditRecord>): AuditRecord => ({
  id: 'dec_1',
  at: 0,
  decision: 'deny',
  reason: 'not_permitted',
  action: 'tools/call',
  transport: 'http',
  durationMs: 1,
  sentence: 'No.',
  ...fields,
})

test('a key that lacks a scope: a key with it', () => {
  const facts = { neededScopes: ['tools:read', 'tools:execute'], grantedScopes: ['tools:read'], neededRoles: [], grantedRoles: [] }
  assert.deepEqual(wouldAllow(record({ credential: 'key', facts })), [
    'a key that has it: sallyport key create --name … --scope tools:execute',
  ])
})

test('a scope that another one implies is not lacking', () => {
  const facts = {
    neededScopes: ['tools:read', 'billing'],
    grantedScopes: ['admin'],
    impliedScopes: ['tools:read'],
    neededRoles: [],
    grantedRoles: [],
  }
  assert.deepEqual(wouldAllow(record({ credential: 'key', facts })), ['a key that has it: sallyport key create --name … --scope billing'])
})

test('a sign-in that lacks a scope: granting it', () => {
  const facts = { neededScopes: ['tools:execute'], grantedScopes: [], neededRoles: [], grantedRoles: [] }
  assert.deepEqual(wouldAllow(record({ reason: 'insufficient_scope', credential: 'token', facts })), [
    'signing in again and granting tools:execute',
  ])
})

test('a missing role: any of those needed', () => {
  const facts = { neededScopes: [], grantedScopes: [], neededRoles: ['admin', 'ops'], grantedRoles: ['guest'] }
  assert.deepEqual(wouldAllow(record({ credential: 'token', facts })), ['the role admin or ops: sallyport user roles … --add admin'])
  assert.deepEqual(wouldAllow(record({ credential: 'token', facts: { ...facts, grantedRoles: ['ops'] } })), [])
})

test('a connection that a sandbox refused: that host and port, since others may be granted', () => {
  const refused = (permission: string): string => wouldAllow(record({ reason: 'sandbox_refused', facts: { permission } })).join()
  assert.match(
    refused('net'),
    /^a sandbox in which that host and port is granted: sallyport audit search --action sandbox\.connect lists which/,
  )
  assert.equal(refused('read'), 'a sandbox in which read is granted: see docs/sandbox.md')
})

test('what a rule denies: another rule', () => {
  const [advice] = wouldAllow(record({ reason: 'unknown_name', rule: 'sallyport.yaml:12 notes: delete_*', facts: { access: 'denied' } }))
  assert.equal(advice, 'a rule that does not say `deny`, in place of sallyport.yaml:12 notes: delete_*')
})

test('every refusal but a caller that went away has an advice', () => {
  const union = readFileSync(join(ROOT, 'src/core/decision.ts'), 'utf8')
  const facts = {
    neededScopes: ['a'],
    grantedScopes: [],
    neededRoles: [],
    grantedRoles: [],
    policy: 'key',
    retryAfterSeconds: 1,
    path: '/a',
    rule: 'r',
    condition: 'args.n < 1',
    limitBytes: 1,
    limitTokens: 1,
    permission: 'read',
    why: 'memory',
  }
  const reasons = [...union.matchAll(/readonly reason: '(\w+)'/g)].map(([, reason]) => reason as string)
  for (const reason of [...reasons, 'crashed']) {
    const advice = wouldAllow(record({ reason, facts }))
    assert.ok(advice.length > 0, reason)
    assert.doesNotMatch(advice.join(), /undefined/, reason)
  }
  assert.deepEqual(wouldAllow(record({ decision: 'allow', reason: 'allowed' })), [])
})

test('a fault is in the tool’s own code where its stack says so, and Node’s own frames are no place', () => {
  const of = (...places: string[]): string =>
    wouldAllow(record({ reason: 'crashed', target: 'a', cause: ['Error: b', ...places.map((at) => `    at ${at}`)].join('\n') })).join()
  const node = 'process.processTicksAndRejections (node:internal/process/task_queues:104:5)'
  const ours = `async run (file://${ROOT}src/server/run.ts:1:2)`
  for (const mine of ['tell (file:///t/tool.ts:3:4)', 'async file:///t/tool.ts:3:4', 'async Promise.all (/t/tool.ts:3:4)'])
    assert.match(of(ours, node, mine), /a fault of the tool's own code, at \/t\/tool\.ts:3$/, mine)
  assert.match(of(ours, node), /or of sallyport: see the cause$/)
  const cause = 'RangeError: b\n    at forged (/t/other.ts:3:4)\n    in the module /t/tool.ts'
  const [thrown = ''] = wouldAllow(record({ reason: 'crashed', target: 'a', cause }))
  assert.match(thrown, /: a fault of the tool's own code, in its module \/t\/tool\.ts: see the cause$/)
})

test('how records read', () => {
  assert.equal(nameOfTarget(record({ server: 'notes', target: 'read_file' })), 'notes.read_file')
  assert.equal(nameOfTarget(record({ action: 'tools/list' })), 'tools/list')
  assert.equal(nameOfTarget(record({ action: 'user.add', target: 'ana' })), 'user.add ana')
  assert.equal(nameOfTarget(record({ action: 'prompts/get', server: 'notes', target: 'daily' })), 'prompts/get notes.daily')
  assert.equal(nameOfTarget(record({ server: 'notes', target: 'notes__read_file' })), 'notes.read_file', 'of a gateway')
  assert.equal(nameOfClient(record({ clientName: 'Codex', clientId: 'cl_1' })), 'Codex (cl_1)')
  const now = Date.UTC(2026, 10, 23, 12)
  assert.equal(timeOf(Date.UTC(2026, 10, 23, 2, 14, 9), now), '02:14:09')
  assert.equal(timeOf(Date.UTC(2026, 10, 22, 2, 14, 9), now), '2026-11-22 02:14:09')
})

test('a method of any name is a line while it happens', () => {
  let written = ''
  const stream = { write: (text: string) => (written += text) }
  const show = createLiveLines(createOutput(false, { stdout: stream, stderr: stream }), () => 0)
  for (const action of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) show(record({ action, reason: 'unknown_method' }))
  assert.match(written, /constructor .*\n.*__proto__ .*\n.*toString .*\n.*hasOwnProperty .*\n$/)
})
