/** What a JWK is, by itself: whether it is fit to be shown to others, and what it is called. Pure. @module */

import { hash } from 'node:crypto'

/** Of private and symmetric keys (RFC 7518 §6). */
const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv']

export const hasPrivatePart = (jwk: object): boolean => privateMembers.some((member) => Object.hasOwn(jwk, member))

/** RFC 7638 §3.2: these members, in this order. */
const identifying: Readonly<Record<string, readonly string[]>> = {
  EC: ['crv', 'kty', 'x', 'y'],
  OKP: ['crv', 'kty', 'x'],
  RSA: ['e', 'kty', 'n'],
}

/** Its thumbprint (RFC 7638); undefined for what is no public key. */
export function thumbprintOf(jwk: Readonly<Record<string, unknown>>): string | undefined {
  const { kty } = jwk
  const members = typeof kty === 'string' && Object.hasOwn(identifying, kty) ? identifying[kty] : undefined
  if (!members?.every((member) => typeof jwk[member] === 'string')) return undefined
  return hash('sha256', JSON.stringify(Object.fromEntries(members.map((member) => [member, jwk[member]]))), 'base64url')
}
