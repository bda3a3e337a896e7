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
import { askForDocument, isRedirect } from '../documents.ts'
import type { EndpointFinder } from '../endpoint.ts'
import { AuthorizationError } from '../errors.ts'
import type { Network } from '../network.ts'
import { isResource, resourceMetadataUrls, serverMetadataUrls } from './resource.ts'
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
}

export interface DiscoveryOptions {
  readonly network: Network
  readonly finder: EndpointFinder
  /** The only authorization server to use, where the program says so. */
  readonly issuer?: string | undefined
  /** What the authorization server is wanted for; see `server-metadata.ts`. */
  readonly use?: 'person' | 'token' | undefined
}

/** @throws {AuthorizationError | TransportError} */
export async function discover({ network, finder, issuer, use }: DiscoveryOptions): Promise<Discovered> {
  const { url: endpoint, challenge } = await finder.probe()
  const places = challenge?.resourceMetadata === undefined ? resourceMetadataUrls(endpoint) : [toUrl(network, challenge.resourceMetadata)]
  const { document, at } = await loadFirst(network, places, `${endpoint.host} has no protected resource metadata.`)
  const resource = document['resource']
  if (typeof resource !== 'string' || !isResource(resource, endpoint)) {
    throw new AuthorizationError('resource_mismatch', `The metadata at ${at} is not about ${endpoint.origin}${endpoint.pathname}.`)
  }
  const server = await discoverServer({ network, issuer: selectIssuer(document['authorization_servers'], issuer, at), use })
  return {
    endpoint,
    resource,
    challengedScopes: challenge?.scopes,
    supportedScopes: toScopes(document['scopes_supported']),
    dpop: toDpop(document, challenge?.dpop),
    server,
  }
}

function toDpop(document: JsonObject, challenged = false): Discovered['dpop'] {
  if (document['dpop_bound_access_tokens_required'] === true) return 'required'
  return challenged || Array.isArray(document['dpop_signing_alg_values_supported']) ? 'taken' : 'unsaid'
}

/** The first that is listed, or the one that the program is registered with (RFC 9728 §7.6 leaves it to the client). */
function selectIssuer(listed: unknown, wanted: string | undefined, at: string): string {
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
  const missing = `${url.host} has no authorization server metadata.`
  const { document, at } = await loadFirst(network, serverMetadataUrls(url), missing)
  return checkServerMetadata(document, { issuer, at, network, use })
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

/** Only "there is nothing here" leads on to the next place: whatever else a server says is its word. */
async function loadFirst(network: Network, places: readonly URL[], missing: string): Promise<{ document: JsonObject; at: string }> {
  for (const url of places) {
    const at = url.origin + url.pathname
    const { status, document } = await askForDocument(network, url)
    if (isRedirect(status)) throw new AuthorizationError('redirected', `${at} answers with a redirect.`)
    if (status >= 400 && status < 500) continue
    if (status !== 200 || document === undefined)
      throw new AuthorizationError('metadata_invalid', `${at} answers ${status} and no JSON object of an ordinary size.`)
    return { document, at }
  }
  throw new AuthorizationError('metadata_missing', missing)
}
