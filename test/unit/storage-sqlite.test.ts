/** What is particular to the store in files. */

import assert from 'node:assert/strict'
import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { ConfigError } from '../../src/core/index.ts'
import { createSqliteStore } from '../../src/storage/index.ts'
import { recordsSchema } from '../../src/storage/sqlite/migrations.ts'
import { openDatabase } from '../../src/storage/sqlite/open.ts'
import { auditRecord, auditRecords } from '../contracts/audit-store.ts'

let folder: string
let file: string
const open = () => createSqliteStore({ file })

beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'sallyport-')), 'data')
  file = join(folder, 'sallyport.db')
})
afterEach(() => rm(join(folder, '..'), { recursive: true }))

const posix = { skip: process.platform === 'win32' }

test('the folder is 0700 and every file in it 0600, also those that SQLite adds', posix, async () => {
  const store = open()
  await store.records('account').putIfAbsent('one', {})
  await store.audit.append([auditRecord(1)])
  assert.equal((await stat(folder)).mode & 0o777, 0o700)
  const names = await readdir(folder)
  assert.ok(names.includes('sallyport.db-wal') && names.includes('sallyport-audit.db-shm'), names.join())
  for (const name of names) assert.equal((await stat(join(folder, name))).mode & 0o777, 0o600, name)
  await store.close()
})

test('a file that another process makes meanwhile is ours, whichever part of it was looked at first', async (t) => {
  await mkdir(folder)
  const other = new DatabaseSync(file, { timeout: 0 })
  const { prepare } = DatabaseSync.prototype
  let outcome = 'never'
  // Between the first look at it and the next, all of it is there.
  t.mock.method(DatabaseSync.prototype, 'prepare', function (this: DatabaseSync, sql: string) {
    if (sql === 'PRAGMA schema_version' && outcome === 'never') {
      outcome = 'made'
      try {
        other.exec(`BEGIN IMMEDIATE; ${recordsSchema.migrations[0]}; PRAGMA application_id = ${recordsSchema.applicationId}; COMMIT`)
      } catch {
        other.exec('ROLLBACK')
        outcome = 'waits'
      }
    }
    return prepare.call(this, sql)
  })
  const db = openDatabase(file, recordsSchema)
  db.close()
  other.close()
  assert.equal(outcome, 'waits')
})

test('a file that others could read is made private again', posix, async () => {
  await open().close()
  await chmod(file, 0o644)
  await open().close()
  assert.equal((await stat(file)).mode & 0o777, 0o600)
})

test('what was put is there after a restart', async () => {
  const first = open()
  await first.records('secret').putIfAbsent('one', { n: 1 }, { group: 'g' })
  await first.close()
  const second = open()
  assert.deepEqual((await second.records('secret').list({ group: 'g' }))[0]?.value, { n: 1 })
  await second.close()
})

test('closing twice is once, and a closed store refuses', async () => {
  const store = open()
  await store.close()
  await store.close()
  await assert.rejects(store.records('account').get('one'))
  await assert.rejects(store.audit.append([auditRecord(1)]))
  assert.equal(await store.sweep(), 0)
})

test('closing waits for what is on its way', async () => {
  const store = open()
  const writes = [
    store.audit.append(auditRecords(0, 500)),
    store.audit.append(auditRecords(500, 501)),
    store.records('account').putIfAbsent('one', {}),
  ]
  await store.close()
  await Promise.all(writes)
  const again = open()
  assert.deepEqual([(await again.audit.verify()).records, (await again.records('account').get('one'))?.id], [501, 'one'])
  await again.close()
})

const refuses = (pattern: RegExp): void =>
  assert.throws(open, (error: unknown) => {
    assert.ok(error instanceof ConfigError, String(error))
    assert.match(error.message, pattern)
    assert.ok(error.message.includes(folder))
    return true
  })

test('a database that a newer version wrote is refused and left as it is', async () => {
  await open().close()
  const db = new DatabaseSync(file)
  db.exec('PRAGMA user_version = 99')
  refuses(/newer version of Sallyport \(schema 99, this one knows \d+\)/)
  assert.equal(db.prepare('PRAGMA user_version').get()?.['user_version'], 99)
  db.close()
})

