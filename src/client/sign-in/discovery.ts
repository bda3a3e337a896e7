/**
 * From an MCP server to the authorization server that it trusts: protected resource metadata (RFC 9728), then authorization server
 * metadata (RFC 8414 or OpenID Connect Discovery), each checked before anything in it is used (2026-07-28 authorization server
 * discovery).
 *
 * Fails closed: only a document that is not there lets the next place be tried; one that breaks a rule ends the sign-in.
 *
 * @module
 */

import type { JsonObject } from '../../core/index.ts'
import type { EndpointFinder, Probed } from '../endpoint.ts'
import { AuthorizationError } from '../errors.ts'
import type { Network } from '../network.ts'
import { DPOP_ALGORITHM } from './dpop-key.ts'
import { loadFirst } from './metadata-places.ts'
import { discoverOrigin, type OriginIssuerOptions } from './origin-issuer.ts'
import { isPlainlyWritten, isResource, resourceMetadataUrls, serverMetadataUrls, toResource } from './resource.ts'
import { toScopes } from './scopes.ts'
import { type AuthorizationServer, checkServerMetadata } from './server-metadata.ts'

export interface Discovered {
  readonly endpoint: URL
  /** As the metadata writes it: what tokens are asked for (RFC 8707). */
  readonly resource: string
  readonly challengedScopes: readonly string[] | undefined
  readonly supportedScopes: readonly string[] | undefined
  /** Whether the server takes proofs of possession, or takes tokens only with one (RFC 9728 §2). */
  readonly dpop: 'required' | 'taken' | 'unsaid'
  readonly server: AuthorizationServer
  /** `2025-03-26`: the server has no metadata as a resource, and is its own issuer; see `origin-issuer.ts`. */
  readonly revision: 'current' | '2025-03-26'
}

export interface DiscoveryOptions {
  readonly network: Network
  readonly finder: EndpointFinder
  /** The only authorization server to use, where the program says so. */
  readonly issuer?: string | undefined
  /** What the authorization server is wanted for; see `server-metadata.ts`. */
  readonly use?: 'person' | 'token' | undefined
  /** Whether a server without resource metadata is asked as 2025-03-26 has it, and how; not at all unless told. */
  readonly asOrigin?: OriginIssuerOptions | undefined
}

/** @throws {AuthorizationError | TransportError} */
export async function discover({ network, finder, issuer, use, asOrigin }: DiscoveryOptions): Promise<Discovered> {
  const resource = await describeResource({ network, finder })
  const { endpoint, challenge, metadata } = resource
  const challengedScopes = challenge?.scopes
  if (metadata === undefined) {
    if (asOrigin === undefined) throw noResourceMetadata(endpoint)
    const server = await discoverOrigin({ network, endpoint, wanted: issuer, ...asOrigin })
    return {
      endpoint,
      resource: toResource(endpoint),
      challengedScopes,
      supportedScopes: undefined,
      dpop: 'unsaid',
      server,
      revision: '2025-03-26',
    }
  }
  const { document } = metadata
  return {
    endpoint,
    resource: document['resource'] as string,
    challengedScopes,
    supportedScopes: toScopes(document['scopes_supported']),
    dpop: toDpop(document, challenge?.dpop),
    server: await discoverServer({ network, issuer: issuerIn(metadata, issuer), use }),
    revision: 'current',
  }
}

/** Whom the server sends people to, without asking there. @throws {AuthorizationError | TransportError} */
export async function discoverIssuer({ network, finder, issuer }: DiscoveryOptions): Promise<string> {
  const { endpoint, metadata } = await describeResource({ network, finder })
  return metadata === undefined ? endpoint.origin : issuerIn(metadata, issuer)
}

interface Described extends Probed {
  readonly endpoint: URL
  /** Undefined: there is none in the usual places, and the server did not say another. */
  readonly metadata: { readonly document: JsonObject; readonly at: string } | undefined
}

async function describeResource({ network, finder }: Pick<DiscoveryOptions, 'network' | 'finder'>): Promise<Described> {
  const probed = await finder.probe()
  const { url: endpoint, challenge } = probed
  const named = challenge?.resourceMetadata
  const metadata = await loadFirst(network, named === undefined ? resourceMetadataUrls(endpoint) : [toUrl(network, named)])
  if (metadata === undefined && named !== undefined) throw noResourceMetadata(endpoint)
  const resource = metadata?.document['resource']
  // Found at the root by convention, it may be about the whole origin: that is what such a place is derived from (RFC 9728 §3.1, §3.3).
  const root = new URL(endpoint.origin)
  const isOfOrigin = named === undefined && metadata?.at === resourceMetadataUrls(root)[0]?.href
  const isOurs = typeof resource === 'string' && (isResource(resource, endpoint) || (isOfOrigin && isResource(resource, root)))
  if (metadata && !isOurs)
    throw new AuthorizationError('resource_mismatch', `The metadata at ${metadata.at} is not about ${endpoint.origin}${endpoint.pathname}.`)
  return { ...probed, endpoint, metadata }
}

const noResourceMetadata = ({ host }: URL): AuthorizationError =>
  new AuthorizationError('metadata_missing', `${host} has no protected resource metadata.`)

function toDpop(document: JsonObject, challenged = false): Discovered['dpop'] {
  if (document['dpop_bound_access_tokens_required'] === true) return 'required'
  const listed = document['dpop_signing_alg_values_supported']
  // What it lists, and not with ours, it would not verify.
  if (Array.isArray(listed)) return listed.includes(DPOP_ALGORITHM) ? 'taken' : 'unsaid'
  return challenged ? 'taken' : 'unsaid'
}

/** The first that is listed, or the one that the program is registered with (RFC 9728 §7.6 leaves it to the client). */
function issuerIn({ document, at }: { readonly document: JsonObject; readonly at: string }, wanted: string | undefined): string {
  const listed = document['authorization_servers']
  if (!Array.isArray(listed) || typeof listed[0] !== 'string')
    throw new AuthorizationError('metadata_invalid', `The metadata at ${at} names no authorization server.`)
  if (wanted === undefined) return listed[0]
  if (!listed.includes(wanted))
    throw new AuthorizationError('issuer_mismatch', `The metadata at ${at} no longer names the authorization server of auth.issuer.`)
  return wanted
}

/** The metadata of one issuer, as it is now. @throws {AuthorizationError | TransportError} */
export async function discoverServer({
  network,
  issuer,
  use,
}: Pick<DiscoveryOptions, 'network' | 'use'> & { readonly issuer: string }): Promise<AuthorizationServer> {
  const url = toUrl(network, issuer)
  if (url.search !== '' || issuer.includes('#'))
    throw new AuthorizationError('metadata_invalid', `The issuer at ${url.host} has a query or a fragment (RFC 8414 §2).`)
  if (!isPlainlyWritten(issuer, url))
    throw new AuthorizationError('metadata_invalid', `The issuer at ${url.host} is written as others could read another URL in it.`)
  const found = await loadFirst(network, serverMetadataUrls(url))
  if (found === undefined) throw new AuthorizationError('metadata_missing', `${url.host} has no authorization server metadata.`)
  return checkServerMetadata(found.document, { issuer, at: found.at, network, use })
}

/** A URL that somebody else wrote. */
function toUrl(network: Network, text: string): URL {
  const url = text.length <= 2048 ? URL.parse(text) : null
  if (url === null) throw new AuthorizationError('metadata_invalid', 'The server named a metadata address that is no URL.')
  const problem = network.problemWith(url)
  if (problem !== undefined)
    throw new AuthorizationError('insecure_url', `The server named a metadata address at ${url.host} that ${problem}.`)
  return url
}
