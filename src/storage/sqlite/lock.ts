/**
 * A lock between processes that ends with whoever holds it, however that ends: SQLite's own on an empty file, which the system takes back
 * from a process that was killed. Nothing is ever written to the file.
 *
 * @module
 */

import { DatabaseSync } from 'node:sqlite'
import { isBusy, makePrivate } from './open.ts'

/** Answers how to let go of it. Undefined: somebody else has it, in this process or another. Never waits. */
export function takeLock(file: string): (() => void) | undefined {
  makePrivate(file)
  const db = new DatabaseSync(file, { timeout: 0 })
  try {
    db.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    db.close()
    if (isBusy(error)) return undefined
    throw error
  }
  return () => db.close()
}
