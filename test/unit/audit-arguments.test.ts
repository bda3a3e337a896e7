/** Arguments beside the audit: kept only where an operator asks for it, for the caller alone, and gone without a gap in the chain. */

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { createRedactor, type Entry, silentLog } from '../../src/core/index.ts'
import { createAuditArguments, createAuditTrail, type KeptArguments, placeOfArguments } from '../../src/guards/index.ts'
import { type AuditRecord, createMemoryStore } from '../../src/storage/index.ts'
import { createMemoryVault } from '../../src/vault/index.ts'
import { auditRecord } from '../contracts/audit-store.ts'
import { verifies } from '../requirements.ts'
import { principal, rates, say, startEngine, tool } from '../support/engine.ts'
import { mcp } from '../support/mcp.ts'

const SECRET = 'gh' + 'p_abcdefghijklmnopqrstuvwxyz0123456789'
const ana = principal('ana', { credential: 'token' })

async function rig(over: Partial<Entry>, limits = rates) {
  const store = createMemoryStore()
  const vault = createMemoryVault()
  const entries = [tool('note', () => say('ok'), over), tool('other', () => say('ok'), { keepsArguments: false })]
  const engine = await startEngine(entries, { ana }, { rates: limits }, createRedactor(), { store, vault })
  const kept = store.records<KeptArguments>('audit_arguments')
  return {
    store,
    vault,
    kept,
    client: mcp(engine.url, { token: 'ana' }),
    async records(): Promise<AuditRecord[]> {
      await engine.engine.trail.flush()
      return (await store.audit.search({})).map(({ record }) => record).reverse()
    },
    async open({ id }: AuditRecord): Promise<unknown> {
      const sealed = (await kept.get(id))?.value.sealed
      const text = sealed && (await vault.open(sealed, placeOfArguments(id, 'ana')))
      return text && JSON.parse(text.toString('utf8'))
    },
    [Symbol.asyncDispose]: () => engine.close(),
  }
}

test('nothing is kept unless it is asked for', async () => {
  verifies('audit-arguments')
  await using it = await rig({})
  await it.client.call('note', { text: 'hello' })
  const [record] = await it.records()
  assert.equal(record?.action, 'tools/call')
  assert.ok(!('argumentsHash' in record))
  assert.equal((await it.kept.list()).length, 0)
})

test('what is kept is redacted, sealed for its caller, and hashed in the record; the tool beside it keeps nothing', async () => {
  verifies('audit-arguments')
  await using it = await rig({ keepsArguments: true })
  const before = Date.now()
  await it.client.call('note', { text: `use ${SECRET}`, deep: { list: [1, 'two'] } })
  await it.client.call('other', { text: 'hello' })
  const [record, other] = await it.records()
  assert.ok(record && other)
  assert.deepEqual(await it.open(record), { text: 'use [redacted]', deep: { list: [1, 'two'] } })
  const [found, ...more] = await it.kept.list()
  assert.equal(more.length, 0)
  assert.equal(found?.value.subject, 'ana')
  assert.ok(!JSON.stringify(found).includes('deep'))
  assert.equal(
    record.argumentsHash,
    createHash('sha256')
      .update(found?.value.sealed ?? '')
      .digest('hex'),
  )
  assert.ok((record.argumentsUntil ?? 0) >= before + 30 * 86_400_000)
  assert.ok(!('argumentsHash' in other))
  assert.equal(await it.vault.open(found?.value.sealed ?? '', placeOfArguments(record.id, 'raj')), undefined)
})

test('a refused call is kept too, but not one of a flood', async () => {
  const few = { ...rates, tool: { max: 2, windowMs: 60_000 } }
  await using it = await rig({ keepsArguments: true, check: () => ({ path: '/text', rule: 'is too long' }) }, few)
  for (let n = 0; n < 5; n++) await it.client.call('note', { n })
  const records = await it.records()
  assert.deepEqual(
    records.map(({ reason, argumentsHash }) => [reason, argumentsHash !== undefined]),
    [
      ['invalid_arguments', true],
      ['invalid_arguments', true],
      ['rate_limited', false],
      ['rate_limited', false],
      ['rate_limited', false],
    ],
  )
})

