/**
 * The way of a decision into the audit trail: noted at once, stored in batches.
 *
 *   … release → [audit]      one record for each request, whatever became of it
 *
 * `record` is on the hot path: it takes a place in a queue and no promise. What is queued is appended in order, a batch in
 * one transaction (group commit). An append that fails is tried again until it succeeds. While the trail cannot keep up,
 * `accepting` is false and the pipeline refuses new work (fails closed): no call runs that could not be recorded.
 *
 * @module
 */

import { setTimeout as delay } from 'node:timers/promises'
import type { Clock, Log, Redactor } from '../core/index.ts'
import type { AuditRecord, AuditStore } from '../storage/index.ts'
import { createFolding, isFoldable } from './audit-folding.ts'
import { redactRecord } from './audit-redaction.ts'

export interface AuditTrailOptions {
  readonly audit: AuditStore
  readonly clock: Clock
  readonly log: Log
  readonly redactor: Redactor
  /** How long a record may wait for others to be stored with; 50 unless told. */
  readonly flushMs?: number
  /** How many are stored in one transaction, at most; 500 unless told. */
  readonly batch?: number
  /** How many may wait before new work is refused; 20,000 unless told. */
  readonly maxQueue?: number
}

export interface AuditTrail {
  record(record: AuditRecord): void
  /** False: refuse new work, its record could be lost. */
  accepting(): boolean
  /** Settles once everything recorded before the call is stored. */
  flush(): Promise<void>
  /** Stores what is left. @throws if that did not succeed within ten seconds. */
  close(): Promise<void>
}

const PATIENCE_MS = 5_000
const CLOSE_WITHIN_MS = 10_000
const MAX_BACKOFF_MS = 2_000

export function createAuditTrail(options: AuditTrailOptions): AuditTrail {
  const { audit, clock, log, redactor, flushMs = 50, batch = 500, maxQueue = 20_000 } = options
  const folding = createFolding(push)
  const queue: AuditRecord[] = []
  let timer: NodeJS.Timeout | undefined
  let draining: Promise<void> | undefined
  let failingSince: number | undefined
  let closed = false
  const ended = new AbortController()

  function push(record: AuditRecord): void {
    queue.push(record)
    if (draining !== undefined) return
    if (queue.length >= batch) drain()
    else timer ??= setTimeout(drain, flushMs)
  }

  function drain(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    draining ??= storeQueue().finally(() => {
      draining = undefined
      if (queue.length > 0 && !ended.signal.aborted) timer ??= setTimeout(drain, flushMs)
    })
    return draining
  }

  async function storeQueue(): Promise<void> {
    for (let backoffMs = 50; queue.length > 0 && !ended.signal.aborted; ) {
      // A batch leaves the queue when it is stored, not before.
      const next = queue.slice(0, batch)
      try {
        await audit.append(next.map((record) => redactRecord(record, redactor)))
      } catch (error) {
        failed(error)
        await delay(backoffMs, undefined, { signal: ended.signal }).catch(() => {})
        backoffMs = Math.min(backoffMs * 2, MAX_BACKOFF_MS)
        continue
      }
      queue.splice(0, next.length)
      backoffMs = 50
      if (failingSince !== undefined) log('info', 'the audit trail is written again', { waiting: queue.length })
      failingSince = undefined
    }
  }

  /** Said once an outage. */
  function failed(error: unknown): void {
    if (failingSince !== undefined) return
    failingSince = clock()
    log('error', 'the audit trail cannot be written; new requests are refused if this lasts', {
      problem: error instanceof Error ? error.message : 'unknown',
    })
  }

  return {
    record(record) {
      if (closed) log('error', 'a decision was made after the audit trail was closed, and is not recorded', { decision_id: record.id })
      else if (record.decision === 'deny' && (queue.length >= maxQueue || isFoldable(record)))
        folding.take(record, queue.length >= maxQueue)
      else push(record)
    },
    accepting() {
      return !closed && queue.length < maxQueue && (failingSince === undefined || clock() - failingSince <= PATIENCE_MS)
    },
    async flush() {
      // What is recorded while this waits is not waited for beyond the batch that it shares.
      for (let left = queue.length; left > 0 && !ended.signal.aborted; left -= batch) await drain()
    },
    async close() {
      if (closed) return
      folding.close()
      closed = true
      const deadline = setTimeout(() => ended.abort(), CLOSE_WITHIN_MS)
      while (queue.length > 0 && !ended.signal.aborted) await drain()
      clearTimeout(deadline)
      clearTimeout(timer)
      if (queue.length > 0) throw new Error(`${queue.length} audit records could not be written`)
    },
  }
}
