/** Somebody with the file, and without the key, cannot change the audit trail unseen. */

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, test } from 'node:test'
import { link } from '../../src/storage/chain.ts'
import { type ChainState, createSqliteStore, type Store } from '../../src/storage/index.ts'
import { auditRecord, auditRecords } from '../contracts/audit-store.ts'

const sealKey = new Uint8Array(32).fill(1)
let folder: string
let store: Store

const open = (key = sealKey): Store => createSqliteStore({ file: join(folder, 'test.db'), sealKey: key })

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-'))
  store = open()
  await store.audit.append(auditRecords(1, 11))
})
afterEach(async () => {
  await store.close()
  await rm(folder, { recursive: true })
})

/** What an attacker does with the file while we run. */
function tamper(sql: string, ...values: (string | number)[]): void {
  const db = new DatabaseSync(join(folder, 'test-audit.db'))
  db.prepare(sql).run(...values)
  db.close()
}

const broken = (state: ChainState): number | 'intact' => (state.intact ? 'intact' : state.brokenAt)

test('an edited record is found and named', async () => {
  tamper(`UPDATE audit SET body = replace(body, '"allow"', '"deny"') WHERE sequence = 4`)
  assert.equal(broken(await store.audit.verify()), 4)
})

test('a record whose hash was changed as well is found by the one after it', async () => {
  const text = JSON.stringify(auditRecord(4, { subject: 'somebody else' }))
  const { hash } = (await store.audit.search({})).find(({ sequence }) => sequence === 3)!
  tamper('UPDATE audit SET body = ?, hash = ? WHERE sequence = 4', text, link(hash, text))
  assert.equal(broken(await store.audit.verify()), 5)
})

test('a dropped record is found and named, first or in the middle', async () => {
  tamper('DELETE FROM audit WHERE sequence = 6')
  assert.equal(broken(await store.audit.verify()), 6)
  tamper('DELETE FROM audit WHERE sequence = 1')
  assert.equal(broken(await store.audit.verify()), 1)
})

test('two records that changed places are found', async () => {
  tamper('UPDATE audit SET sequence = 100 WHERE sequence = 3')
  tamper('UPDATE audit SET sequence = 3 WHERE sequence = 7')
  tamper('UPDATE audit SET sequence = 7 WHERE sequence = 100')
  assert.equal(broken(await store.audit.verify()), 3)
})

test('records cut off the end are found, also after the trail went on, also by the process that went on', async () => {
  tamper('DELETE FROM audit WHERE sequence > 8')
  assert.equal(broken(await store.audit.verify()), 9)
  await store.audit.append([auditRecord(20)])
  assert.equal(broken(await store.audit.verify()), 9)
  const other = open()
  await other.audit.append([auditRecord(21)])
  assert.equal(broken(await other.audit.verify()), 9)
  await other.close()
})

test('a head that was put back to match a cut is not believed, also after the trail went on', async () => {
  const { hash } = (await store.audit.search({})).find(({ sequence }) => sequence === 8)!
  tamper('DELETE FROM audit WHERE sequence > 8')
  tamper('UPDATE head SET sequence = 8, hash = ?', hash)
  assert.notEqual(broken(await store.audit.verify()), 'intact')
  await store.audit.append([auditRecord(20)])
  assert.equal(broken(await store.audit.verify()), 9)
})

test('a head or a seal that was taken away is missed, also after the trail went on', async () => {
  tamper('UPDATE head SET seal = NULL')
  assert.equal(broken(await store.audit.verify()), 10)
  tamper('DELETE FROM head')
  assert.equal(broken(await store.audit.verify()), 10)
  await store.audit.append([auditRecord(20)])
  assert.equal(broken(await store.audit.verify()), 11)
})

test('a trail that was emptied with its head is missed by the process that wrote it', async () => {
  tamper('DELETE FROM audit')
  tamper('DELETE FROM head')
  await store.audit.append([auditRecord(20)])
  assert.equal(broken(await store.audit.verify()), 1)
})

test('records that somebody else added are found, also after the trail went on', async () => {
  const { hash } = (await store.audit.search({}))[0]!
  const text = JSON.stringify(auditRecord(11))
  tamper('INSERT INTO audit (sequence, hash, body) VALUES (11, ?, ?)', link(hash, text), text)
  assert.equal(broken(await store.audit.verify()), 11)
  const other = open()
  await other.audit.append([auditRecord(20)])
  assert.notEqual(broken(await other.audit.verify()), 'intact')
  await other.close()
})

test('a trail that was rewritten from the first record on, with every hash, is found out by the seal', async () => {
  let hash = '0'.repeat(64)
  for (let n = 1; n <= 10; n++) {
    const text = JSON.stringify(auditRecord(n, { subject: 'rewritten' }))
    hash = link(hash, text)
    tamper('UPDATE audit SET body = ?, hash = ? WHERE sequence = ?', text, hash, n)
  }
  tamper('UPDATE head SET hash = ?', hash)
  const state = await store.audit.verify()
  assert.equal(broken(state), 10)
  assert.match(state.intact ? '' : state.problem, /not sealed with this key/)
})

test('a search finds what was stored, whatever was done to the columns: they are computed', async () => {
  assert.throws(() => tamper(`UPDATE audit SET subject = 'nobody' WHERE sequence = 1`), /generated column/)
})

