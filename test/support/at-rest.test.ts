import assert from 'node:assert/strict'
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { findInBytes, findInFolder } from './at-rest.ts'
import { createTempDir } from './paths.ts'

const canary = 'a canary, that sings: änd no more'

test('a value is found in every form that an encoder gives it, wherever it stands in what was encoded', () => {
  for (const before of ['', 'x', 'xy', 'xyz']) {
    const text = `${before}${canary}${before}`
    const encoded = [
      text,
      Buffer.from(text).toString('base64'),
      Buffer.from(text).toString('base64url'),
      Buffer.from(text).toString('hex'),
      Buffer.from(text).toString('hex').toUpperCase(),
      encodeURIComponent(text),
      new URLSearchParams({ text }).toString(),
      JSON.stringify(text),
    ]
    for (const each of encoded) assert.notDeepEqual(findInBytes(Buffer.from(each), [canary], 'text'), [], each)
    assert.notDeepEqual(findInBytes(Buffer.from(text, 'utf16le'), [canary], 'text'), [])
  }
  assert.deepEqual(findInBytes(Buffer.from('another bird that sings: nothing of it'), [canary], 'text'), [])
})

test('what a database has deleted is found in its free pages, and what it has just written in its log', async () => {
  await using folder = await createTempDir('at-rest')
  const file = join(folder.path, 'some.db')
  const db = new DatabaseSync(file)
  db.exec('PRAGMA secure_delete = OFF; PRAGMA journal_mode = WAL; CREATE TABLE t (v TEXT)')
  const insert = db.prepare('INSERT INTO t VALUES (?)')
  insert.run(canary)
  const copy = join(folder.path, 'copy')
  mkdirSync(copy)
  copyFileSync(`${file}-wal`, join(copy, 'some.db-wal'))
  assert.notDeepEqual(findInFolder(copy, [canary]), [], 'the write-ahead log')
  db.exec('DELETE FROM t; PRAGMA wal_checkpoint(TRUNCATE)')
  db.close()
  assert.deepEqual(
    findInFolder(folder.path, [canary])
      .filter(({ where }) => where === 'some.db')
      .map(({ form }) => form)
      .slice(0, 1),
    ['as it is'],
  )
  writeFileSync(join(copy, 'some.db-wal'), '')
  assert.deepEqual(findInFolder(copy, [canary]), [])
})
