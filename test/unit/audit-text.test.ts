/** A record's text is what `JSON.stringify` of the redacted record would say, whatever was written before it. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createRedactor } from '../../src/core/index.ts'
import { redactRecord } from '../../src/guards/audit-redaction.ts'
import { createAuditText } from '../../src/guards/audit-text.ts'
import type { AuditRecord } from '../../src/storage/index.ts'

const secret = 'hunter2-hunter2'
const plain: Required<Omit<AuditRecord, 'argumentsHash' | 'argumentsUntil' | 'facts' | 'cause' | 'sentence' | 'repeated' | 'within'>> = {
  id: 'dec_1',
  at: 1,
  decision: 'allow',
  reason: 'allowed',
  action: 'tools/call',
  target: 'read',
  server: 'notes',
  subject: 'ana',
  issuer: 'http://localhost:1',
  user: 'https://idp.example#ana',
  clientId: 'cl_1',
  clientName: 'Client',
  credential: 'token',
  credentialId: 'jti_1',
  transport: 'http',
  address: '192.0.2.1',
  version: '2026-07-28',
  rule: 'default tools:read',
  durationMs: 3,
  hostToolUseId: 'toolu_1',
  traceparent: '00-1-1-01',
}
const values = (field: keyof AuditRecord): unknown[] =>
  field === 'at' || field === 'durationMs' ? [7] : field === 'decision' ? ['deny', 'error'] : field === 'id' ? ['"'] : ['other', undefined]
const fields = Object.keys(plain) as (keyof AuditRecord)[]

test('every field that differs from the last record of that caller is written', () => {
  const redactor = createRedactor()
  const toText = createAuditText(redactor)
  assert.deepEqual(JSON.parse(toText(plain)), plain)
  for (const field of fields) {
    for (const value of values(field)) {
      const changed = { ...plain, [field]: value } as AuditRecord
      assert.deepEqual(JSON.parse(toText(changed)), JSON.parse(JSON.stringify(changed)), field)
      assert.deepEqual(JSON.parse(toText(plain)), plain, `after another ${field}`)
    }
  }
  for (const more of [{ facts: { problem: 'x' } }, { sentence: 's' }, { cause: 'c' }, { repeated: 2 }, { within: 'dec_0' }])
    assert.deepEqual(JSON.parse(toText({ ...plain, ...more })), { ...plain, ...more })
})

test('in any order, with any strings', () => {
  const word = fc.oneof(
    fc.constantFrom('a', 'b', undefined, 'sk-ant-0123456789012345678901234', 'x'.repeat(2_000), '"\n\u2028'),
    fc.string(),
  )
  const record = fc.record({ action: word, target: word, clientName: word, credentialId: word, decision: fc.constantFrom('allow', 'deny') })
  fc.assert(
    fc.property(fc.array(record, { maxLength: 20 }), (records) => {
      const redactor = createRedactor()
      const toText = createAuditText(redactor)
      for (const [at, given] of records.entries()) {
        const each = { ...plain, ...given, at } as AuditRecord
        assert.deepEqual(JSON.parse(toText(each)), JSON.parse(JSON.stringify(redactRecord(each, redactor))))
      }
    }),
  )
})

test('a secret that is learned later is taken out of what was written before', () => {
  const redactor = createRedactor()
  const toText = createAuditText(redactor)
  const record = { ...plain, clientName: secret }
  assert.ok(toText(record).includes(secret))
  redactor.learn(secret)
  assert.ok(!toText(record).includes(secret))
})

test('no more is kept than a bound', () => {
  const toText = createAuditText(createRedactor())
  for (let at = 0; at < 5_000; at++) {
    const record = { ...plain, credentialId: `jti_${at}`, target: `tool ${at % 3}` }
    assert.deepEqual(JSON.parse(toText(record)), record)
  }
})
