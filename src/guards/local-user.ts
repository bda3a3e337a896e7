/**
 * The person at this machine, over stdio: whoever could start the process is already allowed to be that person, so what is
 * granted to `local` in the configuration is what the process may do. A verifier like any other.
 *
 * @module
 */

import { allow, type Principal, type TokenVerifier } from '../core/index.ts'

export interface LocalUserOptions {
  /** The name of the account that runs the process. */
  readonly name: string
  readonly scopes: readonly string[]
}

export function createLocalUserVerifier({ name, scopes }: LocalUserOptions): TokenVerifier {
  const principal: Principal = Object.freeze({
    issuer: 'local',
    subject: name,
    clientId: 'stdio',
    credential: 'local',
    scopes,
    roles: [],
    credentialId: 'local',
  })
  return {
    // Only the stdio transport presents it: no header can.
    claims: ({ scheme }) => scheme === 'local',
    verify: async () => allow({ principal, expiresAt: Number.POSITIVE_INFINITY }),
  }
}
