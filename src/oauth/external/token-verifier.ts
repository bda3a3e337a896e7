/**
 * Verifies access tokens of the operator's own issuer: shape → issuer → signature, algorithm and type → audience → times → (introspection)
 * → whose it is. The principal carries that issuer, so that a subject of the same name elsewhere is somebody else.
 *
 * Fails closed at every step; where the issuer must be asked and does not answer, the request is answered 503 and nothing runs.
 *
 * Not checked here: whether the scope suffices (guards/authorize), and that who brings a bound token holds its key or certificate (guards/authenticate).
 *
 * @module
 */

import { hash } from 'node:crypto'
import type { JWTPayload, JWTVerifyGetKey, JWTVerifyResult } from 'jose'
import {
  allow,
  type Clock,
  type Credential,
  type CredentialProblem,
  type Decision,
  deny,
  type JsonObject,
  type TokenVerifier,
  type Verified,
} from '../../core/index.ts'
import { bindingOf } from '../dpop-binding.ts'
import type { Resources } from '../resources.ts'
import { issuerClaimOf, type Jose, loadJose, problemOf } from '../token-verifier.ts'
import { isAccessToken, isDescribedAccessToken } from './access-token.ts'
import { toPrincipal } from './claims.ts'
import { ACTIVE_MS, type Introspect } from './introspection.ts'
import type { Keys } from './jwks.ts'
import type { ExternalSettings } from './options.ts'

export interface ExternalVerifierParts {
  readonly settings: ExternalSettings
  readonly resources: Resources
  readonly keys: Keys
  /** Where every token is asked about; undefined where the issuer is not asked. */
  readonly introspect: Introspect | undefined
  readonly clock: Clock
}

/** A token that holds. */
interface Found {
  readonly claims: JsonObject
  /** What the issuer says of it now, where it was asked. */
  readonly now?: JsonObject
  readonly isJwt: boolean
  readonly token: string
  readonly keepMs: number
}

/** Groups and roles are in them: some have a hundred. */
const MAX_TOKEN = 16_384
/** How long a signature counts as checked: a key that the issuer has withdrawn is not believed much longer. */
const RECHECK_MS = 300_000
const shape = /^eyJ[\w-]+\.[\w-]+\.[\w-]*$/
const opaque = /^[\w.~+/-]+=*$/

const refuse = (problem: CredentialProblem): Decision<never> => deny({ reason: 'unauthenticated', problem })
const unavailable: Decision<never> = deny({
  reason: 'overloaded',
  problem: 'The authorization server that vouches for the token cannot be asked now. Try again later.',
})

