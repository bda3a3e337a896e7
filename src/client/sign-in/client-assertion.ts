/**
 * A program proves who it is with a key instead of a secret (RFC 7523 §2.2, §3): for each request to the token endpoint a new statement
 * about itself, good for a minute and once. Its audience is the issuer and nothing else, so that nobody who is shown one can show it
 * to another (draft-ietf-oauth-rfc7523bis).
 *
 * @module
 */

import { randomUUID } from 'node:crypto'
import type { Clock } from '../../core/index.ts'
import { AuthorizationError } from '../errors.ts'
import type { ClientIdentity } from './client-identity.ts'
import type { ClientKey } from './client-key.ts'

const LIFETIME_SECONDS = 60
const OTHER_KEY = 'Register a key of another kind with it, or say with `alg` which algorithm it was registered for.'

export interface AssertionParts {
  readonly clientId: string
  readonly key: ClientKey
  readonly clock: Clock
  /** Whose client it is; also the audience. */
  readonly issuer: string
  /** What the authorization server verifies; undefined where it does not say. */
  readonly algorithms: readonly string[] | undefined
}

/** @throws {AuthorizationError} where the authorization server says that it verifies nothing that this key can sign. */
export function toKeyIdentity({ clientId, key, clock, issuer, algorithms }: AssertionParts): ClientIdentity {
  const alg = key.algorithms.find((one) => algorithms?.includes(one) ?? true)
  if (alg === undefined)
    throw new AuthorizationError(
      'registration_unsupported',
      `${new URL(issuer).host} does not verify what the key of this client signs (${key.algorithms.join(', ')}).`,
      { step: OTHER_KEY },
    )
  return {
    issuer,
    clientId,
    method: 'private_key_jwt',
    async assert(audience) {
      const { SignJWT } = await import('jose')
      const now = Math.floor(clock() / 1000)
      return new SignJWT({ iss: clientId, sub: clientId, aud: audience, jti: randomUUID(), iat: now, exp: now + LIFETIME_SECONDS })
        .setProtectedHeader({ alg, typ: 'JWT', ...(key.kid !== undefined && { kid: key.kid }) })
        .sign(key.key)
    },
  }
}
