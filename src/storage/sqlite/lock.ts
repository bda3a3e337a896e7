/**
 * A lock between processes that ends with whoever holds it, however that ends: SQLite's own on an empty file, which the system takes back
 * from a process that was killed. Nothing is ever written to the file.
 *
 * @module
 */

import { DatabaseSync } from 'node:sqlite'
import { isBusy, makePrivate } from './open.ts'

/** Answers how to let go of it. Undefined: somebody else has it, in this process or another. `waitMs`: nothing else is done meanwhile. */
export function takeLock(file: string, waitMs = 0): (() => void) | undefined {
  makePrivate(file)
  const db = new DatabaseSync(file, { timeout: waitMs })
  try {
    // Its journal, which is made at once for a file that is empty, is in memory: nothing is left beside the file, whatever becomes of it.
    db.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
  } catch (error) {
    db.close()
    if (isBusy(error)) return undefined
    throw error
  }
  return () => db.close()
}
