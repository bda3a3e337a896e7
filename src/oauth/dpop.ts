/**
 * DPoP at the token endpoint (RFC 9449 §5, §8): what oidc-provider is told. A token that is asked for with a proof is bound to its
 * key; a client that has registered `dpop_bound_access_tokens` gets no other.
 *
 * The proofs that come to the MCP endpoint with such a token: `dpop-proof.ts`.
 *
 * @module
 */

import type { Configuration } from 'oidc-provider'
import { PROOF_ALGORITHMS } from '../core/index.ts'
import { nonceSecret } from './dpop-nonce.ts'
import type { Settings } from './options.ts'

type Features = NonNullable<Configuration['features']>

/** A proof that is too old or too new is asked for again with a nonce in any case: so clients with a wrong clock get one. */
export const dpopFeature = ({ keyRing, requireDpopNonce }: Settings): NonNullable<Features['dPoP']> => ({
  enabled: true,
  nonceSecret: nonceSecret(keyRing),
  requireNonce: () => requireDpopNonce,
  allowReplay: false,
})

export const dpopAlgorithms: NonNullable<NonNullable<Configuration['enabledJWA']>['dPoPSigningAlgValues']> = [...PROOF_ALGORITHMS]
