/**
 * Proof of possession (RFC 9449): a bound token is good in the hands of whoever holds the key that it names, and each request
 * shows that anew.
 *
 * @module
 */

import type { Decision } from './decision.ts'
import type { Received } from './request.ts'

/** What proofs may be signed with. Asymmetric only: whoever can check a shared secret can also make what it checks (RFC 9449 §11.6). */
export const PROOF_ALGORITHMS = ['ES256', 'ES384', 'ES512', 'Ed25519', 'EdDSA', 'PS256', 'RS256'] as const

/** One object for one request, or for all that is said on one connection: what has been shown once is known again by it. */
export interface Possession {
  readonly proof: string
  /** The HTTP method of the request that it came with. */
  readonly method: string
}

/** A request with a proof, by which the key of its token is to be shown. */
export type Proving = Pick<Received, 'transport' | 'resource'> & {
  readonly possession: Possession
  readonly token: string
  /** The key's thumbprint (RFC 7638), as the token names it. */
  readonly boundTo: string
}

/** The seam for checking proofs. Used up when it is allowed: the same proof is refused from then on. */
export interface PossessionVerifier {
  /** Denies with `unauthenticated`. */
  verify(proving: Proving): Promise<Decision<undefined>>
}
