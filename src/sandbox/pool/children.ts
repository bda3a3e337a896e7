/**
 * Every child of a server: how many there are at once, whose each is, and who is next. Pools share them, so that the bound is one.
 *
 *   run ─▶ own idle child ─┐
 *       ─▶ a clean one ────┤
 *       ─▶ a new one ──────┼─▶ job ─▶ idle, for its owner alone ─▶ next in turn
 *       ─▶ in place of the one that was idle longest
 *       ─▶ waits its turn, bounded
 *
 * A child belongs to the owner of its first job until it ends: nobody gets it after somebody else. Fails closed: where there is no
 * place and no room to wait, a job is refused.
 *
 * @module
 */

import { availableParallelism } from 'node:os'
import { type Clock, type Log, problemOf, systemClock } from '../../core/index.ts'
import type { Confinement, Program } from '../confine/confinement.ts'
import type { Job, JobEnd, Pool, PoolStatus } from './pool.ts'
import { createQueue } from './queue.ts'
import { createResting, type Resting } from './resting.ts'
import { startWorker, type Worker } from './worker.ts'
import type { Prepare } from './worker-process.ts'

export interface ChildrenOptions {
  readonly confinement: Confinement
  readonly log: Log
  readonly clock?: Clock | undefined
  /** How many at once, of all pools together; `defaultChildren` unless told. */
  readonly children?: number | undefined
  /** How many jobs may wait for one; 1024 unless told. */
  readonly waiting?: number | undefined
  /** How many clean ones each pool starts ahead; 1 unless told. */
  readonly spares?: number | undefined
  /** How long one waits for its owner; 60 unless told. */
  readonly idleSeconds?: number | undefined
}

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

export interface Children {
  pool(program: PoolProgram): Pool
  status(): PoolStatus
  close(): Promise<void>
}

