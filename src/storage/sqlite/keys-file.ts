/**
 * The file of the data keys, beside the records: what is removed from it is overwritten, so that a key that was destroyed is in no
 * part of it. Opened before the store, which needs a key of it.
 *
 * Fails by throwing: a key that may still be in the file has not been destroyed.
 *
 * @module
 */

import type { Clock } from '../../core/index.ts'
import type { Records } from '../records.ts'
import { createFlusher } from './flush.ts'
import { keysSchema } from './migrations.ts'
import { BUSY_TIMEOUT_MS, openDatabase } from './open.ts'
import { createSqliteRecords, prepareRecords } from './records.ts'
import { createScrub } from './scrub.ts'

export interface KeysFile {
  records<T>(): Records<T>
  scrub(): Promise<void>
  close(): Promise<void>
}

/** Of a store's file. */
export const keysFileOf = (file: string): string => `${file.replace(/\.db$/, '')}-keys.db`

/** @param file the store's. @throws {ConfigError} for a file that is not ours, too new, damaged or out of reach. */
export function openKeysFile(file: string, clock: Clock): KeysFile {
  const keysFile = keysFileOf(file)
  const db = openDatabase(keysFile, keysSchema)
  const flusher = createFlusher(keysFile)
  const statements = prepareRecords(db)
  const scrub = createScrub(db, BUSY_TIMEOUT_MS)
  let closed = false
  return {
    records: <T>() => createSqliteRecords<T>('data_key', statements, flusher, clock),
    async scrub() {
      await scrub.all()
    },
    async close() {
      if (closed) return
      closed = true
      await flusher.close()
      db.close()
    },
  }
}
