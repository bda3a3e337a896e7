/** The way of records into the trail: in order, none lost, and no new work while they could be. */

import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { createRedactor, type Level, MASK } from '../../src/core/index.ts'
import { type AuditTrailOptions, createAuditTrail } from '../../src/guards/index.ts'
import { type AuditRecord, type AuditStore, createMemoryStore } from '../../src/storage/index.ts'
import { auditRecord } from '../contracts/audit-store.ts'

let now: number
let logged: { level: Level; message: string }[]
let closers: (() => Promise<unknown>)[]
beforeEach(() => {
  now = 1_000_000
  logged = []
  closers = []
})
afterEach(async () => {
  for (const close of closers) await close().catch(() => {})
})

function create(options: Partial<AuditTrailOptions> = {}) {
  const store = createMemoryStore().audit
  const batches: number[] = []
  const disk = { full: false }
  const redactor = createRedactor()
  // The real store, behind a disk that can be full.
  const audit: AuditStore = {
    ...store,
    async append(records) {
      if (disk.full) throw new Error('database or disk is full')
      batches.push(records.length)
      await store.append(records)
    },
  }
  const log = (level: Level, message: string): void => void logged.push({ level, message })
  const trail = createAuditTrail({ audit, clock: () => now, log, redactor, flushMs: 5, ...options })
  closers.push(trail.close)
  const stored = async (): Promise<AuditRecord[]> => (await store.search({ limit: 10_000 })).map(({ record }) => record).reverse()
  return { trail, stored, batches, disk, redactor }
}

const allowed = (n: number, given: Partial<AuditRecord> = {}): AuditRecord => auditRecord(n, { subject: 'ana', ...given })
const refusal = (n: number, given: Partial<AuditRecord> = {}): AuditRecord =>
  auditRecord(n, { at: now, decision: 'deny', reason: 'unauthenticated', action: 'request', address: '192.0.2.1', ...given })

test('records are stored in order, many at a time', async () => {
  const { trail, stored, batches } = create({ batch: 100 })
  for (let n = 0; n < 250; n++) trail.record(allowed(n))
  await trail.flush()
  assert.deepEqual(
    (await stored()).map(({ id }) => id),
    Array.from({ length: 250 }, (_, n) => `dec_${n}`),
  )
  assert.deepEqual(batches, [100, 100, 50])
})

test('a record is stored soon without anybody asking', async () => {
  const { trail, stored } = create()
  trail.record(allowed(1))
  await delay(60)
  assert.equal((await stored()).length, 1)
  trail.record(allowed(2))
  await delay(60)
  assert.equal((await stored()).length, 2)
})

test('records that come one by one wait for company', async ({ mock }) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  const { trail, stored, batches } = create({ flushMs: 50 })
  for (let n = 0; n < 40; n++) {
    trail.record(allowed(n))
    mock.timers.tick(1)
    await new Promise(setImmediate)
  }
  assert.deepEqual(batches, [])
  mock.timers.tick(10)
  await trail.flush()
  assert.equal((await stored()).length, 40)
  assert.deepEqual(batches, [40])
})

test('flushing waits for what was recorded before it, not for what goes on coming', async () => {
  const { trail, stored } = create({ batch: 10 })
  let coming = true
  const flood = (async () => {
    for (let n = 0; coming; n++) {
      trail.record(allowed(n))
      if (n % 20 === 0) await delay(0)
    }
  })()
  await delay(20)
  trail.record(allowed(1e9))
  await trail.flush()
  assert.ok((await stored()).some(({ id }) => id === 'dec_1000000000'))
  coming = false
  await flood
})

test('closing stores what is left, and what comes later is said and not accepted', async () => {
  const { trail, stored } = create({ flushMs: 10_000 })
  trail.record(allowed(1))
  await trail.close()
  assert.equal((await stored()).length, 1)
  assert.equal(trail.accepting(), false)
  trail.record(allowed(2))
  assert.match(logged.at(-1)?.message ?? '', /after the audit trail was closed/)
})

test('closing fails in time where the store neither fails nor succeeds', async ({ mock }) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  const hanging: AuditStore = { ...createMemoryStore().audit, append: () => new Promise(() => {}) }
  const { trail } = create({ audit: hanging })
  trail.record(allowed(1))
  const closing = assert.rejects(trail.close(), /1 audit records could not be written/)
  mock.timers.tick(10_000)
  await closing
})

test('an outage is said once, nothing is lost and the order is kept, and its end is said', async () => {
  const { trail, stored, disk } = create()
  disk.full = true
  for (let n = 0; n < 20; n++) {
    trail.record(allowed(n))
    await delay(10)
  }
  assert.deepEqual(
    logged.map(({ level }) => level),
    ['error'],
  )
  disk.full = false
  await trail.flush()
  assert.deepEqual(
    (await stored()).map(({ id }) => id),
    Array.from({ length: 20 }, (_, n) => `dec_${n}`),
  )
  assert.deepEqual(
    logged.map(({ level }) => level),
    ['error', 'info'],
  )
})

test('new work is refused once an outage has lasted five seconds, and taken again after it', async () => {
  const { trail, disk } = create()
  disk.full = true
  trail.record(allowed(1))
  await delay(30)
  assert.equal(trail.accepting(), true)
  now += 5_001
  assert.equal(trail.accepting(), false)
  disk.full = false
  await trail.flush()
  assert.equal(trail.accepting(), true)
})

