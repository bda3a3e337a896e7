/**
 * Clean children that are started ahead, so that who has none yet finds one warm: one after the other, and never in the place of a job.
 *
 * @module
 */

import { type Log, problemOf } from '../../core/index.ts'
import type { PoolState, Slot } from './slots.ts'

export interface SparesOptions {
  readonly pools: ReadonlySet<PoolState>
  /** How many each pool has ready. */
  readonly each: number
  /** Whether there is a place that nobody waits for. */
  readonly hasRoom: () => boolean
  readonly start: (pool: PoolState) => Slot
  readonly log: Log
}

export interface Spares {
  /** Starts one where one is missing. */
  fill(): void
  /** This one is ready, or gone: if it was started ahead, the next is. */
  settled(slot: Slot): void
}

/** Not while the call that took the last one is being begun. */
const DELAY_MS = 20

export function createSpares({ pools, each, hasRoom, start, log }: SparesOptions): Spares {
  let isStarting = false
  let spare: Slot | undefined

  function fill(): void {
    if (isStarting || !hasRoom()) return
    const pool = [...pools].find(({ isFailing, isClosed, resting }) => !isFailing && !isClosed && resting.cleanCount < each)
    if (!pool) return
    isStarting = true
    setTimeout(() => {
      isStarting = false
      if (!pool.isClosed && hasRoom() && pool.resting.cleanCount < each) startAhead(pool)
    }, DELAY_MS)
  }

  function startAhead(pool: PoolState): void {
    try {
      spare = start(pool)
      isStarting = true
      pool.resting.add(spare)
    } catch (error) {
      pool.isFailing = true
      log('error', `${pool.name}: cannot be confined as asked`, { problem: problemOf(error) })
    }
  }

  return {
    fill,
    settled(slot) {
      if (slot !== spare) return
      spare = undefined
      isStarting = false
      fill()
    },
  }
}
