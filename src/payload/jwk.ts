/** Public keys of the two curves as they travel (RFC 8037), read strictly: one key, one spelling. @module */

import { createPublicKey, hash, type KeyObject } from 'node:crypto'
import { isObject } from '../protocol/index.ts'
import type { OkpJwk } from './words.ts'

/** 32 bytes in base64url. The last of the 43 characters carries four bits: the others must be zero, or one key had four spellings. */
const canonical = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/

export const isKeyText = (value: unknown): value is string => typeof value === 'string' && canonical.test(value)

/** Undefined for anything else, a private key among it. */
export function parseJwk(value: unknown, crv: OkpJwk['crv']): OkpJwk | undefined {
  if (!isObject(value) || value['kty'] !== 'OKP' || value['crv'] !== crv || !isKeyText(value['x']) || Object.hasOwn(value, 'd'))
    return undefined
  return { kty: 'OKP', crv, x: value['x'] }
}

/** RFC 7638 §3.2 with the members of RFC 8037 §2. */
export const thumbprintOf = ({ crv, kty, x }: OkpJwk): string => hash('sha256', JSON.stringify({ crv, kty, x }), 'base64url')

export const toPublicKey = ({ crv, kty, x }: OkpJwk): KeyObject => createPublicKey({ key: { crv, kty, x }, format: 'jwk' })

export function publicJwkOf(key: KeyObject): OkpJwk {
  const { crv, x } = (key.type === 'private' ? createPublicKey(key) : key).export({ format: 'jwk' })
  return { kty: 'OKP', crv: crv as OkpJwk['crv'], x: x as string }
}
