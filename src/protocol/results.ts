/**
 * What each revision wants around a result: 2026-07-28 has `resultType` on every one and caching hints on the cacheable
 * ones; the legacy revisions have neither. The era is the caller's; what an upstream spoke does not matter here.
 *
 * @module
 */

import type { Era, JsonObject } from '../core/index.ts'
import { INTERNAL_ERROR, INVALID_PARAMS, MISSING_CAPABILITY, RESOURCE_NOT_FOUND, URL_ELICITATION_REQUIRED } from './error-codes.ts'
import { isObject } from './message.ts'

export type CacheScope = 'public' | 'private'

/** Methods whose complete results must carry `ttlMs` and `cacheScope` (2026-07-28 caching §cacheable results). */
const cacheable = new Set(['server/discover', 'tools/list', 'prompts/list', 'resources/list', 'resources/templates/list', 'resources/read'])

const publics = new WeakSet<JsonObject>()

/** Lets a result of our own say `public`: no caller's data is in it, and everybody may have it. What comes as JSON never can. */
export function markPublic(result: JsonObject): JsonObject {
  publics.add(result)
  return result
}

/** Hints of an upstream are kept where they are well-formed, but never `public`: access differs from caller to caller (G7). */
export function toResult(era: Era, method: string, result: JsonObject): JsonObject {
  if (era === 'legacy') return hasModern(result) ? withoutModern(result) : result
  const { resultType = 'complete' } = result
  if (resultType !== 'complete' || !cacheable.has(method)) return 'resultType' in result ? result : { resultType, ...result }
  const ttlMs = Number.isSafeInteger(result['ttlMs']) && (result['ttlMs'] as number) >= 0 ? result['ttlMs'] : 0
  return { ...result, resultType, ttlMs, cacheScope: publics.has(result) ? 'public' : 'private' }
}

const hasModern = (result: JsonObject): boolean =>
  'resultType' in result ||
  'ttlMs' in result ||
  'cacheScope' in result ||
  ('structuredContent' in result && !isObject(result['structuredContent']))

/** Structured content was an object until 2026-07-28; what else it is can be read in the text beside it. */
function withoutModern(result: JsonObject): JsonObject {
  const { resultType: _, ttlMs: __, cacheScope: ___, structuredContent, ...rest } = result
  return isObject(structuredContent) ? { ...rest, structuredContent } : rest
}

/** Of the codes that the specification defines, −32020 and −32022 speak of our own connection to the upstream. */
const defined = new Set<number>([MISSING_CAPABILITY])

/**
 * An upstream's error code, as we may send it on: −32002 became −32602, and neither −32042 nor an undefined code of the
 * reserved range may be emitted (2026-07-28 basic §error codes).
 */
export function toErrorCode(code: number): number {
  if (!Number.isSafeInteger(code)) return INTERNAL_ERROR
  if (code === RESOURCE_NOT_FOUND) return INVALID_PARAMS
  if (code === URL_ELICITATION_REQUIRED || (code <= -32020 && code >= -32099 && !defined.has(code))) return INTERNAL_ERROR
  return code
}
