/**
 * Servers of 2025-03-26 have no metadata as a resource: their own origin is their issuer, with the metadata of RFC 8414 at its root
 * (2025-03-26 authorization §2.3). All that is checked of an issuer elsewhere is checked here; its name has to be the origin.
 *
 * That revision also has servers without any metadata, at whose default endpoints (§2.3.3) nobody says whether PKCE is looked at: only
 * where the program was told to take that risk, and said in the log.
 *
 * @module
 */

import type { Log } from '../../core/index.ts'
import { AuthorizationError } from '../errors.ts'
import type { Network } from '../network.ts'
import { loadFirst } from './metadata-places.ts'
import { type AuthorizationServer, checkServerMetadata } from './server-metadata.ts'

export interface OriginIssuerOptions {
  readonly allowMissing: boolean
  readonly log: Log
}

export interface OriginRequest extends OriginIssuerOptions {
  readonly network: Network
  readonly endpoint: URL
  /** The only issuer to use, where the program says so. */
  readonly wanted: string | undefined
}

/** @throws {AuthorizationError | TransportError} */
export async function discoverOrigin({ network, endpoint, wanted, allowMissing, log }: OriginRequest): Promise<AuthorizationServer> {
  const { origin: issuer, host } = endpoint
  const found = await loadFirst(network, [new URL('/.well-known/oauth-authorization-server', issuer)])
  if (found === undefined && !allowMissing)
    throw new AuthorizationError('metadata_missing', `${host} has no protected resource metadata, and is no authorization server itself.`)
  if (wanted !== undefined && wanted !== issuer)
    throw new AuthorizationError('issuer_mismatch', `${host} names no authorization server, and is not the one of auth.issuer itself.`)
  if (found) return checkServerMetadata(found.document, { issuer, at: found.at, network })
  log('warn', 'dangerouslyAllowMissingMetadata: nobody says whether this authorization server checks PKCE', { host })
  return {
    issuer,
    authorizationEndpoint: new URL('/authorize', issuer),
    deviceAuthorizationEndpoint: undefined,
    tokenEndpoint: new URL('/token', issuer),
    registrationEndpoint: new URL('/register', issuer),
    revocationEndpoint: undefined,
    scopes: undefined,
    clientAuthMethods: ['none', 'client_secret_basic', 'client_secret_post'],
    readsClientDocuments: false,
    dpopAlgorithms: undefined,
    namesItself: false,
  }
}