test('what is long is cut', async () => {
  await using it = await rig({ keepsArguments: true })
  await it.client.call('note', { text: 'x'.repeat(200_000) })
  const [record] = await it.records()
  const { cut, characters, begins } = (await it.open(record!)) as { cut: boolean; characters: number; begins: string }
  assert.deepEqual([cut, characters, begins.length], [true, 200_011, 16_384])
  assert.ok(((await it.kept.list())[0]?.value.sealed.length ?? 0) < 32_000)
})

test('the chain stays whole when they are gone, and who exchanges them is found out by the hash', async () => {
  verifies('audit-arguments')
  await using it = await rig({ keepsArguments: true })
  for (let n = 0; n < 3; n++) await it.client.call('note', { n })
  const records = await it.records()
  const before = await it.store.audit.verify()
  assert.equal(await it.vault.shred({ subject: 'ana', kind: 'audit_arguments' }), 1)
  assert.equal(await it.open(records[0]!), undefined)
  for (const { id } of records) await it.kept.takeOnce(id)
  assert.deepEqual(await it.store.audit.verify(), before)
  assert.equal((before as { intact: boolean }).intact, true)
})

test('while arguments cannot be kept nothing new is begun, and each is kept once when they can', async () => {
  const store = createMemoryStore()
  const disk = { isFull: true, appendFails: true }
  let now = 1_000
  const vault = createMemoryVault()
  const kept = createAuditArguments({ store, vault, redactor: createRedactor(), keep: true, keepMs: 1e13 })
  const trail = createAuditTrail({
    audit: {
      ...store.audit,
      async append(records) {
        if (disk.appendFails) throw new Error('full')
        await store.audit.append(records)
      },
    },
    async keepArguments(id, at, what) {
      // One of them can be kept, so that it must not be kept again.
      if (disk.isFull && id !== 'dec_1') throw new Error('full')
      return kept.keep(id, at, what)
    },
    clock: () => now,
    log: silentLog,
    redactor: createRedactor(),
    flushMs: 1,
  })
  for (const n of [1, 2, 3]) trail.record(auditRecord(n, { subject: 'ana' }), { subject: 'ana', text: `{"n":${n}}` })
  trail.record(auditRecord(4, { subject: 'ana' }))
  await new Promise((resolve) => setTimeout(resolve, 20))
  now += 6_000
  assert.equal(trail.accepting(), false)
  disk.isFull = false
  await new Promise((resolve) => setTimeout(resolve, 120))
  disk.appendFails = false
  await trail.flush()
  assert.equal(trail.accepting(), true)
  const all = [...(await store.audit.search({}))].reverse()
  assert.deepEqual(
    all.map(({ record }) => record.id),
    ['dec_1', 'dec_2', 'dec_3', 'dec_4'],
  )
  for (const { record } of all.slice(0, 3)) {
    const value = (await store.records<KeptArguments>('audit_arguments').get(record.id))?.value
    assert.equal(
      createHash('sha256')
        .update(value?.sealed ?? '')
        .digest('hex'),
      record.argumentsHash,
    )
  }
  assert.equal(all[3]?.record.argumentsHash, undefined)
  await trail.close()
})

test('arguments that wait take no more memory than they may: then new work is refused', async () => {
  const store = createMemoryStore()
  const trail = createAuditTrail({
    audit: store.audit,
    keepArguments: () => new Promise(() => {}),
    clock: Date.now,
    log: silentLog,
    redactor: createRedactor(),
  })
  const what = { subject: 'ana', text: JSON.stringify('x'.repeat(1024 * 1024)) }
  for (let n = 0; n < 31; n++) trail.record(auditRecord(n, { subject: 'ana' }), what)
  assert.equal(trail.accepting(), true)
  for (let n = 31; n < 33; n++) trail.record(auditRecord(n, { subject: 'ana' }), what)
  assert.equal(trail.accepting(), false)
})
