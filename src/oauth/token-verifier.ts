/**
 * Verifies access tokens of our own issuer (RFC 9068): signature, type, issuer, audience, times; then that the grant, the
 * client and the account still stand. Roles are the account's now, not the token's. Fails closed at every step; a store
 * that cannot answer throws.
 *
 * Not checked here: whether the scope suffices (guards/authorize), and the proof that comes with a bound token: which key it must
 * be by is part of the answer (guards/authenticate).
 *
 * @module
 */

import {
  allow,
  type Clock,
  type Credential,
  type CredentialProblem,
  type Decision,
  deny,
  type ScopeHierarchy,
  type TokenVerifier,
  type Verified,
} from '../core/index.ts'
import type { Accounts } from '../people/index.ts'
import type { Clients } from './clients.ts'
import { type Binding, bindingOf } from './dpop-binding.ts'
import type { Trust } from './grant-types/trusted-issuers.ts'
import type { Grants } from './grants.ts'
import { isSignedJwt } from './jwt-shape.ts'
import type { Resources } from './resources.ts'
import { namedScopes } from './scopes.ts'
import type { SigningKeys } from './signing-keys.ts'
import { createStanding, type Standing } from './standing.ts'

export interface TokenVerifierParts {
  readonly issuer: string
  readonly resources: Resources
  readonly signingKeys: SigningKeys
  readonly grants: Grants
  readonly clients: Clients
  readonly accounts: Pick<Accounts, 'get'>
  readonly trust: Trust
  readonly hierarchy: ScopeHierarchy
  readonly clock: Clock
  /** Told which grant a token came of, once it has been verified. */
  readonly learn?: ((tokenId: string, grantId: string) => void) | undefined
}

/** The claims that our tokens carry. */
export interface Claims {
  readonly sub: string
  readonly jti: string
  readonly iat: number
  readonly exp: number
  readonly client_id: string
  readonly grant_id: string
  readonly scope?: string | undefined
  /** What kind of subject it is; only we write it. */
  readonly sub_kind?: string | undefined
  /** Who acts, and for whom before that (RFC 8693 §4.1). */
  readonly act?: unknown
  /** The key that it is bound to. */
  readonly cnf?: unknown
}

// Loaded with the first token: most commands of the CLI never see one.
export const loadJose = (): Promise<typeof import('jose')> => import('jose')
export type Jose = Awaited<ReturnType<typeof loadJose>>

const SKEW_SECONDS = 5
const MAX_TOKEN = 8192
const refuse = (problem: CredentialProblem): Decision<never> => deny({ reason: 'unauthenticated', problem })

/** A token that holds now. */
export interface Inspected {
  readonly claims: Claims
  readonly standing: Standing
  readonly binding: Binding
  readonly scopes: readonly string[]
}

export interface OwnTokens {
  readonly verifier: TokenVerifier
  /** What an access token of ours is, or why it does not hold: for what is narrowed from it (RFC 8693). */
  inspect(token: string): Promise<Inspected | CredentialProblem>
  /** The claims of a token that we signed, expired or not: for revocation (RFC 7009). */
  readOwn(token: string): Promise<{ readonly clientId: string; readonly grantId: string } | undefined>
}

