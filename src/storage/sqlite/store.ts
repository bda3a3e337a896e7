/**
 * The store of one machine: three SQLite files in one folder, shared by any number of processes (a server, the CLI).
 *
 * The audit trail has a file of its own, so that its steady writing is no "foreign change" of the records, and so that
 * it can be handed to an auditor without them. Data keys have one, so that a copy of the rest is worthless alone. Fails by
 * throwing, which the pipeline answers with a refusal.
 *
 * @module
 */

import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Clock, systemClock } from '../../core/index.ts'
import type { RecordKind, Store } from '../store.ts'
import { createSqliteAudit } from './audit.ts'
import { createFlusher } from './flush.ts'
import { createForeignChanges } from './foreign-changes.ts'
import { type KeysFile, openKeysFile } from './keys-file.ts'
import { auditSchema, recordsSchema } from './migrations.ts'
import { BUSY_TIMEOUT_MS, openDatabase } from './open.ts'
import { createSqliteRecords, prepareRecords } from './records.ts'
import { createScan } from './scan.ts'
import { createScrub } from './scrub.ts'

export interface SqliteStoreOptions {
  /** Where the records are, e.g. `…/sallyport.db`; the audit trail is beside it in `…/sallyport-audit.db`. */
  readonly file: string
  readonly clock?: Clock
  /** Seals the head of the audit trail, so that nobody without the key can rewrite it unseen. */
  readonly sealKey?: Uint8Array
  /** Where data keys are; `…/sallyport-keys.db` unless told. Closed with the store. */
  readonly keys?: KeysFile
}

/** What is overwritten takes its time: fifty parts of a stored result some 30 ms. */
const SWEEP_BATCH = 50

/** @throws {ConfigError} for a file that is not ours, too new, damaged or out of reach. */
export function createSqliteStore({ file, clock = systemClock, sealKey, keys = openKeysFile(file, clock) }: SqliteStoreOptions): Store {
  const auditFile = `${file.replace(/\.db$/, '')}-audit.db`
  const db = openDatabase(file, recordsSchema)
  const auditDb = openDatabase(auditFile, auditSchema)
  const flusher = createFlusher(file)
  const auditFlusher = createFlusher(auditFile)
  const statements = prepareRecords(db)
  const changes = createForeignChanges(db)
  const sweepBatch = db.prepare(
    `DELETE FROM records WHERE (kind, id) IN (SELECT kind, id FROM records WHERE expires_at <= ? ORDER BY expires_at LIMIT ${SWEEP_BATCH})`,
  )
  const scrub = createScrub(db, BUSY_TIMEOUT_MS)
  const auditScrub = createScrub(auditDb, BUSY_TIMEOUT_MS)
  const audit = createSqliteAudit({ file: auditFile, db: auditDb, flusher: auditFlusher, scrub: auditScrub, clock, sealKey })
  /** Something was swept, and is still in the log: somebody read it then. */
  let isLeft = false
  let closed = false
  return {
    audit,
    records: <T>(kind: RecordKind) => (kind === 'data_key' ? keys.records<T>() : createSqliteRecords<T>(kind, statements, flusher, clock)),
    onForeignChange: changes.listen,
    scan: createScan(db),
    scrub: keys.scrub,
    async erase() {
      await keys.scrub()
      auditScrub.now()
      return scrub.all()
    },
    async sweep() {
      for (let swept = 0; ; ) {
        const removed = closed ? 0 : Number(sweepBatch.run(clock()).changes)
        swept += removed
        isLeft ||= removed > 0
        if (removed === SWEEP_BATCH) await nextTurn()
        else {
          if (isLeft && !closed) isLeft = !scrub.now()
          return swept
        }
      }
    },
    async close() {
      if (closed) return
      closed = true
      changes.close()
      await Promise.all([audit.close(), flusher.close(), auditFlusher.close(), keys.close()])
      db.close()
      auditDb.close()
    },
  }
}
