/**
 * Checks DPoP proofs at the MCP endpoint (RFC 9449 §4.3, §7): that the key which the token is bound to signed it, for this
 * method, this URL and this token, just now and for the first time. Fails closed at every step; only what is whole is
 * remembered as used, so that nobody without the key uses up anything.
 *
 *   shape → header → key of the token? → signature → claims → nonce → used before?
 *
 * @module
 */

import { hash } from 'node:crypto'
import {
  allow,
  type Clock,
  type Decision,
  deny,
  type PossessionVerifier,
  PROOF_ALGORITHMS,
  type ProofProblem,
  type Proving,
} from '../core/index.ts'
import type { Counters } from '../storage/index.ts'
import type { Nonces } from './dpop-nonce.ts'
import { hasPrivatePart, thumbprintOf } from './jwk.ts'
import { isSignedJwt } from './jwt-shape.ts'

export interface ProofVerifierParts {
  /** Remembers which proofs were used. Shared by all processes that serve one address. */
  readonly counters: Pick<Counters, 'takeOnce'>
  readonly nonces: Nonces
  /** Whether every proof must carry a nonce of ours; else one that comes along is not looked at. */
  readonly wantsNonce: boolean
  readonly clock: Clock
}

// Loaded with the first proof: most servers never see one.
const loadJose = () => import('jose')
type Key = Awaited<ReturnType<Awaited<ReturnType<typeof loadJose>>['importJWK']>>

/** SEP-1932: five minutes either way, whatever the nonce says. */
const WINDOW_SECONDS = 300
/** With a key of RSA 4096 about 2,100. */
const MAX_PROOF = 4096
const MAX_KEYS = 1_000
const algorithms: readonly string[] = PROOF_ALGORITHMS
const refuse = (problem: ProofProblem): Decision<never> => deny({ reason: 'unauthenticated', problem })

interface Claims {
  readonly jti: string
  readonly iat: number
  readonly nonce: string | undefined
}

export function createProofVerifier({ counters, nonces, wantsNonce, clock }: ProofVerifierParts): PossessionVerifier {
  // Those of tokens that were verified: making one from a JWK costs as much as checking a signature.
  const keys = new Map<string, Key>()

  async function readProof({ possession, boundTo, ...request }: Proving): Promise<Claims | ProofProblem> {
    const { proof, method } = possession
    if (!isSignedJwt(proof, MAX_PROOF)) return 'proof_invalid'
    const jose = await loadJose()
    try {
      const { typ, alg = '', jwk } = jose.decodeProtectedHeader(proof)
      if (typ !== 'dpop+jwt' || !algorithms.includes(alg) || !isPublic(jwk)) return 'proof_invalid'
      if (thumbprintOf(jwk) !== boundTo) return 'proof_of_other_key'
      const name = `${alg} ${boundTo}`
      const key = keys.get(name) ?? (await jose.importJWK(jwk, alg))
      const { payload } = await jose.jwtVerify(proof, key, { algorithms: [alg], typ, currentDate: new Date(clock()) })
      if (!keys.has(name)) {
        if (keys.size >= MAX_KEYS) keys.delete(keys.keys().next().value as string)
        keys.set(name, key)
      }
      const { htm, htu, ath, iat, jti, nonce } = payload
      if (htm !== method || !isSameUrl(htu, request)) return 'proof_invalid'
      if (ath !== hash('sha256', request.token, 'base64url')) return 'proof_invalid'
      if (typeof jti !== 'string' || jti === '' || typeof iat !== 'number') return 'proof_invalid'
      if (!(Math.abs(clock() / 1000 - iat) <= WINDOW_SECONDS)) return 'proof_stale'
      return { jti, iat, nonce: typeof nonce === 'string' ? nonce : undefined }
    } catch {
      // Whatever the library throws is about what somebody else wrote: a key that is none, an algorithm that does not fit it, a
      // signature that is wrong. Nothing of ours is asked in here.
      return 'proof_invalid'
    }
  }
  return {
    async verify(proving) {
      const claims = await readProof(proving)
      if (typeof claims === 'string') return refuse(claims)
      if (wantsNonce && (claims.nonce === undefined || !nonces.accepts(claims.nonce)))
        return deny({ reason: 'unauthenticated', problem: 'nonce_needed', nonce: nonces.current() })
      // As long as it would be taken: five minutes, and as much again for one that is dated ahead. Two lengths, so that what
      // counts finds what has ended without a search.
      const ttlSeconds = claims.iat * 1000 > clock() ? 2 * WINDOW_SECONDS + 1 : WINDOW_SECONDS + 1
      const name = hash('sha256', JSON.stringify([proving.boundTo, claims.jti]), 'base64url').slice(0, 22)
      return (await counters.takeOnce(`dpop ${name}`, ttlSeconds)) ? allow(undefined) : refuse('proof_used')
    },
  }
}

function isPublic(jwk: unknown): jwk is Record<string, unknown> {
  return typeof jwk === 'object' && jwk !== null && !hasPrivatePart(jwk)
}

/** Without query and fragment (RFC 9449 §4.3); a WebSocket is asked for by an HTTP request, whatever its client calls the scheme. */
function isSameUrl(htu: unknown, { resource, transport }: Pick<Proving, 'resource' | 'transport'>): boolean {
  const url = typeof htu === 'string' ? URL.parse(htu) : null
  if (url === null || url.username !== '' || url.password !== '') return false
  const given = url.protocol + '//' + url.host + url.pathname
  const { protocol, host, pathname } = new URL(resource)
  const asHttp = transport === 'websocket' ? given.replace(/^ws(s?):/, 'http$1:') : given
  return asHttp === `${protocol}//${host}${pathname}`
}
