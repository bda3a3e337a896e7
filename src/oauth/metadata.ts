/**
 * What clients read before they do anything: the authorization server's metadata (RFC 8414) and the protected
 * resource's (RFC 9728). Written by us, so that they follow the catalogue and cost no start of the provider.
 *
 * @module
 */

import { OFFLINE_ACCESS } from './scopes.ts'

export const clientAuthMethods = ['none', 'client_secret_basic', 'client_secret_post'] as const
export const grantTypes = ['authorization_code', 'refresh_token'] as const

export const serverMetadata = (issuer: string, scopes: readonly string[]): Record<string, unknown> => ({
  issuer,
  authorization_endpoint: `${issuer}/authorize`,
  token_endpoint: `${issuer}/token`,
  registration_endpoint: `${issuer}/register`,
  revocation_endpoint: `${issuer}/revoke`,
  jwks_uri: `${issuer}/jwks`,
  scopes_supported: [...scopes, OFFLINE_ACCESS],
  response_types_supported: ['code'],
  response_modes_supported: ['query'],
  grant_types_supported: grantTypes,
  token_endpoint_auth_methods_supported: clientAuthMethods,
  revocation_endpoint_auth_methods_supported: clientAuthMethods,
  code_challenge_methods_supported: ['S256'],
  authorization_response_iss_parameter_supported: true,
  // Required where the document is read as OpenID Connect Discovery; there are no ID tokens, since `openid` is not a scope here.
  subject_types_supported: ['public'],
  id_token_signing_alg_values_supported: ['ES256'],
})

/** Without `offline_access`: it is between client and authorization server (MCP 2026-07-28, authorization). */
export const resourceMetadata = (resource: string, issuer: string, scopes: readonly string[]): Record<string, unknown> => ({
  resource,
  authorization_servers: [issuer],
  scopes_supported: scopes,
  bearer_methods_supported: ['header'],
})