test('new work is refused while the queue is full, and what is in flight is still recorded', async () => {
  const { trail, stored } = create({ maxQueue: 10, flushMs: 10_000 })
  for (let n = 0; n < 9; n++) trail.record(allowed(n))
  assert.equal(trail.accepting(), true)
  trail.record(allowed(9))
  assert.equal(trail.accepting(), false)
  trail.record(allowed(10))
  await trail.flush()
  assert.equal(trail.accepting(), true)
  assert.equal((await stored()).length, 11)
})

test('refusals while the queue is full are counted and take no room', async () => {
  const { trail, stored, disk } = create({ maxQueue: 10 })
  disk.full = true
  for (let n = 0; n < 10; n++) trail.record(allowed(n))
  for (let n = 0; n < 1_000; n++) trail.record(refusal(100 + n, { reason: 'overloaded', subject: `u${n}`, address: `198.51.100.${n}` }))
  disk.full = false
  await trail.close()
  const records = await stored()
  assert.deepEqual(
    records.slice(10).map(({ reason, repeated, subject }) => [reason, repeated, subject]),
    [
      ['overloaded', 1, undefined],
      ['overloaded', 999, undefined],
    ],
  )
})

test('a flood of equal refusals becomes twenty records, one that opens the flood and one that counts the rest', async () => {
  const { trail, stored } = create()
  for (let n = 0; n < 500; n++) trail.record(refusal(n))
  trail.record(refusal(900, { address: '192.0.2.2' }))
  trail.record(refusal(901, { credentialId: 'ab12cd34' }))
  await trail.close()
  const records = await stored()
  assert.equal(records.length, 24)
  const folded = records.filter(({ repeated }) => repeated !== undefined)
  assert.deepEqual(
    folded.map(({ id, repeated, address, reason }) => [id, repeated, address, reason]),
    [
      ['dec_20', 1, '192.0.2.1', 'unauthenticated'],
      ['dec_21', 479, '192.0.2.1', 'unauthenticated'],
    ],
  )
})

test('a flood is on record while it goes on, with the process killed before its window ends', async () => {
  const { trail, stored } = create()
  for (let n = 0; n < 60; n++) trail.record(refusal(n))
  await trail.flush()
  const records = await stored()
  assert.equal(records.length, 21)
  assert.deepEqual([records[20]?.id, records[20]?.repeated, records[20]?.at], ['dec_20', 1, now])
})

test('the next ten seconds are counted anew, and the count of the last is stored', async () => {
  const { trail, stored } = create()
  for (let n = 0; n < 30; n++) trail.record(refusal(n))
  now += 10_000
  for (let n = 30; n < 60; n++) trail.record(refusal(n))
  await trail.flush()
  const records = await stored()
  assert.deepEqual(
    records.filter(({ repeated }) => repeated).map(({ repeated }) => repeated),
    [1, 9, 1],
  )
  await trail.close()
  const all = await stored()
  assert.equal(
    all.reduce((sum, { repeated = 1 }) => sum + repeated, 0),
    60,
  )
})

test('a flood from everywhere with ever other credentials is bounded too, and every refusal is counted', async () => {
  const { trail, stored } = create()
  for (let n = 0; n < 9_000; n++)
    trail.record(
      refusal(n, { address: `2001:db8::${n.toString(16)}`, credentialId: `k${n}`, reason: n % 2 ? 'unauthenticated' : 'forbidden_host' }),
    )
  await trail.close()
  const records = await stored()
  assert.ok(records.length <= 2_004, String(records.length))
  assert.equal(
    records.reduce((sum, { repeated = 1 }) => sum + repeated, 0),
    9_000,
  )
})

test('what somebody signed in was refused is never folded', async () => {
  const { trail, stored } = create()
  for (let n = 0; n < 100; n++) trail.record(refusal(n, { reason: 'not_permitted', subject: 'ana' }))
  await trail.close()
  assert.equal((await stored()).length, 100)
})

test('a secret in a name or a sentence is taken out before it is stored', async () => {
  const { trail, stored, redactor } = create()
  redactor.learn('hunter2-hunter2')
  trail.record(
    allowed(1, {
      clientName: 'client hunter2-hunter2',
      cause: 'at ghp_0123456789abcdefghijklmnopqrstuvwxyzAB',
      facts: { needed: ['x hunter2-hunter2'], n: 1 },
    }),
  )
  trail.record(allowed(2, { target: 'harmless' }))
  await trail.close()
  const [dirty, harmless] = await stored()
  assert.deepEqual([dirty?.clientName, dirty?.cause, dirty?.facts], [`client ${MASK}`, `at ${MASK}`, { needed: [`x ${MASK}`], n: 1 }])
  assert.equal(harmless?.target, 'harmless')
})

test('what a caller makes very long is cut', async () => {
  const { trail, stored } = create()
  trail.record(allowed(1, { action: 'm'.repeat(1_000_000), cause: 'c'.repeat(1_000_000) }))
  await trail.close()
  const [record] = await stored()
  assert.equal(record?.action.length, 1_025)
  assert.equal(record?.cause?.length, 8_193)
})
