/**
 * What clients read before they do anything: the authorization server's metadata (RFC 8414) and the protected
 * resource's (RFC 9728). Written by us, so that they follow the catalogue and cost no start of the provider.
 *
 * @module
 */

import { PROOF_ALGORITHMS } from '../core/index.ts'
import type { CertificateSource } from '../net/index.ts'
import { grantMetadata } from './grant-types/metadata.ts'
import type { TrustedIssuer } from './grant-types/trusted-issuers.ts'
import { introspectionMetadata } from './introspection.ts'
import { parMetadata } from './par.ts'
import { OFFLINE_ACCESS } from './scopes.ts'

export const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code'
export const clientAuthMethods = ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'] as const
/** Of assertions. Asymmetric only: with a shared key, whoever can check one can make one. */
export const assertionAlgorithms = ['ES256', 'ES384', 'RS256', 'PS256', 'EdDSA', 'Ed25519'] as const
/** What anybody may register for: a person has to agree to what comes of it. */
export const openGrantTypes: readonly string[] = ['authorization_code', 'refresh_token', DEVICE_CODE]
const grantTypes: readonly string[] = [...openGrantTypes, 'client_credentials']

/** What depends on where and how this server runs. */
export interface Offered {
  /** Client ID Metadata Documents. */
  readonly cimd?: boolean
  /** Client certificates: `verified` where somebody looks who signed them. */
  readonly certificates?: 'any' | 'verified' | undefined
  /** Whose assertions are taken. */
  readonly trusted?: readonly TrustedIssuer[]
}

export const offeredBy = ({ isOn, verifies }: Pick<CertificateSource, 'isOn' | 'verifies'>): Offered['certificates'] =>
  isOn ? (verifies ? 'verified' : 'any') : undefined

export function authMethodsFor(certificates: Offered['certificates']): readonly AuthMethod[] {
  if (certificates === undefined) return clientAuthMethods
  const both = [...clientAuthMethods, 'self_signed_tls_client_auth'] as const
  return certificates === 'verified' ? [...both, 'tls_client_auth'] : both
}
type AuthMethod = (typeof clientAuthMethods)[number] | 'tls_client_auth' | 'self_signed_tls_client_auth'

const clientAuthOf = (endpoint: string, certificates: Offered['certificates']): Record<string, unknown> => ({
  [`${endpoint}_auth_methods_supported`]: authMethodsFor(certificates),
  [`${endpoint}_auth_signing_alg_values_supported`]: assertionAlgorithms,
})

export const serverMetadata = (
  issuer: string,
  scopes: readonly string[],
  { cimd = false, certificates, trusted = [] }: Offered = {},
): Record<string, unknown> => ({
  issuer,
  authorization_endpoint: `${issuer}/authorize`,
  token_endpoint: `${issuer}/token`,
  device_authorization_endpoint: `${issuer}/device_authorization`,
  registration_endpoint: `${issuer}/register`,
  revocation_endpoint: `${issuer}/revoke`,
  jwks_uri: `${issuer}/jwks`,
  scopes_supported: [...scopes, OFFLINE_ACCESS],
  response_types_supported: ['code'],
  response_modes_supported: ['query'],
  ...grantMetadata(grantTypes, trusted),
  ...clientAuthOf('token_endpoint', certificates),
  ...clientAuthOf('revocation_endpoint', certificates),
  ...(certificates === undefined ? {} : { tls_client_certificate_bound_access_tokens: true }),
  ...parMetadata(issuer),
  ...introspectionMetadata(issuer, authMethodsFor(certificates), assertionAlgorithms),
  // RFC 9449 §5.1, RFC 9728 §2.
  dpop_signing_alg_values_supported: PROOF_ALGORITHMS,
  code_challenge_methods_supported: ['S256'],
  authorization_response_iss_parameter_supported: true,
  ...(cimd ? { client_id_metadata_document_supported: true } : {}),
  // Required where the document is read as OpenID Connect Discovery; there are no ID tokens, since `openid` is not a scope here.
  subject_types_supported: ['public'],
  id_token_signing_alg_values_supported: ['ES256'],
})

/** Without `offline_access`: it is between client and authorization server (MCP 2026-07-28, authorization). */
export const resourceMetadata = (
  resource: string,
  issuer: string,
  scopes: readonly string[],
  { certificates }: Pick<Offered, 'certificates'> = {},
): Record<string, unknown> => ({
  resource,
  authorization_servers: [issuer],
  scopes_supported: scopes,
  bearer_methods_supported: ['header'],
  ...(certificates === undefined ? {} : { tls_client_certificate_bound_access_tokens: true }),
  // RFC 9449 §5.1, RFC 9728 §2.
  dpop_signing_alg_values_supported: PROOF_ALGORITHMS,
})
