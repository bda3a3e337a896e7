/**
 * How clients prove who they are (OAuth 2.1 §2.4): which ways there are, and what an assertion must keep to beyond what the
 * library checks (signature, issuer, subject, an expiry, a `jti` that is used once). Fails closed.
 *
 * @module
 */

import { type Configuration, errors } from 'oidc-provider'
import type { Clock } from '../core/index.ts'
import type { CertificateSource } from '../net/index.ts'
import { authMethodsFor, offeredBy } from './metadata.ts'

/** An assertion is made for one request. Its `jti` is remembered until then, so that it must end. */
const MAX_ASSERTION_SECONDS = 600
const MAX_JTI = 256

type ClientAuth = Pick<Configuration, 'clientAuthMethods' | 'assertJwtClientAuthClaimsAndHeader'>

export function clientAuth(certificates: CertificateSource, clock: Clock): ClientAuth {
  return {
    clientAuthMethods: [...authMethodsFor(offeredBy(certificates))],
    assertJwtClientAuthClaimsAndHeader(_ctx, claims) {
      const problem = problemWithAssertion(claims, Math.floor(clock() / 1000))
      if (problem !== undefined) throw new errors.InvalidClientAuth(problem)
    },
  }
}

/** Exported for its test. */
export function problemWithAssertion({ aud, exp, jti }: Record<string, unknown>, now: number): string | undefined {
  // For several servers it could be presented at the next one by this one (RFC 7523 §3: for this server).
  if (Array.isArray(aud) && aud.length !== 1) return 'the assertion must have one audience: this server'
  if (typeof exp !== 'number' || exp > now + MAX_ASSERTION_SECONDS) return `the assertion must end within ${MAX_ASSERTION_SECONDS} seconds`
  if (typeof jti !== 'string' || jti.length > MAX_JTI) return `the jti of an assertion has at most ${MAX_JTI} characters`
  return undefined
}
