/**
 * Runs the work of tasks, detached from the requests that began it.
 *
 *   start ─▶ run ─ asks ─▶ input_required ─ answered ─▶ run …
 *              └─ ends ─▶ completed | failed        cancelled, from anywhere, tells it to stop
 *
 * Fails closed: work whose task has ended meanwhile is told to stop, and its result is not waited for.
 *
 * @module
 */

import { type Call, type Clock, type Input, type Log, problemOf } from '../../core/index.ts'
import type { Bus } from '../../storage/index.ts'
import type { ReadArguments } from '../arguments.ts'
import type { InputCheck } from '../input-check.ts'
import { DetachedCall, type Step } from './detached-call.ts'
import { type EndingOptions, interrupted } from './ending.ts'
import { LEASE_MS, type TaskLife } from './task-life.ts'
import { endsAt, hasEnded, type TaskState } from './task-state.ts'
import type { StoredCall, TaskStore } from './task-store.ts'
import { createWork, deadlineOf, perform, type Running } from './work.ts'

export interface RunnerOptions extends EndingOptions {
  readonly store: TaskStore
  readonly check: InputCheck
  readonly read: ReadArguments
  readonly life: TaskLife
  readonly bus: Bus
  readonly clock: Clock
  readonly log: Log
}

export interface NewRun {
  readonly id: string
  readonly state: TaskState
  /** The use that was approved: of the call that began the task, or of the one that answered what it asked. */
  readonly began: Call
  readonly stored: StoredCall
  readonly input: Input | undefined
  /** Called once the work itself has ended, which may be long after anybody waits for it. */
  readonly leave: () => void
}

export interface Runner {
  /** Once the caller has its answer. */
  start(run: NewRun): void
  isHere(id: string): boolean
  /** Renews the leases of what runs, and notices what has ended elsewhere. */
  beat(): Promise<void>
  /** Stops what runs, and says so in its state. */
  close(): Promise<void>
}

export function createRunner({ store, check, read, life, bus, clock, log, ...ends }: RunnerOptions): Runner {
  const toEnd = createWork({ ...ends, store, check, clock, asked })
  const running = new Map<string, Running>()
  const runs = new Set<Promise<void>>()
  /** Asked here and run by nobody: when its time is up. */
  const unanswered = new Map<string, number>()
  const stopHearing = bus.subscribe('task', (id) => {
    const task = running.get(id)
    if (task) look(task).catch(report)
  })

  const isOver = (task: Running): boolean => running.get(task.id) !== task
  function stop(task: Running): void {
    // Another run of it may have begun, for the answers that came as soon as they were asked for.
    if (!isOver(task)) running.delete(task.id)
  }
  function abort(task: Running): void {
    stop(task)
    task.call.abort()
  }
  function asked(task: Running, state: TaskState | undefined): void {
    // Whoever gets the answers runs it again.
    stop(task)
    if (!state) return
    unanswered.set(task.id, endsAt(state))
    life.tell(task.id)
  }
  const report = (error: unknown): void => log('error', 'the state of a task could not be kept', { problem: problemOf(error) })

  function go(task: Running, step: Step): void {
    const run = runToEnd(task, step).finally(() => runs.delete(run))
    runs.add(run)
  }

  async function runToEnd(task: Running, step: Step): Promise<void> {
    try {
      const ending = await toEnd(task, step)
      if (!ending || isOver(task)) return
      stop(task)
      await life.finish(task.id, ending)
    } catch (error) {
      // Nobody renews its lease any more, so that it fails for its caller too.
      report(error)
      abort(task)
    }
  }

  async function look(task: Running): Promise<void> {
    const state = await store.load(task.id)
    if (!isOver(task) && (!state || hasEnded(state))) abort(task)
  }

  async function renew(task: Running): Promise<void> {
    const kept = await store.change(task.id, (state) => (hasEnded(state) ? undefined : { ...state, leaseUntil: clock() + LEASE_MS }))
    if (!kept) abort(task)
  }

  return {
    start({ id, state, began, stored, input, leave }) {
      const deadlineAt = Math.min(endsAt(state), clock() + deadlineOf(began.entry))
      const call = new DetachedCall(began, stored, input, deadlineAt)
      const task: Running = { id, call, state }
      running.set(id, task)
      unanswered.delete(id)
      // First the answer: a function that computes would keep it waiting.
      setImmediate(() => {
        if (isOver(task)) leave()
        else go(task, () => perform(call, began, stored, read).finally(leave))
      })
    },
    isHere: (id) => running.has(id),
    async beat() {
      await Promise.all(Array.from(running.values(), (task) => renew(task).catch(report)))
      for (const [id, at] of unanswered) {
        if (clock() < at) continue
        unanswered.delete(id)
        await life.current(id).catch(report)
      }
    },
    async close() {
      stopHearing()
      const left = [...running.values()]
      for (const task of left) abort(task)
      await Promise.all(left.map((task) => life.finish(task.id, interrupted(clock())).catch(report)))
      // What had ended by itself is stored.
      await Promise.all(runs)
    },
  }
}
