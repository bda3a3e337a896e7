/**
 * Errors that only a modern server gives: whoever answers one is not legacy, so `initialize` is not tried (2026-07-28
 * stdio §Backward Compatibility).
 *
 * @module
 */

export const HEADER_MISMATCH = -32020
export const MISSING_CAPABILITY = -32021
export const UNSUPPORTED_VERSION = -32022

/** Of 2025-11-25 alone: nothing may answer it any more. */
export const URL_ELICITATION_REQUIRED = -32042
