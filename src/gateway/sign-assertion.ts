/**
 * Assertions about people for the authorization servers of guarded servers, signed with the key of our own issuer: `iss` is us, `aud` is
 * one issuer and never ourselves, so that none of them is of any use here (RFC 7523 §3, RFC 8725 §3.9).
 *
 * @module
 */

import { createPrivateKey, randomUUID, sign } from 'node:crypto'
import type { Clock } from '../core/index.ts'
import { createSigningKeys } from '../oauth/index.ts'
import type { Store } from '../storage/index.ts'
import type { Vault } from '../vault/index.ts'
import type { Place, SignAssertion } from './credentials/index.ts'

export interface SignAssertionParts {
  readonly store: Store
  readonly vault: Vault
  readonly clock: Clock
  readonly place: Pick<Place, 'base'>
}

export function createSignAssertion({ store, vault, clock, place }: SignAssertionParts): SignAssertion {
  const keys = createSigningKeys({ store, vault, clock })
  return async (claims, type, seconds) => {
    const iss = place.base()
    if (iss === undefined) throw new Error('there is no issuer of our own to sign for')
    if (claims['aud'] === iss) throw new Error('an assertion is for another issuer')
    const { kid, privateJwk } = await keys.current()
    const iat = Math.floor(clock() / 1000)
    const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url')
    const head = encode({ alg: 'ES256', kid, typ: type })
    const body = encode({ ...claims, iss, iat, exp: iat + seconds, jti: randomUUID() })
    const key = createPrivateKey({ key: privateJwk, format: 'jwk' })
    const signature = sign('sha256', Buffer.from(`${head}.${body}`), { key, dsaEncoding: 'ieee-p1363' })
    return `${head}.${body}.${signature.toString('base64url')}`
  }
}
