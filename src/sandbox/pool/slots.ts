/**
 * The children that there are, each in a slot: started, made room by, ended. A slot is held until its process is gone.
 *
 * @module
 */

import type { Clock, Log } from '../../core/index.ts'
import type { Confinement, Program } from '../confine/confinement.ts'
import type { Resting } from './resting.ts'
import { startWorker, type Worker } from './worker.ts'
import type { Prepare } from './worker-process.ts'

/** What the children of one pool run. */
export interface PoolProgram {
  /** In the log: `tool convert`. */
  readonly name: string
  readonly program: Program
  /** Makes the program that a child is started as. `program` says its limits. */
  readonly prepare?: Prepare | undefined
  /** A line that each child is told before anything else. */
  readonly greeting?: string | undefined
}

export interface PoolState extends PoolProgram {
  readonly resting: Resting<Slot>
  readonly told: Set<string>
  /** The last one that was started ahead did not get ready: none is until one does. */
  isFailing: boolean
  isClosed: boolean
}

export interface Slot {
  readonly worker: Worker
  readonly pool: PoolState
  /** Resolves when its process has. */
  readonly gone: Promise<void>
  /** Undefined: it has served nobody. */
  owner: string | undefined
  isBusy: boolean
  /** It is asked to end, and holds its place until it has. */
  isEnding: boolean
  usedAt: number
  /** How long it took until it was ready. */
  startMs: number
  /** Until when its owner may go on while others wait; undefined while it is at its first job of this turn. */
  turnEndsAt: number | undefined
}

export interface SlotsOptions {
  readonly confinement: Confinement
  readonly log: Log
  readonly clock: Clock
  /** Every pool that has children here. */
  readonly pools: ReadonlySet<PoolState>
  /** A child is warm. */
  readonly onReady: (slot: Slot) => void
  /** Its process is gone, and its place is free. */
  readonly onGone: (slot: Slot) => void
}

export interface Slots {
  readonly size: number
  /** How many of them are asked to end. */
  readonly ending: number
  all(): Slot[]
  /** @throws {ConfigError} where its program cannot be confined as asked. */
  start(pool: PoolState): Slot
  /** From now on nobody gets it. */
  retire(slot: Slot): void
  /** The one that was idle longest, of whomever; else a clean one of another pool. */
  endOldest(wanting: PoolState | undefined, usedBefore?: number): void
  /** Resolves when their processes are gone. */
  endAll(of: (slot: Slot) => boolean): Promise<void>
}

export function createSlots({ confinement, log, clock, pools, onReady, onGone }: SlotsOptions): Slots {
  const slots = new Set<Slot>()
  let ending = 0

  function start(pool: PoolState): Slot {
    const gone = Promise.withResolvers<void>()
    const startedAt = clock()
    const worker = startWorker({ ...pool, confinement, log, warn, onReady: ready, onGone: leave })
    const slot: Slot = {
      worker,
      pool,
      gone: gone.promise,
      owner: undefined,
      isBusy: false,
      isEnding: false,
      usedAt: clock(),
      startMs: 0,
      turnEndsAt: undefined,
    }
    slots.add(slot)
    return slot

    function warn(warning: string): void {
      if (pool.told.has(warning)) return
      pool.told.add(warning)
      log('warn', `${pool.name}: ${warning}`)
    }
    function ready(): void {
      pool.isFailing = false
      slot.startMs = clock() - startedAt
      onReady(slot)
    }
    function leave(): void {
      if (!slots.delete(slot)) return
      if (slot.isEnding) ending -= 1
      else if (!slot.worker.isReady) pool.isFailing = true
      pool.resting.remove(slot)
      gone.resolve()
      onGone(slot)
    }
  }

  function endOldest(wanting: PoolState | undefined, usedBefore = Number.POSITIVE_INFINITY): void {
    let oldest: Slot | undefined
    for (const { resting } of pools) for (const slot of resting.owned()) if (!oldest || slot.usedAt < oldest.usedAt) oldest = slot
    if (!oldest) for (const pool of pools) if (wanting && pool !== wanting) oldest ??= pool.resting.firstClean()
    if (oldest && oldest.usedAt < usedBefore) retire(oldest)
  }

  function retire(slot: Slot): void {
    if (slot.isEnding) return
    slot.isEnding = true
    ending += 1
    slot.pool.resting.remove(slot)
    slot.worker.end()
  }

  return {
    get size() {
      return slots.size
    },
    get ending() {
      return ending
    },
    all: () => [...slots],
    start,
    retire,
    endOldest,
    async endAll(of) {
      const gone = [...slots].filter(of).map((slot) => {
        retire(slot)
        return slot.gone
      })
      await Promise.all(gone)
    },
  }
}
