/** What is removed from SQLite is in no file any more once it has been erased, whatever happened to the pages meanwhile. */

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, test } from 'node:test'
import { createSqliteStore, type RecordKind, type Store } from '../../src/storage/index.ts'
import { auditRecords } from '../contracts/audit-store.ts'
import { verifies } from '../requirements.ts'
import { findInFolder } from '../support/at-rest.ts'

const CANARY = 'canary-5Fq8Zr2Lw9'
const KINDS: readonly RecordKind[] = ['task', 'grant', 'session_setting', 'client']
const SIZES = [1, 12, 70, 240, 1_200]
let folder: string
let store: Store

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-'))
  store = createSqliteStore({ file: join(folder, 'test.db'), sealKey: new Uint8Array(32) })
})
afterEach(async () => {
  await store.close()
  await rm(folder, { recursive: true })
})

/** The same each time: what it leaves where is known. */
function createRandom(): (below: number) => number {
  let state = 11
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
    return Math.floor((state / 0x80000000) * below)
  }
}

test('rows of one among those of others, which come, grow, shrink and go until pages have split and filled again', async () => {
  verifies('forgetting-leaves-nothing')
  const random = createRandom()
  const theirs = new Map<string, RecordKind>()
  const others = new Map<string, RecordKind>()
  for (let n = 0; n < 900; n++) {
    const isTheirs = random(3) === 0
    const [word, all] = isTheirs ? [CANARY, theirs] : ['nobody', others]
    const kind = KINDS[random(KINDS.length)] as RecordKind
    // Anywhere among those that are there.
    const id = `${random(1_000_000)} ${word} ${n} ${'p'.repeat(random(60))}`
    const value = { text: word.repeat(SIZES[random(SIZES.length)] as number) }
    await store.records(kind).putIfAbsent(id, value, { group: isTheirs ? `account:${CANARY}` : `group ${random(20)}` })
    all.set(id, kind)
    const [some, its] = [...all][random(all.size)] as [string, RecordKind]
    if (random(3) === 0) {
      const found = await store.records(its).get(some)
      if (found)
        await store.records(its).compareAndSet(some, found.version, { text: word.repeat(1 + random(900)) }, { group: `account:${word}` })
    } else if (random(4) === 0) {
      await store.records(its).takeOnce(some)
      all.delete(some)
    }
  }
  for (const [id, kind] of theirs) await store.records(kind).takeOnce(id)
  assert.equal(await store.erase(), true)
  assert.deepEqual(findInFolder(folder, [CANARY]), [])
  assert.equal((await Array.fromAsync(store.scan())).length, others.size)
})

test('another process that reads is waited for, and this one answers meanwhile', async () => {
  await store.records('task').putIfAbsent('a', { text: CANARY })
  const reader = new DatabaseSync(join(folder, 'test.db'))
  reader.exec('BEGIN; SELECT * FROM records')
  await store.records('task').takeOnce('a')
  let isDone = false
  const erasing = store.erase().then(() => (isDone = true))
  for (let n = 0; n < 5; n++) await new Promise((resolve) => setTimeout(resolve, 10))
  assert.equal(isDone, false)
  reader.exec('COMMIT')
  await erasing
  reader.close()
  assert.deepEqual(findInFolder(folder, [CANARY]), [])
})

test('a sweep cuts off the log that still has what it removed, and so does the dropping of audit records', async () => {
  await store.records('task').putIfAbsent('a', { text: CANARY }, { expiresAt: Date.now() + 5 })
  await store.audit.append(auditRecords(0, 40).map((record) => ({ ...record, target: CANARY })))
  await store.audit.append([auditRecords(40, 41)[0]!])
  await new Promise((resolve) => setTimeout(resolve, 10))
  assert.ok(findInFolder(folder, [CANARY]).length > 1)
  assert.equal(await store.sweep(), 1)
  assert.equal(await store.audit.drop(1e15), 40)
  assert.deepEqual(findInFolder(folder, [CANARY]), [])
})