interface Slot {
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
interface PoolState extends PoolProgram {
  readonly resting: Resting<Slot>
  readonly told: Set<string>
  /** The last one that was started ahead did not get ready: none is until one does. */
  isFailing: boolean
  isClosed: boolean
}
interface Waiting {
  readonly pool: PoolState
  readonly job: Job
  readonly done: (end: JobEnd) => void
}

/** At least; and as long as it took to start the child: to replace it for the next in turn costs as much again. */
const TURN_MS = 100
const SPARE_DELAY_MS = 20
/** How long a child of somebody's is left alone before it makes room for a clean one, so that the next owner finds that warm. */
const ROOM_AFTER_MS = 1000

export function createChildren(options: ChildrenOptions): Children {
  const { confinement, log, clock = systemClock, children = defaultChildren(), waiting = 1024, spares = 1, idleSeconds = 60 } = options
  /** One owner never has all of them. */
  const share = Math.max(1, children - Math.max(1, Math.floor(children / 4)))
  const slots = new Set<Slot>()
  const queue = createQueue<Waiting>(waiting)
  const busy = new Map<string, number>()
  let ending = 0
  let isStartingSpare = false
  let isClosed = false
  const pools = new Set<PoolState>()

  const idling = setInterval(endIdle, 1000)
  idling.unref()

  const mayHave = (owner: string): boolean => (busy.get(owner) ?? 0) < share

  function run(pool: PoolState, job: Job): Promise<JobEnd> {
    return new Promise((done) => {
      if (isClosed || pool.isClosed) return done({ kind: 'cancelled' })
      const { owner } = job
      const own = mayHave(owner) ? pool.resting.takeOf(owner) : undefined
      if (own) return give(own, job, done)
      const item = { pool, job, done }
      if (!queue.add(owner, item)) return done({ kind: 'overloaded' })
      next()
      // It was given to a child, which listens itself.
      job.onAbort(() => {
        if (queue.remove(owner, item)) done({ kind: 'cancelled' })
      })
    })
  }

  function give(slot: Slot, job: Job, done: (end: JobEnd) => void): void {
    const { owner } = job
    slot.owner = owner
    slot.isBusy = true
    busy.set(owner, (busy.get(owner) ?? 0) + 1)
    slot.worker.run(job, (end) => {
      const left = (busy.get(owner) as number) - 1
      if (left > 0) busy.set(owner, left)
      else busy.delete(owner)
      slot.isBusy = false
      done(end)
      if (end.kind === 'stopped' || end.kind === 'cancelled') retire(slot)
      free(slot, owner)
    })
  }

  function free(slot: Slot, owner: string): void {
    if (slot.isEnding || slot.worker.isGone) return next()
    slot.usedAt = clock()
    slot.turnEndsAt ??= slot.usedAt + Math.max(TURN_MS, slot.startMs)
    if (slot.usedAt < slot.turnEndsAt || !queue.othersThan(owner)) {
      const more = mayHave(owner) ? queue.takeOf(owner, ({ pool }) => pool === slot.pool) : undefined
      if (more) return give(slot, more.job, more.done)
    }
    if (slot.pool.isClosed) return retire(slot)
    slot.pool.resting.add(slot)
    if (queue.size > 0) next()
  }

  function next(): void {
    while (queue.size > 0 && !isClosed) {
      const item = queue.take(mayHave)
      if (!item) return
      const slot = place(item)
      if (slot === undefined) {
        queue.putBack(item.job.owner, item)
        return
      }
      if (slot === 'failed') continue
      slot.turnEndsAt = undefined
      give(slot, item.job, item.done)
    }
    startSpares()
  }

  /** Undefined: there is no place yet, and one is made where one can be. */
  function place({ pool, job, done }: Waiting): Slot | 'failed' | undefined {
    const own = pool.resting.takeOf(job.owner) ?? pool.resting.takeClean()
    if (own) return own
    if (slots.size >= children) {
      if (ending <= queue.size) endOldest(pool)
      return undefined
    }
    try {
      return start(pool)
    } catch (error) {
      log('error', `${pool.name}: cannot be confined as asked`, { problem: problemOf(error) })
      done({ kind: 'failed', error: { name: 'ConfigError', message: problemOf(error) } })
      return 'failed'
    }
  }

  function start(pool: PoolState): Slot {
    const gone = Promise.withResolvers<void>()
    const startedAt = clock()
    const worker = startWorker({ ...pool, confinement, log, warn, onReady, onGone })
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
    function onReady(): void {
      pool.isFailing = false
      slot.startMs = clock() - startedAt
      spareStarted(slot)
    }
    function onGone(): void {
      if (!slots.delete(slot)) return
      if (slot.isEnding) ending -= 1
      else if (!slot.worker.isReady) pool.isFailing = true
      slot.pool.resting.remove(slot)
      spareStarted(slot)
      gone.resolve()
      next()
    }
  }

  let spare: Slot | undefined
  function spareStarted(slot: Slot): void {
    if (slot !== spare) return
    spare = undefined
    isStartingSpare = false
    startSpares()
  }

  /** One after the other, and never in the place of a job. */
  function startSpares(): void {
    if (isStartingSpare || isClosed || queue.size > 0 || slots.size >= children) return
    for (const pool of pools) {
      if (pool.isFailing || pool.isClosed || pool.resting.cleanCount >= spares) continue
      isStartingSpare = true
      // Not while the call that took the last one is being begun.
      setTimeout(() => {
        isStartingSpare = false
        if (isClosed || pool.isClosed || queue.size > 0 || slots.size >= children || pool.resting.cleanCount >= spares) return
        try {
          spare = start(pool)
          isStartingSpare = true
          pool.resting.add(spare)
        } catch (error) {
          pool.isFailing = true
          log('error', `${pool.name}: cannot be confined as asked`, { problem: problemOf(error) })
        }
      }, SPARE_DELAY_MS)
      return
    }
  }

  /** The one that was idle longest, of whomever; else a clean one of another pool. */
  function endOldest(wanting: PoolState | undefined, usedBefore = Number.POSITIVE_INFINITY): void {
    let oldest: Slot | undefined
    for (const { resting } of pools) for (const slot of resting.owned()) if (!oldest || slot.usedAt < oldest.usedAt) oldest = slot
    if (!oldest) for (const pool of pools) if (wanting && pool !== wanting) oldest ??= pool.resting.firstClean()
    if (oldest && oldest.usedAt < usedBefore) retire(oldest)
  }

  /** From now on nobody gets it. */
  function retire(slot: Slot): void {
    if (slot.isEnding) return
    slot.isEnding = true
    ending += 1
    slot.pool.resting.remove(slot)
    slot.worker.end()
  }

  function endIdle(): void {
    const now = clock()
    const before = now - idleSeconds * 1000
    const wantsSpare = spares > 0 && slots.size >= children && ending === 0 && [...pools].every(({ resting }) => resting.cleanCount === 0)
    if (wantsSpare) endOldest(undefined, now - ROOM_AFTER_MS)
    const old = [...pools].flatMap(({ resting }) => resting.owned()).filter(({ usedAt }) => usedAt < before)
    for (const slot of old) retire(slot)
  }

  const statusOf = (of: readonly Slot[]): PoolStatus => ({
    children: of.length,
    busy: of.filter(({ isBusy }) => isBusy).length,
    waiting: queue.size,
  })

  function stopTaking(pool: PoolState): void {
    pool.isClosed = true
    pools.delete(pool)
  }

  /** Resolves when their processes are gone. */
  async function endAll(of: (slot: Slot) => boolean): Promise<void> {
    const gone = [...slots].filter(of).map((slot) => {
      retire(slot)
      return slot.gone
    })
    await Promise.all(gone)
  }

  return {
    pool(program) {
      const state: PoolState = { ...program, resting: createResting(), told: new Set(), isFailing: false, isClosed: false }
      pools.add(state)
      startSpares()
      return {
        run: (job) => run(state, job),
        status: () => statusOf([...slots].filter(({ pool }) => pool === state)),
        retire() {
          stopTaking(state)
          for (const slot of slots) if (slot.pool === state && !slot.isBusy) retire(slot)
        },
        async close() {
          stopTaking(state)
          for (const { done } of queue.drain(({ pool }) => pool === state)) done({ kind: 'cancelled' })
          await endAll(({ pool }) => pool === state)
        },
      }
    },
    status: () => statusOf([...slots]),
    async close() {
      isClosed = true
      clearInterval(idling)
      for (const { done } of queue.drain(() => true)) done({ kind: 'cancelled' })
      await endAll(() => true)
    },
  }
}

/** A call that only waits takes a place, too: twice the processors. */
const defaultChildren = (): number => Math.max(4, 2 * availableParallelism())

/** A pool with children of its own. */
export function createPool(options: ChildrenOptions & PoolProgram): Pool {
  const children = createChildren(options)
  const { run, status, retire } = children.pool(options)
  return { run, status, retire, close: children.close }
}
