/**
 * Whether an authorization server may be used, from its metadata (RFC 8414 §3.3; 2026-07-28 authorization security considerations
 * §authorization code protection). Pure but for the network's rule on URLs.
 *
 * Not checked: `signed_metadata` and the keys; tokens are for the server to verify.
 *
 * @module
 */

import type { JsonObject } from '../../core/index.ts'
import { AuthorizationError } from '../errors.ts'
import type { Network } from '../network.ts'
import { toScopes } from './scopes.ts'

export interface AuthorizationServer {
  readonly issuer: string
  /** There wherever a person is to be sent to it. */
  readonly authorizationEndpoint: URL | undefined
  readonly deviceAuthorizationEndpoint: URL | undefined
  readonly tokenEndpoint: URL
  readonly registrationEndpoint: URL | undefined
  readonly revocationEndpoint: URL | undefined
  readonly scopes: readonly string[] | undefined
  readonly clientAuthMethods: readonly string[]
  /** Whether a client may be known by the URL of a document about it (draft-ietf-oauth-client-id-metadata-document). */
  readonly readsClientDocuments: boolean
  /** What it verifies of clients that sign assertions (RFC 8414 §2); undefined where it does not say. */
  readonly assertionAlgorithms?: readonly string[] | undefined
  /** How proofs of possession may be signed (RFC 9449 §5.1); undefined where none are taken. */
  readonly dpopAlgorithms: readonly string[] | undefined
  /** Whether its answers always say who gave them (RFC 9207 §2.3). */
  readonly namesItself: boolean
}

export interface ServerMetadataContext {
  /** The identifier that the address of the document was made from. */
  readonly issuer: string
  /** Where the document was, for sentences. */
  readonly at: string
  readonly network: Pick<Network, 'problemWith'>
  /** `person`: somebody is sent to it and comes back with a code, as usual; `token`: only its token endpoint is wanted. */
  readonly use?: 'person' | 'token' | undefined
}

/** @throws {AuthorizationError} */
export function checkServerMetadata(
  document: JsonObject,
  { issuer, at, network, use = 'person' }: ServerMetadataContext,
): AuthorizationServer {
  // Simple string comparison: who normalizes here can be led to take one server for another.
  if (document['issuer'] !== issuer) throw new AuthorizationError('issuer_mismatch', `The metadata at ${at} names another issuer.`)

  const methods = document['code_challenge_methods_supported']
  if (use === 'person' && (!Array.isArray(methods) || !methods.includes('S256')))
    throw new AuthorizationError('pkce_unsupported', `The authorization server at ${at} does not say that it supports PKCE with S256.`)

  const types = document['response_types_supported']
  if (use === 'person' && Array.isArray(types) && !types.includes('code'))
    throw new AuthorizationError('metadata_invalid', `The authorization server at ${at} has no authorization code flow.`)

  const endpoint = (member: string): URL | undefined => {
    const text = document[member]
    if (text === undefined) return undefined
    const url = typeof text === 'string' && text.length <= 2048 && !text.includes('#') ? URL.parse(text) : null
    if (url === null) throw new AuthorizationError('metadata_invalid', `In the metadata at ${at}, ${member} is no URL.`)
    const problem = network.problemWith(url)
    if (problem !== undefined) throw new AuthorizationError('insecure_url', `In the metadata at ${at}, ${member} ${problem}.`)
    return url
  }
  const required = (member: string): URL => {
    const url = endpoint(member)
    if (url === undefined) throw new AuthorizationError('metadata_invalid', `The metadata at ${at} has no ${member}.`)
    return url
  }
  return {
    issuer,
    authorizationEndpoint: (use === 'person' ? required : endpoint)('authorization_endpoint'),
    deviceAuthorizationEndpoint: endpoint('device_authorization_endpoint'),
    tokenEndpoint: required('token_endpoint'),
    registrationEndpoint: endpoint('registration_endpoint'),
    revocationEndpoint: endpoint('revocation_endpoint'),
    scopes: toScopes(document['scopes_supported']),
    clientAuthMethods: toStrings(document['token_endpoint_auth_methods_supported']) ?? ['client_secret_basic'],
    readsClientDocuments: document['client_id_metadata_document_supported'] === true,
    assertionAlgorithms: toStrings(document['token_endpoint_auth_signing_alg_values_supported']),
    dpopAlgorithms: toStrings(document['dpop_signing_alg_values_supported']),
    namesItself: document['authorization_response_iss_parameter_supported'] === true,
  }
}

const toStrings = (value: unknown): readonly string[] | undefined =>
  Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : undefined
