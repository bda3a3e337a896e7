/**
 * How long a client may keep what it read, and whom it may show it to (2026-07-28 caching). A hint and no access control: what
 * is public may be shared by whoever caches it, with people who never signed in here (RS21).
 *
 * So a result says `public` only where three things hold: its author said so of an entry that everybody may read, `read` did
 * not look at who was asking, and nothing was asked of the caller on the way. Fails closed: everything else is private.
 *
 * @module
 */

import type { Call, JsonObject } from '../../core/index.ts'
import { type CacheScope, markPublic } from '../../protocol/index.ts'
import type { Permitted } from '../definitions/permissions.ts'
import type { Report } from '../definitions/unknown-keys.ts'

export interface FreshnessOptions {
  /** How many milliseconds what was read counts as fresh; 0 unless told. */
  readonly ttlMs?: number | undefined
  /** `public` only with `permissions: 'public'`: whoever caches it may give it to anybody. */
  readonly cacheScope?: CacheScope | undefined
}

export interface Freshness {
  readonly ttlMs: number
  readonly scope: CacheScope
}

export const freshnessKeys = ['ttlMs', 'cacheScope'] as const
/** A year, as in HTTP. */
const MAX_TTL_MS = 31_536_000_000

export function readFreshness(given: JsonObject, permitted: Permitted | undefined, report: Report): Freshness {
  const { ttlMs = 0, cacheScope = 'private' } = given
  const isTtl = Number.isSafeInteger(ttlMs) && (ttlMs as number) >= 0 && (ttlMs as number) <= MAX_TTL_MS
  if (!isTtl) report(`ttlMs: must be a whole number of milliseconds from 0 to ${MAX_TTL_MS}`)
  if (cacheScope !== 'public' && cacheScope !== 'private') report('cacheScope: must be "public" or "private"')
  const isPublic = cacheScope === 'public'
  if (isPublic && permitted && (permitted.permission.access !== 'public' || permitted.condition))
    report('cacheScope: "public" goes with permissions: "public" alone, without a rule: whoever caches it may give it to anybody')
  return { ttlMs: ttlMs as number, scope: isPublic ? 'public' : 'private' }
}

/** A result with what it says of itself. `isImpersonal`: whether it cannot depend on who asked. */
export function toFreshResult({ ttlMs, scope }: Freshness, call: Call, contents: readonly JsonObject[], isImpersonal: boolean): JsonObject {
  // What came of answers belongs to those answers: it must not be kept (caching §cache key).
  if (call.input) return { contents, ttlMs: 0, cacheScope: 'private' }
  return scope === 'public' && isImpersonal
    ? markPublic({ contents, ttlMs, cacheScope: 'public' })
    : { contents, ttlMs, cacheScope: 'private' }
}
