/**
 * What the header fields of an answer tell of a budget: the IETF draft's, the older `X-RateLimit-*` that many programs read,
 * both or neither. `Retry-After` is not one of them: a refusal always has it.
 *
 * @module
 */

import type { Budget } from '../core/index.ts'
import type { LimitHeaders } from '../guards/index.ts'

export const STANDARD_ONLY: LimitHeaders = { standard: true, legacy: false }

/** Name, value, name, value. */
export function limitFields({ standard, legacy }: LimitHeaders, budget: Budget, receivedAt: number): string[] {
  const fields = standard ? standardFields(budget) : []
  if (legacy) fields.push(...legacyFields(budget, receivedAt))
  return fields
}

/** draft-ietf-httpapi-ratelimit-headers-10: structured fields, quota units are requests, windows are whole seconds. */
const standardFields = ({ policy, limit, windowSeconds, remaining, resetSeconds }: Budget): string[] => [
  'RateLimit-Policy',
  `"${policy}";q=${limit};w=${Math.ceil(windowSeconds)}`,
  'RateLimit',
  `"${policy}";r=${remaining};t=${resetSeconds}`,
]

/** Nobody specified them: the reset is in seconds since the epoch, as programs that read them expect. */
const legacyFields = ({ limit, remaining, resetSeconds }: Budget, receivedAt: number): string[] => [
  'X-RateLimit-Limit',
  `${limit}`,
  'X-RateLimit-Remaining',
  `${remaining}`,
  'X-RateLimit-Reset',
  `${Math.ceil(receivedAt / 1000) + resetSeconds}`,
]