export function createExternalVerifier({ settings, resources, keys, introspect, clock }: ExternalVerifierParts): TokenVerifier {
  const { issuer, algorithms, clockToleranceSeconds, requiredTokenType } = settings

  async function checkSignature(token: string, find: JWTVerifyGetKey, jose: Jose): Promise<JWTVerifyResult> {
    return jose.jwtVerify(token, find, {
      algorithms: [...algorithms],
      issuer,
      clockTolerance: clockToleranceSeconds,
      currentDate: new Date(clock()),
      requiredClaims: ['exp', 'iat'],
    })
  }

  /** The claims of a token that the issuer signed, whoever it is for; or what is wrong with it. */
  async function readClaims(token: string): Promise<JWTPayload | CredentialProblem | 'unavailable'> {
    // Unproven, and refused either way: tokens of others make nobody look for keys.
    if (issuerClaimOf(token) !== issuer) return issuerClaimOf(token) === undefined ? 'malformed' : 'wrong_issuer'
    const jose = await loadJose()
    const known = await keys.current()
    if (known === undefined) return 'unavailable'
    try {
      const { payload, protectedHeader } = await checkSignature(token, known, jose).catch(async (error: unknown) => {
        const newer = error instanceof jose.errors.JWKSNoMatchingKey ? await keys.newer() : undefined
        if (newer === undefined) throw error
        return checkSignature(token, newer, jose)
      })
      return isAccessToken(protectedHeader, payload, requiredTokenType) ? payload : 'malformed'
    } catch (error) {
      return problemOf(error, jose)
    }
  }

  /** What holds of every token, whether we checked its signature or the issuer described it. */
  function problemWith(claims: JsonObject): CredentialProblem | undefined {
    const now = clock() / 1000
    const { iss, aud, exp, nbf, iat } = claims
    if (iss !== undefined && iss !== issuer) return 'wrong_issuer'
    if (![aud].flat().some((each) => typeof each === 'string' && isForUs(each))) return 'wrong_audience'
    if ([exp, nbf, iat].some((time) => time !== undefined && !Number.isFinite(time))) return 'malformed'
    if (exp !== undefined && (exp as number) <= now - clockToleranceSeconds) return 'expired'
    // Not valid yet: outside its time, like an expired one.
    return [nbf, iat].some((time) => time !== undefined && (time as number) > now + clockToleranceSeconds) ? 'expired' : undefined
  }
  /** One audience, a slash at its end forgiven. */
  function isForUs(audience: string): boolean {
    const { audience: wanted } = settings
    return wanted === undefined ? resources.canonicalize(audience) !== undefined : withoutSlash(audience) === withoutSlash(wanted)
  }

  async function verify({ value }: Credential, resource: string): Promise<Decision<Verified>> {
    if (resources.canonicalize(resource) === undefined) return refuse('wrong_audience')
    if (value.length > MAX_TOKEN) return refuse('malformed')
    const signed = shape.test(value) ? await readClaims(value) : undefined
    if (signed === 'unavailable') return unavailable
    if (typeof signed === 'string') return refuse(signed)
    const problem = signed && problemWith(signed)
    if (problem) return refuse(problem)
    if (introspect === undefined)
      return signed ? found({ claims: signed, isJwt: true, token: value, keepMs: RECHECK_MS }) : refuse('unknown')

    // Asked last: what can be refused without it costs the issuer nothing.
    const told = await introspect(value)
    if (told.state === 'unavailable') return unavailable
    if (told.state === 'inactive') return refuse(signed ? 'revoked' : 'unknown')
    if (!signed && !isDescribedAccessToken(told.claims)) return refuse('malformed')
    // What it signed it need not repeat; what it says now only narrows.
    const now = signed ? { ...signed, ...withoutNull(told.claims) } : told.claims
    const wrong = problemWith(now)
    if (wrong) return refuse(wrong)
    return found({ claims: signed ?? now, now, isJwt: signed !== undefined, token: value, keepMs: told.askedAt + ACTIVE_MS - clock() })
  }

  function found({ claims, now = claims, isJwt, token, keepMs }: Found): Decision<Verified> {
    const fallbackId = `sha256:${hash('sha256', token).slice(0, 16)}`
    const principal = toPrincipal(claims, { issuer, claims: settings.claims, fallbackId, now })
    if (principal === undefined) return refuse('malformed')
    // RFC 9068 §2.2: an access token says which client it was issued to; an ID token for an API's own application does not.
    if (isJwt && principal.clientId === '') return refuse('malformed')
    // Bound in a way that nobody checks here: whoever stole it would be let in.
    const binding = bindingOf(claims['cnf'] ?? now['cnf'])
    if (binding === undefined) return refuse('malformed')
    const ends = [claims['exp'], now['exp']].flatMap((exp) => (typeof exp === 'number' ? [(exp + clockToleranceSeconds) * 1000] : []))
    return allow({ principal, expiresAt: Math.min(...ends, clock() + keepMs), ...binding })
  }
  return {
    claims: ({ scheme, value }) =>
      (scheme === 'bearer' || scheme === 'dpop') && (shape.test(value) || (introspect !== undefined && opaque.test(value))),
    verify,
  }
}

/** A member that is null says nothing. */
const withoutNull = (claims: JsonObject): JsonObject => Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== null))
const withoutSlash = (text: string): string => text.replace(/\/$/, '')
