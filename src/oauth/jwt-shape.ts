/**
 * What a signed JWT looks like in its compact form (RFC 7515 §7.1): header and claims are objects, and there is a signature. Looked at before
 * anything is decoded; nothing is verified by it.
 *
 * @module
 */

const shape = /^eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+$/

export const isSignedJwt = (text: string, mostCharacters: number): boolean => text.length <= mostCharacters && shape.test(text)
