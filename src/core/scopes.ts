/**
 * What a credential is good for: the scopes that Sallyport gives a meaning to, and what any scope must look like.
 *
 * @module
 */

/** What entries need whose author or operator does not say otherwise. */
export const STANDARD_SCOPES: readonly string[] = Object.freeze(['tools:read', 'tools:execute', 'prompts:read', 'resources:read'])

/** RFC 6749 §3.3, and no longer than anybody can mean. */
export const SCOPE_PATTERN: RegExp = /^[\x21\x23-\x5b\x5d-\x7e]{1,256}$/

export const isScope = (value: unknown): value is string => typeof value === 'string' && SCOPE_PATTERN.test(value)
