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
import { type Clock, type Log, problemOf, type Redactor } from '../core/index.ts'
import type { AuditRecord, AuditStore } from '../storage/index.ts'
import type { AuditArguments, ToKeep } from './audit-arguments.ts'
import { faultIn } from './audit-faults.ts'
import { createFolding, isFoldable } from './audit-folding.ts'
import { createAuditText } from './audit-text.ts'

export interface AuditTrailOptions {
  readonly audit: AuditStore
  readonly clock: Clock
  readonly log: Log
  readonly redactor: Redactor
  /** Keeps arguments, where there are some to be kept. */
  readonly keepArguments?: AuditArguments['keep'] | undefined
  /** How long a record may wait for others to be stored with; 50 unless told. */
  readonly flushMs?: number
  /**
   * How many are stored in one transaction, at most; 250 unless told. To wake who stores them costs as much as writing a hundred, and
   * while they are stored they take a core.
   */
  readonly batch?: number
  /** How many may wait before new work is refused; 20,000 unless told. */
  readonly maxQueue?: number
}

export interface AuditTrail {
  record(record: AuditRecord, toKeep?: ToKeep): void
  /** False: refuse new work, its record could be lost. */
  accepting(): boolean
  /** Settles once everything recorded before the call is stored. */
  flush(): Promise<void>
  /** Stores what is left. @throws if that did not succeed within ten seconds. */
  close(): Promise<void>
}

/** A record whose arguments are not kept yet. */
interface Waiting {
  readonly text: string
  readonly id: string
  readonly at: number
  readonly what: ToKeep
}

/** What arguments that wait may come to, in characters. */
const MAX_WAITING = 32 * 1024 * 1024
const PATIENCE_MS = 5_000
const CLOSE_WITHIN_MS = 10_000
const MAX_BACKOFF_MS = 2_000

export function createAuditTrail(options: AuditTrailOptions): AuditTrail {
  const { audit, clock, log, redactor, flushMs = 50, batch = 250, maxQueue = 20_000 } = options
  const folding = createFolding(push)
  const queue: (string | Waiting)[] = []
  const toText = createAuditText(redactor)
  /** The characters of arguments that wait. */
  let waitingCharacters = 0
  let taken = 0
  let stored = 0
  const waiting: { readonly upTo: number; readonly resolve: () => void }[] = []
  let timer: NodeJS.Timeout | undefined
  let draining: Promise<void> | undefined
  let failingSince: number | undefined
  let closed = false
  const ended = new AbortController()

  function push(record: AuditRecord, what?: ToKeep): void {
    const text = toText(record)
    if (what === undefined) queue.push(text)
    else {
      queue.push({ text, id: record.id, at: record.at, what })
      waitingCharacters += what.text.length
    }
    taken++
    if (draining !== undefined) return
    if (queue.length >= batch) void drain()
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

  /** All that waits now; of what comes meanwhile, full batches. The rest waits for company. */
  async function storeQueue(): Promise<void> {
    const upTo = taken
    for (let backoffMs = 50; !ended.signal.aborted && queue.length > 0 && (stored < upTo || queue.length >= batch); ) {
      // A batch leaves the queue when it is stored, not before.
      const next = queue.slice(0, batch)
      try {
        await audit.append(waitingCharacters === 0 ? (next as string[]) : await withArguments(next))
      } catch (error) {
        failed(error)
        await delay(backoffMs, undefined, { signal: ended.signal }).catch(() => {})
        backoffMs = Math.min(backoffMs * 2, MAX_BACKOFF_MS)
        continue
      }
      queue.splice(0, next.length)
      stored += next.length
      while (waiting[0] !== undefined && waiting[0].upTo <= stored) waiting.shift()?.resolve()
      backoffMs = 50
      if (failingSince !== undefined) log('info', 'the audit trail is written again', { waiting: queue.length })
      failingSince = undefined
    }
  }

  /** Arguments first: a record that is there tells the truth of them. Those that are kept leave the queue, whatever becomes of others. */
  async function withArguments(next: readonly (string | Waiting)[]): Promise<string[]> {
    const keeping = next.map(async (each, place) => {
      if (typeof each === 'string') return each
      const kept = await options.keepArguments?.(each.id, each.at, each.what)
      const text = kept ? `${each.text.slice(0, -1)},${JSON.stringify(kept).slice(1)}` : each.text
      // The queue grows at its end alone meanwhile.
      queue[place] = text
      waitingCharacters -= each.what.text.length
      return text
    })
    const settled = await Promise.allSettled(keeping)
    const failed = settled.find(({ status }) => status === 'rejected')
    if (failed) throw (failed as PromiseRejectedResult).reason
    return Promise.all(keeping)
  }

  /** Said once an outage. */
  function failed(error: unknown): void {
    if (failingSince !== undefined) return
    failingSince = clock()
    log('error', 'the audit trail cannot be written; new requests are refused if this lasts', {
      problem: problemOf(error),
    })
  }

  return {
    record(record, toKeep) {
      const fault = faultIn(record)
      if (fault !== undefined) log('error', fault)
      if (closed) log('error', 'a decision was made after the audit trail was closed, and is not recorded', { decision_id: record.id })
      else if (record.decision === 'deny' && (queue.length >= maxQueue || isFoldable(record)))
        folding.take(record, queue.length >= maxQueue)
      else push(record, toKeep)
    },
    accepting() {
      return (
        !closed &&
        queue.length < maxQueue &&
        waitingCharacters < MAX_WAITING &&
        (failingSince === undefined || clock() - failingSince <= PATIENCE_MS)
      )
    },
    async flush() {
      if (queue.length === 0 || ended.signal.aborted) return
      const done = new Promise<void>((resolve) => waiting.push({ upTo: taken, resolve }))
      // What began before may end without the last of ours.
      if (draining !== undefined) void draining.then(drain)
      else void drain()
      await done
    },
    async close() {
      if (closed) return
      folding.close()
      closed = true
      const { promise: late, resolve } = Promise.withResolvers<void>()
      const deadline = setTimeout(() => {
        ended.abort()
        resolve()
      }, CLOSE_WITHIN_MS)
      // A disk may hang as well as fail.
      while (queue.length > 0 && !ended.signal.aborted) await Promise.race([drain(), late])
      clearTimeout(deadline)
      clearTimeout(timer)
      for (const { resolve } of waiting.splice(0)) resolve()
      if (queue.length > 0) throw new Error(`${queue.length} audit records could not be written`)
    },
  }
}
