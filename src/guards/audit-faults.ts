/**
 * What the operator is told at once, and not only where they look it up: a function of theirs threw, or its answer was withheld.
 * The caller has the same id. Nothing of what was thrown is said here: it may hold an argument, and the record has it.
 *
 * @module
 */

import type { AuditRecord } from '../storage/index.ts'

// A map: the method is the caller's, who may say `constructor`.
const kinds: ReadonlyMap<string, string> = new Map([
  ['tools/call', 'tool'],
  ['tasks/end', 'tool'],
  ['prompts/get', 'prompt'],
  ['resources/read', 'resource'],
  ['completion/complete', 'completion of'],
])

/** A line for the log; undefined where nothing has failed. */
export function faultIn({ id, reason, action, target }: AuditRecord): string | undefined {
  if (reason !== 'crashed' && reason !== 'invalid_result') return undefined
  const kind = kinds.get(action)
  const what = target === undefined || kind === undefined ? 'a request' : `${kind} ${JSON.stringify(target)}`
  return `${what} failed: sallyport why ${id}`
}
