/** Which revisions we speak. @module */

import type { Era } from '../core/index.ts'

export const MODERN_VERSION = '2026-07-28'
export const LATEST_LEGACY_VERSION = '2025-11-25'

/** Newest first, as `supported` lists them. */
export const SUPPORTED_VERSIONS: readonly string[] = [MODERN_VERSION, LATEST_LEGACY_VERSION, '2025-06-18', '2025-03-26', '2024-11-05']

/** Undefined for a version that we do not speak. */
export function eraOf(version: string): Era | undefined {
  if (!SUPPORTED_VERSIONS.includes(version)) return undefined
  return version === MODERN_VERSION ? 'modern' : 'legacy'
}

/** What `initialize` answers: the version asked for where we speak it, else our latest legacy one (2025-11-25 lifecycle §version negotiation). */
export const negotiateLegacy = (requested: string): string => (eraOf(requested) === 'legacy' ? requested : LATEST_LEGACY_VERSION)