test('a trail of another key is read, and said not to be sealed with this one', async () => {
  const other = open(new Uint8Array(32).fill(2))
  assert.equal((await other.audit.search({})).length, 10)
  assert.notEqual(broken(await other.audit.verify()), 'intact')
  await other.close()
})

test('what is untouched stays intact through large batches, small ones and a restart', async () => {
  await store.audit.append(auditRecords(11, 211))
  await store.audit.append([auditRecord(211)])
  await store.close()
  store = open()
  await store.audit.append([auditRecord(212)])
  const state = await store.audit.verify()
  assert.deepEqual([state.intact, state.records], [true, 212], JSON.stringify(state))
})

test('a beginning that was removed, moved or made up is found; so is a forged reason why it is gone', async () => {
  tamper('DELETE FROM audit WHERE sequence <= 3')
  assert.equal(broken(await store.audit.verify()), 1)
  const { hash } = (await store.audit.search({})).find(({ sequence }) => sequence === 4)!
  tamper('DELETE FROM audit WHERE sequence = 4')
  tamper('INSERT INTO anchor (only_one, sequence, hash, at, problem, seal) VALUES (1, 4, ?, 1, NULL, NULL)', hash)
  const state = await store.audit.verify()
  assert.equal(broken(state), 4)
  assert.match(state.intact ? '' : state.problem, /not sealed with this key/)
})

test('an anchor that was moved on, put back, changed or taken away is found', async () => {
  await store.audit.drop(1_004)
  const db = new DatabaseSync(join(folder, 'test-audit.db'))
  const anchor = db.prepare('SELECT * FROM anchor').get() as Record<string, string | number | null>
  const put = (changed: Record<string, string | number | null>): void => {
    const { sequence, hash, at, problem, seal } = { ...anchor, ...changed }
    db.prepare('INSERT OR REPLACE INTO anchor (only_one, sequence, hash, at, problem, seal) VALUES (1, ?, ?, ?, ?, ?)').run(
      ...([sequence, hash, at, problem, seal] as (string | number | null)[]),
    )
  }
  assert.equal(broken(await store.audit.verify()), 'intact')
  put({ at: 1 })
  assert.notEqual(broken(await store.audit.verify()), 'intact')
  put({})
  await store.audit.drop(1_006)
  assert.equal(broken(await store.audit.verify()), 'intact')
  put({})
  assert.equal(broken(await store.audit.verify()), 4, 'put back to what it was: the records after it are missing')
  db.exec('DELETE FROM anchor')
  assert.equal(broken(await store.audit.verify()), 1)
  const head = db.prepare('SELECT * FROM head').get() as Record<string, string | number>
  put({ sequence: head['sequence']!, hash: head['hash']!, seal: head['seal']! })
  assert.notEqual(broken(await store.audit.verify()), 'intact', 'the seal of a head is none of an anchor')
  db.close()
})

test('a trail that was emptied behind its beginning is found, also with the head that stood there once', async () => {
  const db = new DatabaseSync(join(folder, 'test-audit.db'))
  const { sequence, hash, seal } = db.prepare('SELECT * FROM head').get() as Record<string, string | number>
  await store.audit.append(auditRecords(11, 21))
  await store.audit.drop(1_000 + Number(sequence) + 1)
  assert.equal(broken(await store.audit.verify()), 'intact')
  assert.equal(db.prepare('SELECT sequence FROM anchor').get()?.['sequence'], sequence)
  db.exec('DELETE FROM audit')
  db.prepare('UPDATE head SET sequence = ?, hash = ?, seal = ?').run(sequence!, hash!, seal!)
  db.close()
  const state = await store.audit.verify()
  assert.equal(broken(state), Number(sequence) + 1)
  assert.match(state.intact ? '' : state.problem, /the newest is never dropped/)
})

test('what was wrong with records stays on record when they are dropped, and when more are', async () => {
  tamper(`UPDATE audit SET body = replace(body, '"allow"', '"deny"') WHERE sequence = 2`)
  assert.equal(await store.audit.drop(1_006), 5)
  for (const before of [1_006, 1_008]) {
    await store.audit.drop(before)
    const state = await store.audit.verify()
    assert.match(state.intact ? '' : state.problem, /record 2 is not what was written, or not where; it was dropped since/)
  }
})

test('a forged anchor is not made good by dropping more', async () => {
  const { hash } = (await store.audit.search({})).find(({ sequence }) => sequence === 4)!
  tamper('DELETE FROM audit WHERE sequence <= 4')
  tamper('INSERT INTO anchor (only_one, sequence, hash, at, problem, seal) VALUES (1, 4, ?, 1, NULL, NULL)', hash)
  assert.equal(await store.audit.drop(1_008), 3)
  assert.match(JSON.stringify(await store.audit.verify()), /not sealed with this key/)
})

test('a file of the shape before there was an anchor gets one, and keeps what is in it', async () => {
  await store.close()
  const db = new DatabaseSync(join(folder, 'test-audit.db'))
  db.exec('DROP TABLE anchor; PRAGMA user_version = 1')
  db.close()
  store = open()
  assert.equal(await store.audit.drop(1_004), 3)
  const state = await store.audit.verify()
  assert.deepEqual([state.intact, state.records], [true, 7])
})
