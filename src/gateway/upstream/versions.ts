/** The protocol revisions that we speak to an upstream. @module */

export const MODERN_VERSION = '2026-07-28'
export const LEGACY_VERSION = '2025-11-25'
/** What an upstream may answer to `initialize`. All of them share what a gateway needs: lists, calls, progress, cancellation. */
export const LEGACY_VERSIONS: readonly string[] = [LEGACY_VERSION, '2025-06-18', '2025-03-26', '2024-11-05']

/** Errors that only a modern server gives: it is not legacy, so `initialize` is not tried (2026-07-28 stdio §Backward Compatibility). */
export const HEADER_MISMATCH = -32020
export const MISSING_CAPABILITY = -32021
export const UNSUPPORTED_VERSION = -32022
