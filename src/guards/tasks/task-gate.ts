/**
 * The ids of tasks on their way in and out, and what may leave with them, whoever keeps the task: code of ours (`tasks`) or an
 * upstream. A caller sees ids that are sealed for it and no others; an executor sees its own (tasks extension §security
 * considerations; RS36).
 *
 *   authorize: whose task, of which tool ─▶ execute: the executor's own id ─▶ … ─▶ the caller's id
 *
 * Fails closed: who has not declared the extension is given no task, and asked nothing that it has not declared.
 *
 * @module
 */

import type { Catalogue, TaskIds } from '../../catalogue/index.ts'
import {
  type Approved,
  allow,
  type Decision,
  deny,
  type Entry,
  type Final,
  type InputRequests,
  type JsonObject,
  type Message,
  type Principal,
} from '../../core/index.ts'
import { isObject, kindOf, NEEDS_TASKS, takesTasks } from '../../protocol/index.ts'
import type { InputCheck } from '../input-check.ts'
import { ERROR_WITHHELD, type Leaving, type PersonalData, type Release } from '../release/index.ts'
import type { Tasks } from './tasks.ts'

export interface TaskGateOptions {
  readonly ids: TaskIds
  readonly catalogue: Catalogue
  /** Of entries whose executor has no tasks of its own. */
  readonly watch: Tasks['watch']
  readonly check: InputCheck
  /** What leaves of a result that an upstream's task has come to; our own were shaped when they ended. */
  readonly shape: Release['shape']
  /** Of what is told beside it, and cannot wait. */
  readonly personal: PersonalData['now']
}

export interface TaskGate {
  /** What a request says, with the executor's own id where it concerns a task. */
  inward(request: Approved): JsonObject
  /** What came of it, with the caller's id, as far as it may be told. Undefined: it concerns no task. */
  outward(request: Approved, produced: Final): Decision<Final> | undefined
  /**
   * Tells of a task of the caller's as it is now, and of every change. Answers how to stop; undefined: it is none of the caller's,
   * or not to be heard of.
   */
  watch(request: Approved, taskId: string, tell: (task: JsonObject) => void): (() => void) | undefined
}

export function createTaskGate({ ids, catalogue, watch, check, shape, personal }: TaskGateOptions): TaskGate {
  /** Told of as the tool is: to whom may use it, now. */
  function find(taskId: string, principal: Principal): { readonly entry: Entry; readonly inner: string } | undefined {
    const opened = ids.open(principal, taskId)
    const entry = opened && catalogue.find('tool', opened.tool)
    return entry && catalogue.permits(principal, entry).permitted ? { entry, inner: opened.inner } : undefined
  }

  /** A result must be what the tool promises, and a question is no more to be trusted for coming with a task (§security considerations). */
  function judge(task: JsonObject, { checkResult }: Entry, { capabilities }: Message): Decision<undefined> {
    const { status, result, inputRequests } = task
    if (status === 'completed') {
      if (!isObject(result)) return broken('result', 'must be an object')
      if ((result['resultType'] ?? 'complete') !== 'complete') return broken('result.resultType', 'must be "complete"')
      const violation = checkResult?.(result)
      return violation ? broken(violation.path, violation.rule) : fine
    }
    if (inputRequests === undefined) return fine
    if (!isObject(inputRequests)) return broken('inputRequests', 'must be an object')
    const refused = check.refusal(inputRequests as InputRequests, capabilities)
    return refused ? deny(refused) : fine
  }

  /** Undefined: nothing of it may leave. Who asks for the task is told why. */
  async function shown(result: JsonObject, leaving: Leaving): Promise<JsonObject | undefined> {
    const shaped = await Promise.resolve(shape(result, leaving)).catch(() => undefined)
    return shaped?.allowed ? shaped.value : undefined
  }

  return {
    inward: ({ message: { params }, task }) => (task ? { ...params, taskId: task.inner } : params),
    outward({ message, entry, principal }, produced) {
      if (produced.kind !== 'result' || !(produced.result['resultType'] === 'task' || isOfTask(message.method))) return undefined
      const { resultType, ...told } = produced.result
      const result = ofTask(told, entry)
      if (message.method === 'tasks/update' || message.method === 'tasks/cancel') return nothingMore
      if (message.method === 'tasks/get' && entry) {
        const judged = judge(result, entry, message)
        return judged.allowed ? allow({ kind: 'result', result: { ...result, taskId: message.params['taskId'] } }) : judged
      }
      const { taskId: inner } = result
      if (message.method !== 'tools/call' || !entry) return broken('resultType', 'must NOT be "task"')
      if (typeof inner !== 'string' || inner === '') return broken('taskId', 'must be a string')
      if (!takesTasks(message)) return deny({ reason: 'missing_capability', required: NEEDS_TASKS })
      return allow({ kind: 'result', result: { resultType, ...result, taskId: ids.seal(principal, { tool: entry.name, inner }) } })
    },
    watch({ principal, message }, taskId, tell) {
      const found = find(taskId, principal)
      if (!found) return undefined
      const changed = (told: JsonObject): void => {
        const now = find(taskId, principal)
        if (!now || !judge(told, now.entry, message).allowed) return
        const { result, ...beside } = ofTask(told, now.entry)
        const rules = now.entry.release?.personal
        const task = rules ? personal(beside, rules) : beside
        if (executor.task || !isObject(result)) return tell({ ...task, ...(result === undefined ? {} : { result }), taskId })
        void shown(result, { entry: now.entry, principal, meta: message.meta, params: message.params }).then((shaped) => {
          if (shaped) tell({ ...task, taskId, result: shaped })
        })
      }
      const { executor } = found.entry
      return executor.task ? watch(found.inner, changed) : executor.watchTask?.(found.entry, found.inner, changed)
    },
  }
}

/** Of an upstream's task: what steps would have to shape is in the result of one that has ended, and what says it elsewhere is left out. */
function ofTask(told: JsonObject, entry: Entry | undefined): JsonObject {
  if (entry?.executor.task) return told
  const { content: _, structuredContent: __, isError: ___, result, ...rest } = told
  const task: Record<string, unknown> = entry?.release?.only ? pick(rest, named) : rest
  const { status, error } = rest
  if (status === 'completed') task['result'] = result
  if (entry?.release?.only && isObject(error)) task['error'] = { code: error['code'], message: ERROR_WITHHELD }
  return task
}

/** What says how a task is, and nothing of what it has found. */
const named = ['taskId', 'status', 'createdAt', 'lastUpdatedAt', 'ttlMs', 'pollIntervalMs', 'inputRequests']
const pick = (task: JsonObject, names: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(Object.entries(task).filter(([name]) => names.includes(name)))

const fine: Decision<undefined> = allow(undefined)
const nothingMore: Decision<Final> = allow({ kind: 'result', result: {} })
const broken = (path: string, rule: string): Decision<never> => deny({ reason: 'invalid_result', path, rule })
const isOfTask = (method: string): boolean => kindOf(method) === 'task'
