/**
 * What a client's metadata document may say (draft-ietf-oauth-client-id-metadata-document §4; MCP 2026-07-28, client registration): the
 * same as a registration, under its own URL, and without a secret, as nobody could have agreed on one. Pure.
 *
 * Kept of it is what is used. Its logo and policies are neither fetched nor shown: they would be the page's of whoever wrote it.
 *
 * @module
 */

import { isObject, parseJson } from '../protocol/index.ts'
import { hasPrivatePart } from './jwk.ts'
import { clientAuthMethods } from './metadata.ts'
import { checkRegistration } from './registration.ts'

export type Described = { readonly metadata: Record<string, unknown> } | { readonly problem: string }

/** Draft §8.7. */
export const MAX_DOCUMENT_BYTES: number = 5 * 1024
const BOUNDS = { maxDepth: 8, maxItems: 100 }
const kept = ['client_name', 'redirect_uris', 'grant_types', 'response_types', 'application_type'] as const

export function checkDocument(url: string, body: Buffer): Described {
  const parsed = parseJson(body, BOUNDS)
  if (!parsed.allowed || !isObject(parsed.value)) return { problem: 'it is not a JSON object' }
  const given = parsed.value as Record<string, unknown>
  // Text by text (draft §4): normalizing would let one URL speak for another.
  if (given['client_id'] !== url) return { problem: 'its client_id is another than its URL' }
  if (typeof given['client_name'] !== 'string' || given['client_name'].trim() === '') return { problem: 'it has no client_name' }
  if ('client_secret' in given || 'client_secret_expires_at' in given) return { problem: 'it has a secret, which everybody could read' }

  const authentication = checkAuthentication(given)
  if ('problem' in authentication) return authentication
  const { client_name, redirect_uris, grant_types, response_types, application_type } = given
  const checked = checkRegistration({ client_name, redirect_uris, grant_types, response_types, application_type })
  if ('error' in checked) return { problem: checked.description }
  const metadata = Object.fromEntries(kept.flatMap((name) => (name in checked.metadata ? [[name, checked.metadata[name]]] : [])))
  return { metadata: { ...metadata, ...authentication.metadata, client_id: url } }
}

/** Public, or with a key whose public half is in the document or at an https URL beside it. */
function checkAuthentication(given: Record<string, unknown>): Described {
  const { jwks, jwks_uri } = given
  const hasKeys = jwks !== undefined || jwks_uri !== undefined
  const method = given['token_endpoint_auth_method'] ?? (hasKeys ? 'private_key_jwt' : 'none')
  if (method === 'none') return { metadata: { token_endpoint_auth_method: 'none' } }
  if (method !== 'private_key_jwt' || !(clientAuthMethods as readonly string[]).includes(method))
    return { problem: 'its token_endpoint_auth_method is neither none nor private_key_jwt' }
  if ((jwks === undefined) === (jwks_uri === undefined)) return { problem: 'private_key_jwt needs jwks or jwks_uri, and not both' }
  if (jwks !== undefined && !isPublicKeySet(jwks)) return { problem: 'its jwks is no set of public keys' }
  if (jwks_uri !== undefined && (typeof jwks_uri !== 'string' || URL.parse(jwks_uri)?.protocol !== 'https:'))
    return { problem: 'its jwks_uri is not an https URL' }
  return { metadata: { token_endpoint_auth_method: method, ...(jwks === undefined ? { jwks_uri } : { jwks }) } }
}

function isPublicKeySet(jwks: unknown): boolean {
  if (!isObject(jwks)) return false
  const { keys } = jwks as { keys?: unknown }
  if (!Array.isArray(keys) || keys.length === 0) return false
  return keys.every((key) => isObject(key) && typeof key['kty'] === 'string' && !hasPrivatePart(key))
}