export function createTokenVerifier({ issuer, resources, signingKeys, clock, learn, ...parts }: TokenVerifierParts): OwnTokens {
  const findStanding = createStanding({ issuer, ...parts })
  async function readClaims(token: string, now: number): Promise<Claims | CredentialProblem> {
    if (!isSignedJwt(token, MAX_TOKEN)) return 'malformed'
    const jose = await loadJose()
    const keyOf = async ({ kid = '' }: { kid?: string }) => {
      const key = await signingKeys.find(kid)
      if (key === undefined) throw new jose.errors.JWKSNoMatchingKey()
      return key.publicKey
    }
    try {
      const { payload } = await jose.jwtVerify(token, keyOf, {
        algorithms: ['ES256'],
        typ: 'at+jwt',
        issuer,
        audience: resources.canonical,
        clockTolerance: SKEW_SECONDS,
        currentDate: new Date(now),
        requiredClaims: ['exp', 'iat', 'sub', 'jti', 'client_id', 'grant_id'],
      })
      return isOurs(payload) ? payload : 'malformed'
    } catch (error) {
      const problem = problemOf(error, jose)
      // Unproven, and refused either way: it only helps to say why.
      return problem === 'unknown' ? foreignOr(problem, token, issuer) : problem
    }
  }
  async function inspect(token: string): Promise<Inspected | CredentialProblem> {
    const claims = await readClaims(token, clock())
    if (typeof claims === 'string') return claims
    const binding = bindingOf(claims.cnf)
    if (binding === undefined) return 'malformed'
    const standing = await findStanding(claims)
    if (standing === undefined) return 'revoked'
    return { claims, standing, binding, scopes: Object.freeze(namedScopes(claims.scope).filter(standing.permits)) }
  }
  async function verify({ value }: Credential, resource: string): Promise<Decision<Verified>> {
    if (resources.canonicalize(resource) === undefined) return refuse('wrong_audience')
    const inspected = await inspect(value)
    if (typeof inspected === 'string') return refuse(inspected)
    const { claims, standing, scopes, binding } = inspected
    learn?.(claims.jti, claims.grant_id)

    const principal = Object.freeze({
      issuer: standing.issuer,
      subject: standing.subject,
      // Somebody whom another issuer vouches for is not our account of that name: `sub` says whose it is (`grant-types/subjects.ts`).
      user: claims.sub,
      clientId: claims.client_id,
      credential: 'token' as const,
      scopes,
      roles: standing.roles,
      ...(standing.groups?.length && { groups: standing.groups }),
      credentialId: claims.jti,
    })
    return allow({ principal, expiresAt: claims.exp * 1000, ...binding })
  }
  return {
    verifier: {
      claims: ({ scheme, value }) => (scheme === 'bearer' || scheme === 'dpop') && value.startsWith('eyJ') && value.split('.').length === 3,
      verify,
    },
    inspect,
    async readOwn(token) {
      // At the epoch nothing has expired yet; whoever revokes an expired token means its grant.
      const claims = await readClaims(token, 0)
      return typeof claims === 'string' ? undefined : { clientId: claims.client_id, grantId: claims.grant_id }
    },
  }
}

function foreignOr(problem: CredentialProblem, token: string, issuer: string): CredentialProblem {
  const named = issuerClaimOf(token)
  return named !== undefined && named !== issuer ? 'wrong_issuer' : problem
}

/** Whom it says that it is of: proves nothing. */
export function issuerClaimOf(token: string): string | undefined {
  try {
    const { iss } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
    return typeof iss === 'string' ? iss : undefined
  } catch {
    return undefined
  }
}

function isOurs(payload: object): payload is Claims {
  const { sub, jti, iat, exp, client_id, grant_id, scope, sub_kind } = payload as Record<string, unknown>
  return (
    [sub, jti, client_id, grant_id].every((value) => typeof value === 'string') &&
    typeof iat === 'number' &&
    typeof exp === 'number' &&
    [scope, sub_kind].every((value) => value === undefined || typeof value === 'string')
  )
}

/** What was wrong with a token that `jose` refused. */
export function problemOf(error: unknown, { errors }: Jose): CredentialProblem {
  if (error instanceof errors.JWTExpired) return 'expired'
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'aud') return 'wrong_audience'
    if (error.claim === 'iss') return 'wrong_issuer'
    // Not valid yet: outside its time, like an expired one.
    return error.reason !== 'missing' && (error.claim === 'nbf' || error.claim === 'iat') ? 'expired' : 'malformed'
  }
  if (error instanceof errors.JWSSignatureVerificationFailed || error instanceof errors.JWKSNoMatchingKey) return 'unknown'
  if (error instanceof errors.JOSEError) return 'malformed'
  throw error
}
