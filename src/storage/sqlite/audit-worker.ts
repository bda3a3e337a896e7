/**
 * The thread that writes the audit trail of a busy server: hashing, indexing and waiting for the disk cost about as much
 * as a guarded call does, and none of it needs to happen on the thread that answers.
 *
 * Takes batches in order and says how each ended. What it cannot open or write it says too; it decides nothing.
 *
 * @module
 */

import { parentPort, workerData } from 'node:worker_threads'
import { problemOf } from '../../core/index.ts'
import { createAuditWriter } from './audit-writer.ts'
import { auditSchema } from './migrations.ts'
import { openDatabase } from './open.ts'

/** `texts`: JSON texts, a line each. Without, the thread is to end. */
export interface Batch {
  readonly texts: string | undefined
}

/** One for each batch, in order. */
export interface Ended {
  readonly problem: string | undefined
}

export interface WorkerOptions {
  readonly file: string
  readonly sealKey: Uint8Array | undefined
}

const { file, sealKey } = workerData as WorkerOptions
const db = openDatabase(file, auditSchema)
// Nobody waits on this thread: it syncs each commit itself.
db.exec('PRAGMA synchronous = FULL')
const writer = createAuditWriter(db, sealKey)

parentPort?.on('message', ({ texts }: Batch) => {
  if (texts === undefined) {
    db.close()
    parentPort?.close()
    return
  }
  let problem: string | undefined
  try {
    writer.append(texts.split('\n'))
  } catch (error) {
    problem = problemOf(error)
  }
  parentPort?.postMessage({ problem } satisfies Ended)
})
