/**
 * How a client shows its id and secret in an `Authorization: Basic` header: each form-encoded before they are joined, so that a colon in an id
 * does not move the border (RFC 6749 §2.3.1).
 *
 * @module
 */

export const toBasicPair = (clientId: string, clientSecret: string): string =>
  Buffer.from(`${formEncode(clientId)}:${formEncode(clientSecret)}`).toString('base64')

const formEncode = (text: string): string => new URLSearchParams([['', text]]).toString().slice(1)
