/**
 * The last look at a record before it is stored: what came from outside may carry a secret where nobody expects one, or
 * be longer than anybody reads.
 *
 * @module
 */

import type { Redactor } from '../core/index.ts'
import type { AuditRecord } from '../storage/index.ts'

// Long enough for what is honest; a method or a name of a megabyte is not.
const MAX_CHARACTERS = 1_024
const MAX_CAUSE_CHARACTERS = 8_192

/** The same record where there is nothing to take out, which one look at all of it decides. */
export function redactRecord(record: AuditRecord, redactor: Redactor): AuditRecord {
  const { action, target, clientName, clientId, subject, user, sentence, cause, hostToolUseId, traceparent, credentialId, version, facts } =
    record
  // A space would let a secret that ends one field and begins the next look like one; no pattern crosses a line break.
  const seen = [action, target, clientName, clientId, subject, user, sentence, cause, hostToolUseId, traceparent, credentialId, version]
  const text = facts === undefined ? seen.join('\n') : `${seen.join('\n')}\n${Object.values(facts).join('\n')}`
  return text.length > MAX_CHARACTERS || redactor.suspects(text) ? (clean(record, redactor, MAX_CHARACTERS) as AuditRecord) : record
}

function clean(value: unknown, redactor: Redactor, limit: number): unknown {
  // Redacted first: a secret that is cut in two is not found.
  if (typeof value === 'string') return cut(redactor.text(value), limit)
  if (Array.isArray(value)) return value.map((item) => clean(item, redactor, limit))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, clean(item, redactor, key === 'cause' ? MAX_CAUSE_CHARACTERS : limit)]),
  )
}

const cut = (text: string, limit: number): string => (text.length > limit ? `${text.slice(0, limit)}…` : text)
