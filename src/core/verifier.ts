/** The seam for deciding who a credential belongs to. @module */

import type { Decision } from './decision.ts'
import type { Principal } from './principal.ts'
import type { Credential } from './request.ts'

export interface Verified {
  readonly principal: Principal
  /** Milliseconds since the epoch, after which the outcome must not be used; Infinity for one that does not expire. */
  readonly expiresAt: number
  /** The thumbprint of the key that whoever presents it must hold (RFC 9449 §6); undefined for a credential that is good by itself. */
  readonly boundTo?: string | undefined
  /** The thumbprint of the certificate that whoever presents it must have shown on the connection (RFC 8705 §3). */
  readonly certificate?: string | undefined
}

/**
 * Own authorization server, API keys, another issuer's JWKS, the local user: each is one of these. The outcome is
 * cached by `guards/authenticate` until it expires or `credentials` is published on the bus.
 */
export interface TokenVerifier {
  /** Whether the credential looks like one of ours. Decides which verifier is asked; proves nothing. */
  claims(credential: Credential): boolean
  /** Denies with `unauthenticated`. `resource`: the canonical URL that was addressed, which a token's audience must be. */
  verify(credential: Credential, resource: string): Promise<Decision<Verified>>
}
