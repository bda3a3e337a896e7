/**
 * What may be shown of how work ended, whether its caller has waited (`release`, `audit`) or comes back for it (`tasks/ending`).
 *
 * @module
 */

import type { Entry, JsonObject, Redactor, Violation } from '../core/index.ts'
import { veil } from '../payload/index.ts'
import { toErrorCode } from '../protocol/index.ts'

/** A JSON-RPC error. */
export interface ShownError {
  readonly code: number
  readonly message: string
  readonly data?: unknown
}

const MAX_ERROR_CHARACTERS = 4_096
const MAX_CAUSE_CHARACTERS = 8_192

/** To the caller. */
export const toShownError = ({ code, message, data }: ShownError, redactor: Redactor, taken?: Map<string, number>): ShownError => ({
  code: toErrorCode(code),
  // Redacted before it is cut: half a secret is not found.
  message: redactor.text(message, taken).slice(0, MAX_ERROR_CHARACTERS),
  ...(data === undefined ? {} : { data }),
})

/** To the record alone. */
export const causeOf = (cause: unknown, redactor: Redactor): string =>
  redactor
    .text(cause instanceof Error ? (cause.stack ?? cause.message) : 'something that is not an error was thrown')
    .slice(0, MAX_CAUSE_CHARACTERS)

/** What a definition promises is a whole result of the call itself: not a question, nor a task that will have one. */
export function brokenPromise({ checkResult, sealed }: Entry, result: JsonObject): Violation | undefined {
  const { resultType = 'complete' } = result
  const violation = resultType === 'complete' ? checkResult?.(result) : undefined
  return violation && sealed ? veil(violation, 'structuredContent', sealed.results) : violation
}
