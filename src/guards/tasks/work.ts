/**
 * One run of a task's work: to its end, or to what it asks of its caller.
 *
 * Fails closed: work that is late, breaks, or asks what it may not ends its task, with what a call would have been answered.
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
  type JsonObject,
  type Produced,
} from '../../core/index.ts'
import { judgeArguments, type ReadArguments } from '../arguments.ts'
import type { InputCheck } from '../input-check.ts'
import { type Asking, MAX_ROUNDS } from '../rounds.ts'
import { type DetachedCall, type Step, within } from './detached-call.ts'
import { type Ending, type EndingOptions, expired, toEnding } from './ending.ts'
import { fits, MAX_ROUND_CHARACTERS, toAsking } from './task-round.ts'
import { endsAt, hasEnded, type TaskState, toNext } from './task-state.ts'
import type { StoredCall, TaskStore } from './task-store.ts'

export interface Running {
  readonly id: string
  readonly call: DetachedCall
  readonly state: TaskState
}

export interface WorkOptions extends EndingOptions {
  readonly store: TaskStore
  readonly check: InputCheck
  readonly clock: Clock
  /** What it asks is on record. Undefined: the task had ended. */
  readonly asked: (task: Running, state: TaskState | undefined) => void
}

/** Answers undefined where the task has not ended, or nobody waits for it. */
export function createWork({
  store,
  check,
  clock,
  asked,
  ...ends
}: WorkOptions): (task: Running, step: Step) => Promise<Ending | undefined> {
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
    const kept = await store.change(task.id, (state) => {
      if (hasEnded(state)) return undefined
      const round = toAsking(state.round, asking)
      problem = boundsOf(round)
      if (problem) return undefined
      return toNext(state, clock(), { status: 'input_required', round })
    })
    if (problem) return problem
    asked(task, kept)
    return undefined
  }

  /** As in `rounds`: what a caller has not declared it is not asked. */
  function refusal({ capabilities }: DetachedCall, { requests }: Asking): Denial | undefined {
    return Object.keys(requests).length === 0 ? NOTHING_ASKED : check.refusal(requests, capabilities)
  }

  return toEnd
}

/** The arguments of what goes on are those of the record: they may be for another tool by now, and another caller's roles. */
export async function perform(
  call: DetachedCall,
  began: Call,
  { opened }: StoredCall,
  readArguments: ReadArguments,
): Promise<Decision<Produced>> {
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
export const deadlineOf = ({ limits }: Entry): number => Math.min((limits?.deadlineSeconds ?? Number.POSITIVE_INFINITY) * 1000, MAX_RUN_MS)

const NOTHING_ASKED: Denial = { reason: 'invalid_result', path: 'inputRequests', rule: 'must NOT have fewer than 1 requests' }

function boundsOf(round: TaskState['round']): Denial | undefined {
  if (round.number > MAX_ROUNDS)
    return { reason: 'input_refused', sentence: `The task asked for input more than ${MAX_ROUNDS} times and was stopped.` }
  return fits(round)
    ? undefined
    : { reason: 'invalid_result', path: 'inputRequests', rule: `must NOT be longer than ${MAX_ROUND_CHARACTERS} characters` }
}
