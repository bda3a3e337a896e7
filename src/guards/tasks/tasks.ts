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
  type Call,
  type Clock,
  type Decision,
  deny,
  type Execution,
  type JsonObject,
  type Log,
  type Produced,
  type TaskSupport,
} from '../../core/index.ts'
import { NEEDS_TASKS } from '../../protocol/index.ts'
import type { AuditRecord, Bus, Store } from '../../storage/index.ts'
import type { Vault } from '../../vault/index.ts'
import type { ArgumentSteps, ReadArguments } from '../arguments.ts'
import type { EntryConcurrency } from '../concurrency.ts'
import type { InputCheck } from '../input-check.ts'
import { createBeginning } from './beginning.ts'
import type { EndingOptions } from './ending.ts'
import { createTaskMethods } from './methods.ts'
import { createPlaces } from './places.ts'
import { createRunner } from './runner.ts'
import { createTaskLife, LEASE_MS, type TaskLife } from './task-life.ts'
import { type TaskState, toDetailedTask } from './task-state.ts'
import { createTaskStore } from './task-store.ts'
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
  const begin = createBeginning({ store, runner, places, clock, ttlMs, pollIntervalMs, openSealed })
  const methods = createTaskMethods({ store, life, runner, places, check, clock, show })
  const watches = createTaskWatches({ bus, log, current: life.current, show })
  // A third of the lease: two beats may fail.
  const beating = setInterval(() => {
    void runner.beat()
    watches.beat()
  }, LEASE_MS / 3)
  beating.unref()

  /** Undefined: it has gone meanwhile. */
  async function show(id: string, state: TaskState): Promise<JsonObject | undefined> {
    const result = state.status === 'completed' ? await store.loadResult(id) : undefined
    return state.status === 'completed' && !result ? undefined : toDetailedTask(id, state, result)
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
          return methods.get(call)
        case 'tasks/update':
          return methods.update(call)
        case 'tasks/cancel':
          return methods.cancel(call)
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

/** Whether there is nothing to ask before a task. */
const isNothing = (asked: Decision<Produced>): boolean =>
  asked.allowed && asked.value.kind === 'result' && asked.value.result['isError'] !== true
