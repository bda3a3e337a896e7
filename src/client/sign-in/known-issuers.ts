/** The authorization servers of kept sign-ins, looked up anew by each process: where their endpoints were is not where they have to be. @module */

import type { Network } from '../network.ts'
import { discoverServer } from './discovery.ts'
import type { KeptSignIn } from './kept-sign-in.ts'
import { discoverOrigin, type OriginIssuerOptions } from './origin-issuer.ts'
import type { AuthorizationServer } from './server-metadata.ts'

export interface KnownIssuers {
  /** The one that gave these tokens. @throws {AuthorizationError | TransportError} */
  of(kept: KeptSignIn, endpoint: URL): Promise<AuthorizationServer>
  /** Was looked up just now. */
  note(server: AuthorizationServer): void
}

export function createKnownIssuers(network: Network, asOrigin: OriginIssuerOptions): KnownIssuers {
  const servers = new Map<string, AuthorizationServer>()
  return {
    async of({ issuer, revision }, endpoint) {
      const known = servers.get(issuer)
      if (known) return known
      const server =
        revision === 'current'
          ? await discoverServer({ network, issuer, use: 'token' })
          : await discoverOrigin({ network, endpoint, wanted: issuer, ...asOrigin })
      servers.set(issuer, server)
      return server
    },
    note: (server) => void servers.set(server.issuer, server),
  }
}
