/**
 * Removes what is no longer used, once a minute: audit records that are old enough, all that has expired, and what somebody has begun to
 * forget and could not end. In small batches, so that nobody waits; what fails is tried again the next minute.
 *
 * @module
 */

import { type Clock, type Log, problemOf } from '../core/index.ts'
import type { Bus, Store } from '../storage/index.ts'
import type { Vault } from '../vault/index.ts'
import { resumeForgetting } from './forget.ts'
import type { Retention } from './options.ts'

export interface SweeperOptions {
  readonly store: Store
  readonly vault: Vault
  /** Told when credentials have ended with somebody who was forgotten. */
  readonly bus?: Bus | undefined
  readonly retention: Retention
  readonly clock: Clock
  readonly log: Log
}

export interface Sweeper {
  /** Where one is under way, that one. Never rejects: the log has what went wrong. */
  sweep(): Promise<void>
  /** What is under way ends with the store: each batch is whole. */
  close(): void
}

const SWEEP_MS = 60_000

export function createSweeper({ store, vault, bus, retention, clock, log }: SweeperOptions): Sweeper {
  let running: Promise<void> | undefined
  let closed = false

  async function step(name: string, work: () => Promise<unknown>): Promise<void> {
    if (closed) return
    try {
      await work()
    } catch (error) {
      if (!closed) log('warn', `${name} could not be removed; it is tried again in a minute`, { problem: problemOf(error) })
    }
  }
  async function sweepAll(): Promise<void> {
    await step('what is to be forgotten', () => resumeForgetting({ store, vault, bus }))
    await step('old audit records', () => store.audit.drop(clock() - retention.auditRecordsMs))
    await step('expired records', () => store.sweep())
  }
  const sweep = (): Promise<void> =>
    (running ??= sweepAll().finally(() => {
      running = undefined
    }))
  const timer = setInterval(sweep, SWEEP_MS)
  timer.unref()
  return {
    sweep,
    close() {
      closed = true
      clearInterval(timer)
    },
  }
}
