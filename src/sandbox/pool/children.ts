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
import type { Confinement } from '../confine/confinement.ts'
import type { Job, JobEnd, Pool, PoolStatus } from './pool.ts'
import { createQueue } from './queue.ts'
import { createResting } from './resting.ts'
import { createSlots, type PoolProgram, type PoolState, type Slot } from './slots.ts'
import { createSpares } from './spares.ts'

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

export interface Children {
  pool(program: PoolProgram): Pool
  status(): PoolStatus
  close(): Promise<void>
}

interface Waiting {
  readonly pool: PoolState
  readonly job: Job
  readonly done: (end: JobEnd) => void
}

/** At least; and as long as it took to start the child: to replace it for the next in turn costs as much again. */
const TURN_MS = 100
/** How long a child of somebody's is left alone before it makes room for a clean one, so that the next owner finds that warm. */
const ROOM_AFTER_MS = 1000

export function createChildren(options: ChildrenOptions): Children {
  const { confinement, log, clock = systemClock, children = defaultChildren(), waiting = 1024, spares = 1, idleSeconds = 60 } = options
  /** One owner never has all of them. */
  const share = Math.max(1, children - Math.max(1, Math.floor(children / 4)))
  const queue = createQueue<Waiting>(waiting)
  const busy = new Map<string, number>()
  const pools = new Set<PoolState>()
  let isClosed = false
  const slots = createSlots({ confinement, log, clock, pools, onReady: (slot) => ahead.settled(slot), onGone })
  const { start, retire, endOldest, endAll } = slots
  const hasRoom = (): boolean => !isClosed && queue.size === 0 && slots.size < children
  const ahead = createSpares({ pools, each: spares, hasRoom, start, log })

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
    ahead.fill()
  }

  function onGone(slot: Slot): void {
    ahead.settled(slot)
    next()
  }

  /** Undefined: there is no place yet, and one is made where one can be. */
  function place({ pool, job, done }: Waiting): Slot | 'failed' | undefined {
    const own = pool.resting.takeOf(job.owner) ?? pool.resting.takeClean()
    if (own) return own
    if (slots.size >= children) {
      if (slots.ending <= queue.size) endOldest(pool)
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

  function endIdle(): void {
    const now = clock()
    const before = now - idleSeconds * 1000
    const wantsSpare =
      spares > 0 && slots.size >= children && slots.ending === 0 && [...pools].every(({ resting }) => resting.cleanCount === 0)
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

  return {
    pool(program) {
      const state: PoolState = { ...program, resting: createResting(), told: new Set(), isFailing: false, isClosed: false }
      pools.add(state)
      ahead.fill()
      return {
        run: (job) => run(state, job),
        status: () => statusOf(slots.all().filter(({ pool }) => pool === state)),
        retire() {
          stopTaking(state)
          for (const slot of slots.all()) if (slot.pool === state && !slot.isBusy) retire(slot)
        },
        async close() {
          stopTaking(state)
          for (const { done } of queue.drain(({ pool }) => pool === state)) done({ kind: 'cancelled' })
          await endAll(({ pool }) => pool === state)
        },
      }
    },
    status: () => statusOf(slots.all()),
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
