/**
 * What `tasks/get`, `tasks/update` and `tasks/cancel` do, once they have been through the pipeline: of a task that has gone, or whose time is
 * up, there is nothing to say, to answer or to stop.
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
  type InputResponses,
  type JsonObject,
  type Produced,
} from '../../core/index.ts'
import type { InputCheck } from '../input-check.ts'
import { cancelled, interrupted } from './ending.ts'
import type { Places } from './places.ts'
import type { Runner } from './runner.ts'
import { LEASE_MS, type TaskLife } from './task-life.ts'
import { awaited, fits, inputOf, isAnswered, toAnswered } from './task-round.ts'
import { ownerOf, type TaskState, toNext } from './task-state.ts'
import type { TaskStore } from './task-store.ts'

export interface MethodsOptions {
  readonly store: TaskStore
  readonly life: TaskLife
  readonly runner: Pick<Runner, 'start'>
  readonly places: Places
  readonly check: InputCheck
  readonly clock: Clock
  /** Undefined: it has gone meanwhile. */
  readonly show: (id: string, state: TaskState) => Promise<JsonObject | undefined>
}

export interface TaskMethods {
  get(call: Call): Promise<Decision<Produced>>
  update(call: Call): Promise<Decision<Produced>>
  cancel(call: Call): Promise<Decision<Produced>>
}

const acknowledged: Decision<Produced> = allow({ kind: 'result', result: {} })
const unknown: Decision<never> = deny({ reason: 'unknown_name', kind: 'task' })

export function createTaskMethods({ store, life, runner, places, check, clock, show }: MethodsOptions): TaskMethods {
  async function get(call: Call): Promise<Decision<Produced>> {
    const state = await life.current(idOf(call))
    const shown = state && (await show(idOf(call), state))
    return shown ? allow({ kind: 'result', result: shown }) : unknown
  }

  async function cancel(call: Call): Promise<Decision<Produced>> {
    if (!(await life.current(idOf(call)))) return unknown
    await life.finish(idOf(call), cancelled(clock()))
    return acknowledged
  }

  async function update(call: Call): Promise<Decision<Produced>> {
    const state = await life.current(idOf(call))
    if (!state) return unknown
    // Answers to what is not asked are ignored (§task update requests).
    if (state.status !== 'input_required') return acknowledged
    const leave = places.enter(ownerOf(state), call.entry)
    if (typeof leave === 'object') return deny(leave)
    let isRunning = false
    try {
      const answered = await answer(idOf(call), call.params['inputResponses'] as InputResponses)
      if (!answered) return acknowledged
      if ('reason' in answered) return deny(answered)
      if (answered.status === 'working') isRunning = await goOn(call, answered, leave)
      life.tell(idOf(call))
      return acknowledged
    } finally {
      if (!isRunning) leave()
    }
  }

  /** Undefined: nothing of it was waited for. */
  async function answer(id: string, responses: InputResponses): Promise<TaskState | Denial | undefined> {
    let problem: string | undefined
    const answered = await store.change(id, (state) => {
      problem = undefined
      if (state.status !== 'input_required') return undefined
      const given = awaited(state.round, responses)
      const wrong = check.responses(state.round.outstanding, given)
      const round = toAnswered(state.round, given)
      if (wrong) problem = `params.${wrong.path} ${wrong.rule}.`
      else if (!fits(round)) problem = 'params.inputResponses are more than a task keeps.'
      if (problem !== undefined || Object.keys(given).length === 0) return undefined
      return toNext(state, clock(), isAnswered(round) ? { status: 'working', round, leaseUntil: clock() + LEASE_MS } : { round })
    })
    return problem === undefined ? answered : { reason: 'invalid_params', problem }
  }

  /** On whichever node the last answer came to. */
  async function goOn(call: Call, state: TaskState, leave: () => void): Promise<boolean> {
    const id = idOf(call)
    const stored = await store.loadCall(id)
    if (stored) runner.start({ id, state, began: call, stored, input: inputOf(state.round), leave })
    else await life.finish(id, interrupted(clock()))
    return stored !== undefined
  }

  return { get, update, cancel }
}

/** Sealed for this caller and this tool until it came in (`task-gate`). */
const idOf = ({ params }: Call): string => params['taskId'] as string
