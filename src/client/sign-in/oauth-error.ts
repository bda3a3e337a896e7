/** The code with which an authorization server says no. @module */

/** An OAuth error code (RFC 6749 §5.2), if it is one: the description beside it is somebody else's text. */
export const parseOAuthError = (value: unknown): string | undefined =>
  typeof value === 'string' && /^[\x21\x23-\x5b\x5d-\x7e]{1,64}$/.test(value) ? value : undefined
