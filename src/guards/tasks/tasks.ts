/**
 * Tasks of tools that are code (tasks extension `io.modelcontextprotocol/tasks`): a call of such a tool is answered with a task
 * before its work begins, and `tasks/get`, `tasks/update` and `tasks/cancel` say what has become of it. Each of these has been
 * through the pipeline like a call of the tool.
 *
 *   tools/call ─ `before` asks ─▶ input_required, as for any call (`guards/rounds`)
 *       └─ else ─▶ a record ─▶ { resultType: 'task' }, and `runner` works
 *
 * Fails closed: without a record no work begins, over a bound there is no task, and another caller's task is none.
 *
 * @module
 */

import {
  allow,
  type Call,
  type Clock,
  createId,
  type Decision,
  type Denial,
  deny,
  type Execution,
  type InputResponses,
  type JsonObject,
  type Log,
  type Produced,
  principalKey,
  subjectOf,
  type TaskSupport,
  userInRecord,
} from '../../core/index.ts'
import { isObject, NEEDS_TASKS } from '../../protocol/index.ts'
import type { AuditRecord, Bus, Store } from '../../storage/index.ts'
import type { Vault } from '../../vault/index.ts'
import type { ArgumentSteps, ReadArguments } from '../arguments.ts'
import type { EntryConcurrency } from '../concurrency.ts'
import type { InputCheck } from '../input-check.ts'
import { cancelled, type EndingOptions, interrupted } from './ending.ts'
import { createPlaces } from './places.ts'
import { createRunner } from './runner.ts'
import { createTaskLife, LEASE_MS, type TaskLife } from './task-life.ts'
import { awaited, firstRound, fits, inputOf, isAnswered, toAnswered } from './task-round.ts'
import { ownerOf, type TaskState, toDetailedTask, toNext, toTask } from './task-state.ts'
import { createTaskStore, type StoredCall } from './task-store.ts'
import { createTaskWatches } from './task-watches.ts'

export interface TaskBounds {
  /** Tasks of one principal that may run at once. */
  readonly running: number
  /** Tasks of one principal that are kept at once, whatever has become of them. */
  readonly stored: number
  /** What their arguments and results may come to, sealed. */
  readonly storedBytes: number
  /** How long a task is kept, and how long it may take, where its tool does not say. */
  readonly ttlMs: number
  /** How often a caller is told to ask, where its tool does not say. */
  readonly pollIntervalMs: number
}

export interface TasksOptions extends EndingOptions {
  readonly store: Store
  readonly vault: Vault
  readonly bus: Bus
  readonly clock: Clock
  readonly log: Log
  readonly record: (record: AuditRecord) => void
  readonly bounds: TaskBounds
  readonly check: InputCheck
  readonly read: ReadArguments
  /** What of a call came sealed. */
  readonly openSealed: ArgumentSteps['open']
  /** A tool that only so many may use at once is no less in use by a task. */
  readonly enter: EntryConcurrency['enter']
}

export interface Tasks {
  /** For calls of entries whose executor has a `task`. `mayTask`: whether the caller may be answered with one. */
  execute(call: Call, support: TaskSupport, mayTask: boolean): Execution
  /** Tells of the task as it is now, and of every change, on whichever node. Answers how to stop. */
  watch(id: string, changed: (task: JsonObject) => void): () => void
  /** Stops what runs. */
  close(): Promise<void>
}

const acknowledged: Decision<Produced> = allow({ kind: 'result', result: {} })
const unknown: Decision<never> = deny({ reason: 'unknown_name', kind: 'task' })
const ID_CHARACTERS = 26

