/**
 * Whether a signed token is an access token, and not another one of the same issuer: an ID token, a refresh token or a logout token, which
 * are for somebody else (RFC 8725 §3.11 and §3.12). Where the issuer keeps to RFC 9068, `requiredTokenType` says it for certain; without it
 * what is known of the others is refused. Pure.
 *
 * @module
 */

import type { JsonObject } from '../../core/index.ts'

/** Without a `typ`, or as any JWT: what Keycloak, Entra, Auth0 and Okta write. */
const usual = ['at+jwt', 'jwt', undefined]

export function isAccessToken({ typ }: { typ?: unknown }, claims: JsonObject, requiredType: string | undefined): boolean {
  const type = typ === undefined ? undefined : plain(typ)
  if (requiredType !== undefined) return type === plain(requiredType)
  if (!usual.includes(type)) return false
  // Keycloak says it in the payload; Cognito too.
  const { typ: kind, token_use: use } = claims
  if (kind !== undefined) return kind === 'Bearer' || kind === 'DPoP'
  if (use !== undefined) return use === 'access'
  return ['nonce', 'at_hash', 'c_hash', 'events'].every((name) => claims[name] === undefined)
}

/** The same of what introspection describes: refresh tokens are active, too (RFC 7662 §2.2). */
export function isDescribedAccessToken(claims: JsonObject): boolean {
  const { token_type: type } = claims
  const fits = type === undefined || (typeof type === 'string' && ['bearer', 'dpop', 'access_token'].includes(type.toLowerCase()))
  return fits && isAccessToken({}, claims, undefined)
}

/** RFC 7515 §4.1.9: `application/` may be left out, and case does not count. */
const plain = (type: unknown): string =>
  String(type)
    .toLowerCase()
    .replace(/^application\//, '')
