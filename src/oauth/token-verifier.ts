/**
 * Verifies access tokens of our own issuer (RFC 9068): signature, type, issuer, audience, times; then that the grant, the
 * client and the account still stand. Roles are the account's now, not the token's. Fails closed at every step; a store
 * that cannot answer throws.
 *
 * Not checked here: whether the scope suffices (guards/authorize), and proof of possession, which no token asks for yet.
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
  type TokenVerifier,
  type Verified,
} from '../core/index.ts'
import type { Accounts } from './accounts.ts'
import type { Clients } from './clients.ts'
import type { Grants } from './grants.ts'
import type { Resources } from './resources.ts'
import type { SigningKeys } from './signing-keys.ts'

export interface TokenVerifierParts {
  readonly issuer: string
  readonly resources: Resources
  readonly signingKeys: SigningKeys
  readonly grants: Grants
  readonly clients: Clients
  readonly accounts: Pick<Accounts, 'get'>
  readonly clock: Clock
}

/** The claims that our tokens carry. */
interface Claims {
  readonly sub: string
  readonly jti: string
  readonly iat: number
  readonly exp: number
  readonly client_id: string
  readonly grant_id: string
  readonly scope?: string | undefined
}

// Loaded with the first token: most commands of the CLI never see one.
const loadJose = () => import('jose')
type Jose = Awaited<ReturnType<typeof loadJose>>

const SKEW_SECONDS = 5
const MAX_TOKEN = 8192
const shape = /^eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+$/
const refuse = (problem: CredentialProblem): Decision<never> => deny({ reason: 'unauthenticated', problem })

export interface OwnTokens {
  readonly verifier: TokenVerifier
  /** The claims of a token that we signed, expired or not: for revocation (RFC 7009). */
  readOwn(token: string): Promise<{ readonly clientId: string; readonly grantId: string } | undefined>
}

export function createTokenVerifier({ issuer, resources, signingKeys, grants, clients, accounts, clock }: TokenVerifierParts): OwnTokens {
  async function readClaims(token: string, now: number): Promise<Claims | CredentialProblem> {
    if (token.length > MAX_TOKEN || !shape.test(token)) return 'malformed'
    const [jose, { kid, publicKey }] = await Promise.all([loadJose(), signingKeys.current()])
    try {
      const { payload, protectedHeader } = await jose.jwtVerify(token, publicKey, {
        algorithms: ['ES256'],
        typ: 'at+jwt',
        issuer,
        audience: resources.canonical,
        clockTolerance: SKEW_SECONDS,
        currentDate: new Date(now),
        requiredClaims: ['exp', 'iat', 'sub', 'jti', 'client_id', 'grant_id'],
      })
      if (protectedHeader.kid !== kid) return 'unknown'
      return isOurs(payload) ? payload : 'malformed'
    } catch (error) {
      const problem = problemOf(error, jose)
      // Unproven, and refused either way: it only helps to say why.
      return problem === 'unknown' ? foreignOr(problem, token, issuer) : problem
    }
  }
  async function verify({ value }: Credential, resource: string): Promise<Decision<Verified>> {
    if (resources.canonicalize(resource) === undefined) return refuse('wrong_audience')
    const claims = await readClaims(value, clock())
    if (typeof claims === 'string') return refuse(claims)

    const [grant, clientExists, account] = await Promise.all([
      grants.find(claims.grant_id),
      clients.exists(claims.client_id),
      accounts.get(claims.sub),
    ])
    if (grant === undefined || grant['clientId'] !== claims.client_id || grant['accountId'] !== claims.sub) return refuse('revoked')
    if (!clientExists || account === undefined) return refuse('revoked')
    // An account that was made after the token is somebody else's of the same name.
    if (Math.floor(account.since / 1000) > claims.iat + SKEW_SECONDS) return refuse('revoked')

    const principal = Object.freeze({
      issuer,
      subject: claims.sub,
      clientId: claims.client_id,
      credential: 'token' as const,
      scopes: Object.freeze((claims.scope ?? '').split(' ').filter((scope) => scope !== '')),
      roles: account.roles,
      credentialId: claims.jti,
    })
    return allow({ principal, expiresAt: claims.exp * 1000 })
  }
  return {
    verifier: {
      claims: ({ scheme, value }) => scheme === 'bearer' && value.startsWith('eyJ') && value.split('.').length === 3,
      verify,
    },
    async readOwn(token) {
      // At the epoch nothing has expired yet; whoever revokes an expired token means its grant.
      const claims = await readClaims(token, 0)
      return typeof claims === 'string' ? undefined : { clientId: claims.client_id, grantId: claims.grant_id }
    },
  }
}

function foreignOr(problem: CredentialProblem, token: string, issuer: string): CredentialProblem {
  try {
    const { iss } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
    return typeof iss === 'string' && iss !== issuer ? 'wrong_issuer' : problem
  } catch {
    return problem
  }
}

function isOurs(payload: object): payload is Claims {
  const { sub, jti, iat, exp, client_id, grant_id, scope } = payload as Record<string, unknown>
  return (
    [sub, jti, client_id, grant_id].every((value) => typeof value === 'string') &&
    typeof iat === 'number' &&
    typeof exp === 'number' &&
    (scope === undefined || typeof scope === 'string')
  )
}

function problemOf(error: unknown, { errors }: Jose): CredentialProblem {
  if (error instanceof errors.JWTExpired) return 'expired'
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'aud') return 'wrong_audience'
    if (error.claim === 'iss') return 'wrong_issuer'
    // Not valid yet: outside its time, like an expired one.
    return error.claim === 'nbf' || error.claim === 'iat' ? 'expired' : 'malformed'
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'unknown'
  if (error instanceof errors.JOSEError) return 'malformed'
  throw error
}