export function createTasks({
  store: kept,
  vault,
  bus,
  clock,
  log,
  record,
  bounds,
  check,
  read,
  openSealed,
  enter,
  ...ends
}: TasksOptions): Tasks {
  const { running: atOnce, stored: most, storedBytes: mostBytes, ttlMs, pollIntervalMs } = bounds
  const store = createTaskStore({ store: kept, vault, most, mostBytes })
  const life: TaskLife = createTaskLife({ store, bus, clock, record, isHere: (id) => runner.isHere(id) })
  const runner = createRunner({ ...ends, store, check, read, life, bus, clock, log })
  const places = createPlaces(atOnce, enter)
  const watches = createTaskWatches({ bus, log, current: life.current, show })
  // A third of the lease: two beats may fail.
  const beating = setInterval(() => {
    void runner.beat()
    watches.beat()
  }, LEASE_MS / 3)
  beating.unref()

  /** The record first: a task that was told of is found, whatever happens next (§task creation). */
  async function begin(call: Call, support: TaskSupport): Promise<Decision<Produced>> {
    const owner = principalKey(call.principal)
    const leave = places.enter(owner, call.entry)
    if (typeof leave === 'object') return deny(leave)
    let isGone = false
    call.onAbort(() => {
      isGone = true
    })
    let isRunning = false
    try {
      const id = createId('', ID_CHARACTERS)
      const state = initial(call, support)
      const opened = await openedOf(call)
      if (!opened.allowed) return opened
      const stored = toStored(call, opened.value)
      const refused = await store.create(id, state, stored)
      if (refused) return deny(refused)
      if (isGone) {
        // Never told of, so that nobody could ask for it or stop it.
        await store.remove(id)
        return deny({ reason: 'cancelled' })
      }
      runner.start({ id, state, began: call, stored, input: call.input, leave })
      isRunning = true
      return allow({ kind: 'result', result: { ...toTask(id, state), resultType: 'task' } })
    } finally {
      if (!isRunning) leave()
    }
  }

  /** Undefined: nothing of it came sealed. */
  async function openedOf({ entry, params, principal, meta }: Call): Promise<Decision<JsonObject | undefined>> {
    const args = params['arguments']
    return entry.sealed && isObject(args) ? openSealed(entry, args, { principal, meta, isAgain: true }) : allow(undefined)
  }

  function initial({ entry, principal, input }: Call, support: TaskSupport): TaskState {
    const now = clock()
    const { issuer, subject, clientId, credential, credentialId } = principal
    return {
      status: 'working',
      tool: entry.name,
      createdAt: now,
      updatedAt: now,
      ttlMs: support.ttlMs ?? ttlMs,
      pollIntervalMs: support.pollIntervalMs ?? pollIntervalMs,
      revision: 0,
      leaseUntil: now + LEASE_MS,
      round: firstRound(input),
      who: {
        issuer,
        subject,
        user: userInRecord(principal),
        clientId,
        credential,
        credentialId,
        server: entry.origin.server,
        rule: entry.rule,
      },
      keptFor: subjectOf(principal),
    }
  }

  /** Undefined: it has gone meanwhile. */
  async function show(id: string, state: TaskState): Promise<JsonObject | undefined> {
    const result = state.status === 'completed' ? await store.loadResult(id) : undefined
    return state.status === 'completed' && !result ? undefined : toDetailedTask(id, state, result)
  }

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

  return {
    execute(call, support, mayTask) {
      switch (call.method) {
        case 'tools/call': {
          if (!mayTask && support.support === 'required') return deny({ reason: 'missing_capability', required: NEEDS_TASKS })
          const go = (): ReturnType<Tasks['execute']> => (mayTask ? begin(call, support) : call.entry.executor.execute(call))
          const asked = support.before?.execute(call)
          if (asked instanceof Promise) return asked.then((outcome) => (isNothing(outcome) ? go() : outcome))
          return asked && !isNothing(asked) ? asked : go()
        }
        case 'tasks/get':
          return get(call)
        case 'tasks/update':
          return update(call)
        case 'tasks/cancel':
          return cancel(call)
      }
      return deny({ reason: 'unknown_method', method: call.method })
    },
    watch: watches.watch,
    async close() {
      clearInterval(beating)
      watches.close()
      await runner.close()
    },
  }
}

/** Sealed for this caller and this tool until it came in (`task-gate`). */
const idOf = ({ params }: Call): string => params['taskId'] as string
/** Whether there is nothing to ask before a task. */
const isNothing = (asked: Decision<Produced>): boolean =>
  asked.allowed && asked.value.kind === 'result' && asked.value.result['isError'] !== true

const toStored = ({ entry, params, meta, capabilities, parameters }: Call, opened: JsonObject | undefined): StoredCall => ({
  params: { name: entry.name, arguments: params['arguments'] },
  opened,
  meta,
  capabilities,
  parameters,
})
