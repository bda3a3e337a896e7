/** What `search` takes, made definite, for every implementation alike. @module */

import type { AuditQuery, AuditRecord } from './audit-store.ts'

/** Fields that a search compares by equality. */
const equalFields = ['subject', 'clientId', 'action', 'target', 'hostToolUseId'] as const satisfies readonly (keyof AuditQuery &
  keyof AuditRecord)[]

export const limitOf = ({ limit = 100 }: AuditQuery): number => Math.min(Math.max(Math.trunc(limit), 0), 10_000)

/** `since` is part of what is looked for, `until` is not. `before` is about the place in the trail, not about the record. */
export function matches(record: AuditRecord, query: AuditQuery): boolean {
  if (query.since !== undefined && record.at < query.since) return false
  if (query.until !== undefined && record.at >= query.until) return false
  if (query.decision !== undefined && !query.decision.includes(record.decision)) return false
  return equalFields.every((field) => query[field] === undefined || record[field] === query[field])
}
