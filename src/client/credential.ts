/**
 * What a client proves itself with to its server: the seam between signing in and the transports. A proof that differs with every
 * request (DPoP) has its place here.
 *
 * @module
 */

import type { Challenge } from './challenge.ts'
import { AuthorizationError } from './errors.ts'

export interface Credential {
  /** The value of `Authorization` for the next request to the server; undefined: none. @throws {AuthorizationError} */
  present(): Promise<string | undefined>
  /** The server refused `presented`: another value, where there is one. */
  renew(presented: string | undefined): Promise<string | undefined>
  /** Why the server's 401, or its 403 with a scope, is the end of it; the challenge is remembered for the next sign-in. */
  refused(host: string, challenge: Challenge | undefined): AuthorizationError
}

export const createApiKeyCredential = (apiKey: string): Credential => ({
  present: async () => `Bearer ${apiKey}`,
  renew: async () => undefined,
  refused: (host) => new AuthorizationError('credential_refused', `${host} refused the API key.`),
})

/** For a server that asks nobody. */
export const noCredential: Credential = {
  present: async () => undefined,
  renew: async () => undefined,
  refused: (host) => new AuthorizationError('credential_refused', `${host} asks for a credential, and the client was given none (auth).`),
}