test('a database of the first schema is brought up to date with everything in it', async () => {
  await open().close()
  const db = new DatabaseSync(file)
  db.exec(`DROP TABLE records; ${recordsSchema.migrations[0]}; PRAGMA user_version = 1`)
  db.exec(`INSERT INTO records VALUES ('grant', 'one', 7, 'g', NULL, '{"n":1}'), ('account', 'two', 8, NULL, 1, '{}')`)
  db.close()
  const store = open()
  const [one] = await store.records<{ n: number }>('grant').list({ group: 'g' })
  assert.deepEqual(one, { id: 'one', value: { n: 1 }, version: 7 })
  assert.equal(await store.records('grant').compareAndSet('one', 7, { n: 2 }), true)
  assert.equal(await store.sweep(), 1)
  await store.close()
})

test('large records cost nothing to whoever looks for another, or asks how much there is', async () => {
  const store = open()
  const records = store.records<string>('task')
  const large = 'x'.repeat(1_000_000)
  for (let n = 0; n < 40; n++) {
    await records.putIfAbsent(`id-${n}/large`, large, { group: 'large' })
    await records.putIfAbsent(`id-${n}`, 'small', { group: 'small' })
  }
  const before = process.cpuUsage()
  for (let n = 0; n < 100; n++) await records.get(`id-${n % 40}`)
  for (let n = 0; n < 5; n++) assert.equal((await records.usage('large')).count, 40)
  for (let n = 0; n < 5; n++) assert.equal((await records.list({ group: 'small' })).length, 40)
  const { user, system } = process.cpuUsage(before)
  assert.ok(user + system < 60_000, `${user + system} µs`)
  await store.close()
})

test('a database of another program is refused and left as it is', async () => {
  await open().close()
  await rm(file)
  const db = new DatabaseSync(file)
  db.exec('CREATE TABLE theirs (a)')
  db.close()
  refuses(/not Sallyport's/)
  const again = new DatabaseSync(file)
  assert.deepEqual(
    again
      .prepare('SELECT name FROM sqlite_schema')
      .all()
      .map(({ name }) => name),
    ['theirs'],
  )
  assert.equal(again.prepare('PRAGMA journal_mode').get()?.['journal_mode'], 'delete')
  again.close()
})

test('the audit trail is not taken for the records', async () => {
  await open().close()
  await rm(file)
  const { rename } = await import('node:fs/promises')
  await rename(join(folder, 'sallyport-audit.db'), file)
  refuses(/not Sallyport's/)
})

test('a file that is no database is refused', async () => {
  await open().close()
  await writeFile(file, 'x'.repeat(8192))
  refuses(/damaged or not a SQLite database/)
})

test('a folder that cannot be made is refused', async () => {
  await writeFile(folder, 'a file where the folder should be')
  refuses(/cannot be made or opened/)
  await rm(folder)
})

test('a change by another connection is told once, our own and the audit are not', async () => {
  const store = open()
  const other = open()
  let told = 0
  const stop = store.onForeignChange(() => told++)
  await store.records('account').putIfAbsent('own', {})
  await store.audit.append([auditRecord(1)])
  await other.audit.append([auditRecord(2)])
  await delay(450)
  assert.equal(told, 0)
  await other.records('account').putIfAbsent('theirs', {})
  await delay(450)
  assert.equal(told, 1)
  stop()
  await other.records('account').takeOnce('theirs')
  await delay(450)
  assert.equal(told, 1)
  await Promise.all([store.close(), other.close()])
})

test('listening keeps no process alive', async () => {
  const { run } = await import('../support/child.ts')
  const program = `
    const { createSqliteStore } = await import(process.argv[1])
    createSqliteStore({ file: process.argv[2] }).onForeignChange(() => {})
    console.log('listening')`
  const index = new URL('../../src/storage/index.ts', import.meta.url).href
  const { code, stdout, stderr } = await run(process.execPath, ['--input-type=module', '-e', program, index, file], { timeoutMs: 10_000 })
  assert.deepEqual([code, stdout.trim()], [0, 'listening'], stderr)
})
