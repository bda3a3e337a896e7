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

/** Of a text of megabytes no more than this is looked at: nothing of the rest is shown. */
const MAX_READ_CHARACTERS = 65_536
/** Longer than what a pattern finds: what was cut in two at the end of what is looked at is in it, and is not shown. */
const CUT_CHARACTERS = 24_576

/** Redacted before it is cut: half a secret is not found. */
function headOf(text: string, most: number, redactor: Redactor, taken?: Map<string, number>): string {
  if (text.length <= MAX_READ_CHARACTERS) return redactor.text(text, taken).slice(0, most)
  const clean = redactor.text(text.slice(0, MAX_READ_CHARACTERS), taken)
  return clean.slice(0, Math.max(0, Math.min(most, clean.length - CUT_CHARACTERS)))
}

/** To the caller. */
export const toShownError = ({ code, message, data }: ShownError, redactor: Redactor, taken?: Map<string, number>): ShownError => ({
  code: toErrorCode(code),
  message: headOf(message, MAX_ERROR_CHARACTERS, redactor, taken),
  ...(data === undefined ? {} : { data }),
})

/** To the record alone. */
export const causeOf = (cause: unknown, redactor: Redactor): string =>
  cause instanceof Error
    ? headOf(cause.stack ?? cause.message, MAX_CAUSE_CHARACTERS, redactor)
    : 'something that is not an error was thrown'

/** What a definition promises is a whole result of the call itself: not a question, nor a task that will have one. */
export function brokenPromise({ checkResult, sealed }: Entry, result: JsonObject): Violation | undefined {
  const { resultType = 'complete' } = result
  const violation = resultType === 'complete' ? checkResult?.(result) : undefined
  return violation && sealed ? veil(violation, 'structuredContent', sealed.results) : violation
}
