/**
 * What becomes of a task's work: exactly what the call itself would have been answered, had its caller waited (tasks extension
 * §task execution errors). A tool's own error is a completed task; only a JSON-RPC error makes it a failed one.
 *
 * Fails closed: what is not a whole result, breaks its definition's promise or is too large is withheld, as it is from a call.
 *
 * @module
 */

import { createDecisionId, type Decision, type Denial, deny, type Final, type JsonObject, type Redactor } from '../../core/index.ts'
import { INTERNAL_ERROR } from '../../protocol/index.ts'
import type { AuditRecord } from '../../storage/index.ts'
import { isWhole, type Leaving, type Release } from '../release/index.ts'
import { causeOf, toShownError } from '../shown.ts'
import type { TaskError } from './task-state.ts'

export interface Ending {
  readonly status: 'completed' | 'failed' | 'cancelled'
  readonly result?: JsonObject | undefined
  readonly error?: TaskError | undefined
  readonly audit: Pick<AuditRecord, 'id' | 'decision' | 'reason' | 'sentence' | 'cause'>
}

/** How a call that was refused, or a crash, is answered (`pipeline/task-end`). */
export type AnswerOf = (outcome: Denial | 'crashed', decisionId: string) => { readonly result: JsonObject } | { readonly error: TaskError }

export interface EndingOptions {
  readonly answerOf: AnswerOf
  readonly resultBytes: number
  readonly redactor: Redactor
  /** What leaves of the result: decided once, when it is there. */
  readonly shape: Release['shape']
}

/** An answer that shows a result says a little more than the result. */
const ENVELOPE_BYTES = 2_048
const MAX_DATA_CHARACTERS = 4_096

export async function toEnding(
  outcome: Decision<Final> | 'crashed',
  cause: unknown,
  leaving: Leaving,
  now: number,
  { answerOf, resultBytes, redactor, shape }: EndingOptions,
): Promise<Ending> {
  const id = createDecisionId(now)
  if (outcome === 'crashed')
    return refused('crashed', { id, decision: 'error', reason: 'crashed', cause: causeOf(cause, redactor) }, answerOf)
  if (!outcome.allowed) return refused(outcome.denial, { id, decision: 'deny', reason: outcome.denial.reason }, answerOf)
  const produced = outcome.value
  if (produced.kind === 'error') {
    return {
      status: 'failed',
      error: bounded(toShownError(produced, redactor)),
      audit: { id, decision: 'allow', reason: 'upstream_error' },
    }
  }
  const result: JsonObject = produced.kind === 'prepared' ? JSON.parse(produced.text) : produced.result
  const shaped = isWhole(result) ? await shape(result, leaving) : NOT_WHOLE
  if (!shaped.allowed) return refused(shaped.denial, { id, decision: 'deny', reason: shaped.denial.reason }, answerOf)
  if (Buffer.byteLength(JSON.stringify(shaped.value)) > resultBytes - ENVELOPE_BYTES)
    return refused({ reason: 'result_too_large', limitBytes: resultBytes }, { id, decision: 'deny', reason: 'result_too_large' }, answerOf)
  const reason = shaped.value['isError'] === true ? 'tool_error' : 'allowed'
  return { status: 'completed', result: shaped.value, audit: { id, decision: 'allow', reason } }
}

const NOT_WHOLE = deny({ reason: 'invalid_result', path: 'resultType', rule: 'must be "complete": a task has no tasks' })

function refused(why: Denial | 'crashed', audit: Ending['audit'], answerOf: AnswerOf): Ending {
  const answer = answerOf(why, audit.id)
  if ('error' in answer) return { status: 'failed', error: answer.error, audit: { ...audit, sentence: answer.error.message } }
  return { status: 'completed', result: answer.result, audit }
}

export const cancelled = (now: number): Ending => ({
  status: 'cancelled',
  audit: { id: createDecisionId(now), decision: 'deny', reason: 'cancelled', sentence: 'The task was cancelled.' },
})

/** Nobody runs it any more: the process that did has ended, or is ending. */
export const interrupted = (now: number): Ending => failed(INTERNAL_ERROR, 'The server that ran this task has stopped.', 'interrupted', now)

export const expired = (now: number, ttlMs: number): Ending =>
  failed(504, `The task did not end within the ${Math.round(ttlMs / 1000)} seconds that it had.`, 'deadline_exceeded', now)

export const noRoom = (now: number): Ending =>
  failed(503, 'The task has ended, and its result is withheld: the tasks of its caller are as large as they may be.', 'overloaded', now)

function failed(code: number, message: string, reason: string, now: number): Ending {
  const audit = { id: createDecisionId(now), decision: 'error', reason, sentence: message } as const
  return { status: 'failed', error: { code, message }, audit }
}

/** It is in the state of the task, which must be small. */
function bounded({ data, ...error }: TaskError): TaskError {
  const isSmall = data !== undefined && JSON.stringify(data).length <= MAX_DATA_CHARACTERS
  return isSmall ? { ...error, data } : error
}
