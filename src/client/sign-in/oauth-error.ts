/** The code with which an authorization server says no. @module */

/**
 * An OAuth error code (RFC 6749 §5.2), if it is one: the description beside it is somebody else's text. A code that repeats a part of
 * what was `sent` is none: errors are shown and logged, and what was sent is secret.
 */
export const parseOAuthError = (value: unknown, sent: readonly string[] = []): string | undefined =>
  typeof value === 'string' &&
  /^[\x21\x23-\x5b\x5d-\x7e]{1,64}$/.test(value) &&
  !sent.some((one) => one !== '' && (one.includes(value) || value.includes(one)))
    ? value
    : undefined
