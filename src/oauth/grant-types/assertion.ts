/**
 * What an assertion must keep to whoever wrote it (RFC 7521 §5.2, RFC 7523 §3): of a trusted issuer, for this server alone, signed with
 * one of the issuer's keys, within its time, about somebody whom a rule names. What an ID-JAG and a workload's token ask beyond that is
 * `id-jag.ts` and `workload-identity.ts`.
 *
 *   shape → issuer → audience → keys, signature, times → subject → rule
 *
 * Fails closed. Not checked here: that it comes once, which is the last thing before a token.
 *
 * @module
 */

import { decodeJwt, decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from 'jose'
import type { Clock } from '../../core/index.ts'
import { isSubject } from '../../people/index.ts'
import { ALGORITHMS } from '../external/options.ts'
import { isSignedJwt } from '../jwt-shape.ts'
import { isRefusal } from '../refusal.ts'
import { type IssuerKeys, KeysUnavailable } from './issuer-keys.ts'
import { type GrantRefusal, invalidGrant } from './refusal.ts'
import type { Allowed, AssertionUse, Trust, TrustedIssuer } from './trusted-issuers.ts'

export interface Assertion {
  readonly entry: TrustedIssuer
  readonly allowed: Allowed
  readonly claims: JWTPayload & { readonly iss: string; readonly sub: string; readonly exp: number; readonly iat: number }
}

export interface AssertionChecks {
  readonly trust: Trust
  /** Of each entry of `trust`. */
  readonly keysOf: (entry: TrustedIssuer) => IssuerKeys
  /** What this server is called: what an assertion is for where its entry says nothing else. */
  readonly issuer: string
  readonly clock: Clock
}

export interface Expected {
  readonly use: AssertionUse
  /** Of the header, in full. `undefined` is one that has none. */
  readonly types: readonly (string | undefined)[]
  readonly requiredClaims: readonly string[]
  /** From `iat` to `exp`. */
  readonly maxSeconds: number
}

const MAX_ASSERTION = 16_384
const MAX_SUBJECT = 512
/** Clocks of two organisations. */
export const SKEW_SECONDS = 30

/** `typ`, in lower case and without what RFC 7515 §4.1.9 lets one leave out; undefined where there is none, or no JWT. */
export function typeOf(assertion: string): string | undefined {
  if (!isSignedJwt(assertion, MAX_ASSERTION)) return undefined
  try {
    const { typ } = decodeProtectedHeader(assertion)
    return typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : undefined
  } catch {
    return undefined
  }
}

export async function checkAssertion(text: string, expected: Expected, checks: AssertionChecks): Promise<Assertion | GrantRefusal> {
  const { use, types, requiredClaims, maxSeconds } = expected
  const { trust, keysOf, issuer, clock } = checks
  const read = readUnproven(text)
  if (read === undefined) return invalidGrant('the assertion is not a signed JWT of at most 16 KiB')
  if (!types.includes(typeOf(text))) return invalidGrant('the typ of the assertion is not one of this grant')
  const entry = typeof read.iss === 'string' ? trust.find(read.iss, use) : undefined
  if (entry === undefined)
    return invalidGrant(`the issuer of the assertion is not trusted here for ${use}: its operator adds it to trustedIssuers`)
  if (!isFor(read.aud, entry.audience ?? issuer))
    return invalidGrant(
      `the assertion is not for this server: its aud must be ${entry.audience === undefined ? 'the issuer that the metadata names' : 'the audience that trustedIssuers names'}, alone`,
    )
  const verified = await verifyClaims(text, entry.issuer, requiredClaims, keysOf(entry), clock())
  if (isRefusal(verified)) return verified
  const { payload } = verified
  const { sub, iat, exp } = payload
  if (typeof iat !== 'number' || iat > clock() / 1000 + SKEW_SECONDS)
    return invalidGrant('the assertion was issued in the future: check both clocks')
  if (typeof exp !== 'number' || exp - iat > maxSeconds) return invalidGrant(`the assertion is good for longer than ${maxSeconds} seconds`)
  if (!isSubject(sub, MAX_SUBJECT)) return invalidGrant('the sub of the assertion must be text of 1 to 512 characters')
  const allowed = trust.allowed(entry.issuer, use, sub)
  if (allowed === undefined)
    return invalidGrant('no rule names the subject of the assertion: its operator adds it to trustedIssuers, subjects')
  return { entry, allowed, claims: payload as Assertion['claims'] }
}

function readUnproven(text: string): JWTPayload | undefined {
  if (!isSignedJwt(text, MAX_ASSERTION)) return undefined
  try {
    return decodeJwt(text)
  } catch {
    return undefined
  }
}

/** One audience: an assertion for two servers could be presented at each by the other (RFC 7523 §3). A trailing slash is forgiven. */
function isFor(aud: unknown, wanted: string): boolean {
  const [one, ...others]: unknown[] = Array.isArray(aud) ? aud : [aud]
  return others.length === 0 && typeof one === 'string' && one.replace(/\/$/, '') === wanted.replace(/\/$/, '')
}

async function verifyClaims(
  text: string,
  iss: string,
  requiredClaims: readonly string[],
  { getKey }: IssuerKeys,
  now: number,
): Promise<{ readonly payload: JWTPayload } | GrantRefusal> {
  try {
    const { payload } = await jwtVerify(text, getKey, {
      issuer: iss,
      algorithms: [...ALGORITHMS],
      requiredClaims: ['iss', 'sub', 'aud', 'exp', 'iat', ...requiredClaims],
      clockTolerance: SKEW_SECONDS,
      currentDate: new Date(now),
    })
    return { payload }
  } catch (error) {
    return invalidGrant(sentenceOf(error))
  }
}

function sentenceOf(error: unknown): string {
  if (error instanceof KeysUnavailable)
    return 'the keys of the issuer could not be had: try again, and see whether its metadata and jwks_uri answer'
  if (error instanceof errors.JWTExpired) return 'the assertion has expired: get a new one'
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'nbf') return 'the assertion is not valid yet: check both clocks'
    return 'the assertion lacks a claim that is required, or it is of another kind'
  }
  if (error instanceof errors.JWKSNoMatchingKey) return 'the assertion is signed with a key that its issuer does not publish'
  if (error instanceof errors.JOSEAlgNotAllowed) return 'the assertion is not signed with an asymmetric algorithm'
  if (error instanceof errors.JOSEError || error instanceof TypeError) return 'the signature of the assertion does not verify'
  throw error
}
