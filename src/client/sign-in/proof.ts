/** The seam to a proof of possession (RFC 9449): a key that tokens are bound to, whoever makes it. @module */

import type { Outgoing } from './credential.ts'

export interface ProofKey {
  /** The `DPoP` header of one request: a proof of its own, for the access token where one goes with it. */
  prove(request: Outgoing, token?: string): Promise<string>
  /** A nonce that the server at `url` wants to see from now on, where an answer brought one. */
  heard(url: URL, headers: Headers): void
}
