// What a sandbox connected to, as the audit has it: each once, and a flood as a number.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Connection, createConnectRecords } from '../../src/sandbox/index.ts'
import type { AuditRecord } from '../../src/storage/index.ts'
import { verifies } from '../requirements.ts'

verifies('sandbox-network')

const FROM = { program: 'notes', server: 'notes' }
const connection = (over: Partial<Connection> = {}): Connection => ({
  reason: 'destination_not_granted',
  target: 'evil.example.org:443',
  at: 1_000,
  durationMs: 3,
  sentBytes: 0,
  receivedBytes: 0,
  ...over,
})

function recording() {
  const records: AuditRecord[] = []
  return { records, ...createConnectRecords({ record: (record) => records.push(record), clock: () => 2_000 }) }
}

test('a connection is a record: who, where to, why, and how many bytes', () => {
  const { records, note, close } = recording()
  note(connection({ reason: 'allowed', target: 'api.example.com:443', sentBytes: 5, receivedBytes: 7 }), { ...FROM, subject: 'ada' })
  note(connection(), FROM)
  note(connection({ reason: 'timeout' }), FROM)
  close()
  const [made, refused, failed] = records
  assert.match(made?.id ?? '', /^dec_/)
  assert.deepEqual(
    { ...made, id: '' },
    {
      id: '',
      at: 1_000,
      decision: 'allow',
      reason: 'allowed',
      action: 'sandbox.connect',
      target: 'api.example.com:443',
      server: 'notes',
      subject: 'ada',
      transport: 'sandbox',
      facts: { program: 'notes', sentBytes: 5, receivedBytes: 7 },
      durationMs: 3,
    },
  )
  assert.deepEqual([refused?.decision, refused?.reason, refused?.target], ['deny', 'destination_not_granted', 'evil.example.org:443'])
  assert.equal(failed?.decision, 'error')
  assert.equal(records.length, 3)
})

test('a flood of the same is a few records and a number, which together are all of them', () => {
  const { records, note, close } = recording()
  for (let n = 0; n < 1_000; n++) note(connection({ sentBytes: 2 }), FROM)
  note(connection({ target: 'other.example.org:443' }), FROM)
  close()
  assert.equal(records.length, 8)
  assert.equal(records.filter(({ target }) => target === 'other.example.org:443').length, 1)
  const flood = records.filter(({ target }) => target === 'evil.example.org:443')
  assert.equal(
    flood.reduce((sum, { repeated = 1 }) => sum + repeated, 0),
    1_000,
  )
  assert.equal(flood.at(-1)?.facts?.['sentBytes'], 2 * 994)
})

test('a flood of others is bounded, and hides no other program’s', () => {
  const { records, note, close } = recording()
  for (let n = 0; n < 10_000; n++) note(connection({ target: `${n}.example.org:443` }), FROM)
  note(connection(), { program: 'other', server: 'other' })
  close()
  assert.ok(records.length < 80, String(records.length))
  assert.equal(records.filter(({ server }) => server === 'other').length, 1)
  assert.equal(
    records.filter(({ server }) => server === 'notes').reduce((sum, { repeated = 1 }) => sum + repeated, 0),
    10_000,
  )
})
