/**
 * The file of the data keys, beside the records: what is removed from it is overwritten, so that a key that was destroyed is in no
 * part of it. Opened before the store, which needs a key of it.
 *
 * Fails by throwing: a key that may still be in the file has not been destroyed.
 *
 * @module
 */

import { setTimeout as delay } from 'node:timers/promises'
import type { Clock } from '../../core/index.ts'
import type { Records } from '../records.ts'
import { createFlusher } from './flush.ts'
import { keysSchema } from './migrations.ts'
import { openDatabase } from './open.ts'
import { createSqliteRecords, prepareRecords } from './records.ts'

export interface KeysFile {
  records<T>(): Records<T>
  scrub(): Promise<void>
  close(): Promise<void>
}

const ATTEMPTS = 40
const ATTEMPT_MS = 50

/** @param file the store's. @throws {ConfigError} for a file that is not ours, too new, damaged or out of reach. */
export function openKeysFile(file: string, clock: Clock): KeysFile {
  const keysFile = `${file.replace(/\.db$/, '')}-keys.db`
  const db = openDatabase(keysFile, keysSchema, { overwrite: true })
  const flusher = createFlusher(keysFile)
  const statements = prepareRecords(db)
  // Moves what was overwritten into the file, on disk, and cuts off the log, which has the pages as they were (SQLite, wal_checkpoint).
  const checkpoint = db.prepare('PRAGMA wal_checkpoint(TRUNCATE)')
  let closed = false
  return {
    records: <T>() => createSqliteRecords<T>('data_key', statements, flusher, clock),
    async scrub() {
      for (let attempt = 1; Number(checkpoint.get()?.['busy']) !== 0; attempt++) {
        if (attempt === ATTEMPTS) throw new Error('destroyed keys are still in the log of the key file: it is in use')
        await delay(ATTEMPT_MS)
      }
    },
    async close() {
      if (closed) return
      closed = true
      await flusher.close()
      db.close()
    },
  }
}
