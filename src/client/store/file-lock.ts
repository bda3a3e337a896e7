/**
 * A lock between processes that the operating system takes back when its holder dies: SQLite's lock on an empty file, since Node has
 * none of its own (measured: 0.1 ms to take). Nothing is ever written into the file: the transaction is never committed, and its
 * journal is in memory, so that a full disk does not matter.
 *
 * The file stays when nobody holds it: whoever removed it might remove it from under another.
 *
 * @module
 */

import { close, open } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { TokenStoreError } from '../errors.ts'
import { toStoreError } from './store-error.ts'

export interface FileLock {
  release(): void
}

const BUSY = 5
const FIRST_WAIT_MS = 2
const LONGEST_WAIT_MS = 50

/** Waits for whoever has it. @throws {TokenStoreError} where the file cannot be made, or nobody lets go within `waitMs`. */
export async function takeFileLock(file: string, waitMs: number): Promise<FileLock> {
  await makeLockFile(file)
  const patience = AbortSignal.timeout(waitMs)
  let db: DatabaseSync | undefined
  try {
    db = new DatabaseSync(file, { timeout: 0 })
    for (let wait = FIRST_WAIT_MS; !tryToTake(db); wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
      if (patience.aborted)
        throw new TokenStoreError('store_locked', `${file}: another process has held a record for ${waitMs / 1000} seconds.`)
      await sleep(wait + Math.random() * wait)
    }
    const held = db
    return { release: () => held.close() }
  } catch (error) {
    db?.close()
    throw toStoreError(error, 'store_unwritable', file)
  }
}

function tryToTake(db: DatabaseSync): boolean {
  try {
    // Where the file may only be read, SQLite says that it has the lock, and has not: the change that is never kept finds that out.
    db.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE; PRAGMA user_version = 1')
    return true
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK')
    if (((error as { errcode?: number }).errcode ?? 0) % 256 !== BUSY) throw error
    return false
  }
}

/** Never opens one that exists: to close it again would drop the lock that this process may have on it (POSIX). */
async function makeLockFile(file: string): Promise<void> {
  try {
    await promisify(close)(await promisify(open)(file, 'wx', 0o600))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw toStoreError(error, 'store_unwritable', file)
  }
}
