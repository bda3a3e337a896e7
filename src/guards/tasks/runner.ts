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

import {
  allow,
  type Call,
  type Clock,
  type Decision,
  type Denial,
  deny,
  type Entry,
  type Final,
  type Input,
  type JsonObject,
  type Log,
  type Produced,
  problemOf,
} from '../../core/index.ts'
import type { Bus } from '../../storage/index.ts'
import { judgeArguments, type ReadArguments } from '../arguments.ts'
import type { InputCheck } from '../input-check.ts'
import { type Asking, MAX_ROUNDS } from '../rounds.ts'
import { DetachedCall, type Step, within } from './detached-call.ts'
import { type Ending, type EndingOptions, expired, interrupted, toEnding } from './ending.ts'
import { LEASE_MS, type TaskLife } from './task-life.ts'
import { fits, MAX_ROUND_CHARACTERS, toAsking } from './task-round.ts'
import { endsAt, hasEnded, type TaskState, toNext } from './task-state.ts'
import type { StoredCall, TaskStore } from './task-store.ts'

export interface RunnerOptions extends EndingOptions {
  readonly store: TaskStore
  readonly check: InputCheck
  readonly read: ReadArguments
  readonly life: TaskLife
  readonly bus: Bus
  readonly clock: Clock
  readonly log: Log
}

export interface Beginning {
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
  start(beginning: Beginning): void
  isHere(id: string): boolean
  /** Renews the leases of what runs, and notices what has ended elsewhere. */
  beat(): Promise<void>
  /** Stops what runs, and says so in its state. */
  close(): Promise<void>
}

interface Running {
  readonly id: string
  readonly call: DetachedCall
  readonly state: TaskState
}

export function createRunner({ store, check, read, life, bus, clock, log, ...ends }: RunnerOptions): Runner {
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

  /** Undefined: it has not ended, or nobody waits for it. */
  async function toEnd(task: Running, step: Step): Promise<Ending | undefined> {
    const { entry } = task.call
    // A timer may be a millisecond early; a task may not be.
    const untilEndMs = Math.max(0, endsAt(task.state) - clock()) + 1
    const deadlineMs = deadlineOf(entry)
    let outcome: Decision<Produced>
    try {
      const produced = await within(Math.min(untilEndMs, deadlineMs), task.call, step)
      if (produced === 'aborted') return undefined
      if (produced === 'late' && untilEndMs <= deadlineMs) return expired(clock(), task.state.ttlMs)
      outcome = produced === 'late' ? deny({ reason: 'deadline_exceeded', seconds: Math.round(deadlineMs / 1000) }) : produced
      if (outcome.allowed && outcome.value.kind === 'input' && outcome.value.resume)
        throw new TypeError('the work of a task cannot wait for answers: it is run again with them, maybe on another node')
    } catch (error) {
      return toEnding('crashed', error, task.call, clock(), ends)
    }
    const end = (of: Decision<Final>): Promise<Ending> => toEnding(of, undefined, task.call, clock(), ends)
    if (!outcome.allowed) return end(outcome)
    const { value } = outcome
    if (value.kind !== 'input') return end(allow(value))
    const refused = await ask(task, value)
    return refused ? end(deny(refused)) : undefined
  }

  /** Answers why it may not ask that. */
  async function ask(task: Running, asking: Asking): Promise<Denial | undefined> {
    const refused = refusal(task.call, asking)
    if (refused) return refused
    let problem: Denial | undefined
    const asked = await store.change(task.id, (state) => {
      if (hasEnded(state)) return undefined
      const round = toAsking(state.round, asking)
      problem = boundsOf(round)
      if (problem) return undefined
      return toNext(state, clock(), { status: 'input_required', round })
    })
    if (problem) return problem
    // Whoever gets the answers runs it again.
    stop(task)
    if (!asked) return undefined
    unanswered.set(task.id, endsAt(asked))
    life.tell(task.id)
    return undefined
  }

  /** As in `rounds`: what a caller has not declared it is not asked. */
  function refusal({ capabilities }: DetachedCall, { requests }: Asking): Denial | undefined {
    return Object.keys(requests).length === 0 ? NOTHING_ASKED : check.refusal(requests, capabilities)
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

/** The arguments of what goes on are those of the record: they may be for another tool by now, and another caller's roles. */
async function perform(call: DetachedCall, began: Call, { opened }: StoredCall, readArguments: ReadArguments): Promise<Decision<Produced>> {
  const { entry, principal, meta } = call
  if (began.method !== 'tools/call') {
    const { sealed: _, ...unsealed } = entry
    const read = opened
      ? await readArguments(unsealed, opened, principal, meta, true)
      : await readArguments(entry, (call.params['arguments'] ?? {}) as JsonObject, principal, meta, true)
    if (!read.allowed) return read
    const denial = judgeArguments(entry, read.value, principal)
    if (denial) return deny(denial)
    call.args = read.value
  }
  return entry.executor.execute(call.asCall(began))
}

/** No timer can be set for a month. */
const MAX_RUN_MS = 7 * 86_400_000
const deadlineOf = ({ limits }: Entry): number => Math.min((limits?.deadlineSeconds ?? Number.POSITIVE_INFINITY) * 1000, MAX_RUN_MS)

const NOTHING_ASKED: Denial = { reason: 'invalid_result', path: 'inputRequests', rule: 'must NOT have fewer than 1 requests' }

function boundsOf(round: TaskState['round']): Denial | undefined {
  if (round.number > MAX_ROUNDS)
    return { reason: 'input_refused', sentence: `The task asked for input more than ${MAX_ROUNDS} times and was stopped.` }
  return fits(round)
    ? undefined
    : { reason: 'invalid_result', path: 'inputRequests', rule: `must NOT be longer than ${MAX_ROUND_CHARACTERS} characters` }
}
