/**
 * What is known of a task, and what a caller is shown of it (tasks extension §tasks). Pure: states in, states out.
 *
 *   working ⇄ input_required
 *      └──────────┴──▶ completed | failed | cancelled, which nothing changes
 *
 * @module
 */

import type { JsonObject, Principal } from '../../core/index.ts'
import type { ShownError } from '../shown.ts'
import type { TaskRound } from './task-round.ts'

export type TaskStatus = 'working' | 'input_required' | 'completed' | 'cancelled' | 'failed'

export type TaskError = ShownError

export interface TaskState {
  readonly status: TaskStatus
  /** The tool's name on our wire. */
  readonly tool: string
  /** Milliseconds since the epoch. */
  readonly createdAt: number
  readonly updatedAt: number
  readonly ttlMs: number
  readonly pollIntervalMs: number
  /** Grows by one with each change that a caller can see. */
  readonly revision: number
  /** Until then whoever runs the task will have been heard of again. */
  readonly leaseUntil: number
  readonly round: TaskRound
  /** Of a failed one. A completed one's result is a record of its own. */
  readonly error?: TaskError | undefined
  /** For the audit of its end, whoever notices that. */
  readonly who: TaskOwner
  /** What `subjectOf` says of them: what it is sealed for. */
  readonly keptFor: string
}

/** Fit for a log, like everything of a principal. */
export interface TaskOwner extends Pick<Principal, 'issuer' | 'subject' | 'user' | 'clientId' | 'credential' | 'credentialId'> {
  readonly server: string
  readonly rule: string
}

export const hasEnded = ({ status }: TaskState): boolean => status !== 'working' && status !== 'input_required'
export const endsAt = ({ createdAt, ttlMs }: TaskState): number => createdAt + ttlMs
/** What `principalKey` says of whoever it belongs to. */
export const ownerOf = ({ who }: TaskState): string => JSON.stringify([who.issuer, who.subject])

/** A change that a caller can see. */
export const toNext = (state: TaskState, now: number, change: Partial<TaskState>): TaskState => ({
  ...state,
  ...change,
  updatedAt: now,
  revision: state.revision + 1,
})

/** What every answer that shows a task has; `id` is ours, and another one's on the wire (`task-gate`). */
export function toTask(id: string, state: TaskState): JsonObject {
  return {
    taskId: id,
    status: state.status,
    ...(state.error ? { statusMessage: state.error.message } : {}),
    createdAt: new Date(state.createdAt).toISOString(),
    lastUpdatedAt: new Date(state.updatedAt).toISOString(),
    ttlMs: state.ttlMs,
    pollIntervalMs: state.pollIntervalMs,
  }
}

/** With what its status has besides (§task status, `DetailedTask`). `result`: of a completed one. */
export function toDetailedTask(id: string, state: TaskState, result: JsonObject | undefined): JsonObject {
  const task = toTask(id, state)
  switch (state.status) {
    case 'input_required':
      return { ...task, inputRequests: state.round.outstanding }
    case 'completed':
      return { ...task, result }
    case 'failed':
      return { ...task, error: state.error }
    default:
      return task
  }
}
