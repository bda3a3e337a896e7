/**
 * How tasks end, whoever notices: once, on record, and told to everybody who wants to hear.
 *
 * Fails closed: a task that nobody has renewed the lease on, or whose time is up, is failed by whoever looks at it first; nobody
 * polls for ever for what a dead process has begun.
 *
 * @module
 */

import type { Clock, JsonObject } from '../../core/index.ts'
import type { AuditRecord, Bus } from '../../storage/index.ts'
import { type Ending, expired, interrupted, noRoom } from './ending.ts'
import { endsAt, hasEnded, type TaskState, toNext } from './task-state.ts'
import type { TaskStore } from './task-store.ts'

export interface TaskLifeOptions {
  readonly store: TaskStore
  readonly bus: Bus
  readonly clock: Clock
  readonly record: (record: AuditRecord) => void
  /** Whether it runs in this process: then its lease needs no proof. */
  readonly isHere: (id: string) => boolean
}

export interface TaskLife {
  /** Undefined: there is none. What nobody runs any more has ended by the time it is answered. */
  current(id: string): Promise<TaskState | undefined>
  /** Does nothing to what has ended: who is first wins. */
  finish(id: string, ending: Ending): Promise<void>
  /** A caller can see another state than before. */
  tell(id: string): void
}

/** What the process that runs a task renews (`runner`). */
export const LEASE_MS = 30_000

export function createTaskLife({ store, bus, clock, record, isHere }: TaskLifeOptions): TaskLife {
  const tell = (id: string): void => bus.publish('task', id)

  async function finish(id: string, ending: Ending): Promise<void> {
    const now = clock()
    const { status, error, audit } = ending.result ? await keepResult(id, ending.result, ending, now) : ending
    const ended = await store.change(id, (state) => (hasEnded(state) ? undefined : toNext(state, now, { status, error })))
    if (!ended) return
    const { tool: target, who, createdAt } = ended
    record({ ...audit, at: now, action: 'tasks/end', target, ...who, transport: 'task', durationMs: now - createdAt })
    tell(id)
    await store.removeCall(id)
  }

  async function keepResult(id: string, result: JsonObject, ending: Ending, now: number): Promise<Ending> {
    const state = await store.load(id)
    if (!state || hasEnded(state)) return ending
    return (await store.putResult(id, state, result)) ? ending : noRoom(now)
  }

  function endingOf(id: string, state: TaskState, now: number): Ending | undefined {
    if (hasEnded(state)) return undefined
    if (now >= endsAt(state)) return expired(now, state.ttlMs)
    return state.status === 'working' && now > state.leaseUntil && !isHere(id) ? interrupted(now) : undefined
  }

  return {
    tell,
    finish,
    async current(id) {
      const state = await store.load(id)
      const ending = state && endingOf(id, state, clock())
      if (!ending) return state
      await finish(id, ending)
      return store.load(id)
    },
  }
}
