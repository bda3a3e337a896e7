/** What these grants add to the server's metadata (RFC 8414 §2): exactly what is on. Pure. @module */

import type { TrustedIssuer } from './trusted-issuers.ts'

export const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
export const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
/** draft-ietf-oauth-identity-assertion-authz-grant: clients look here whether an ID-JAG is of use. */
const ID_JAG_PROFILE = 'urn:ietf:params:oauth:grant-profile:id-jag'

export function grantMetadata(others: readonly string[], trusted: readonly Pick<TrustedIssuer, 'use'>[]): Record<string, unknown> {
  const hasIdJag = trusted.some(({ use }) => use.includes('id-jag'))
  return {
    grant_types_supported: [...others, TOKEN_EXCHANGE, ...(trusted.length > 0 ? [JWT_BEARER] : [])],
    ...(hasIdJag ? { authorization_grant_profiles_supported: [ID_JAG_PROFILE] } : {}),
  }
}
