/**
 * The codes of the errors that the specification defines: those of JSON-RPC 2.0 §5.1, those of a modern server, and those of
 * former revisions.
 *
 * @module
 */

export const PARSE_ERROR = -32700
export const INVALID_REQUEST = -32600
export const METHOD_NOT_FOUND = -32601
export const INVALID_PARAMS = -32602
export const INTERNAL_ERROR = -32603

/**
 * Only a modern server gives these: whoever answers one is not legacy, so `initialize` is not tried (2026-07-28 stdio
 * §Backward Compatibility).
 */
export const HEADER_MISMATCH = -32020
export const MISSING_CAPABILITY = -32021
export const UNSUPPORTED_VERSION = -32022

/** Of the legacy revisions: nothing may answer them any more. */
export const RESOURCE_NOT_FOUND = -32002
export const URL_ELICITATION_REQUIRED = -32042
