/**
 * What a client may register (RFC 7591), before the provider sees it. Pure. Lenient where clients differ and nothing
 * hangs on it (empty fields, grant types that we lack, members that we do not use); strict about where codes are sent.
 *
 * @module
 */

import { isLoopbackName } from '../net/index.ts'
import { DEVICE_CODE, openGrantTypes } from './metadata.ts'
import type { Refusal } from './refusal.ts'

export type Registration = { readonly metadata: Record<string, unknown> } | Refusal<'invalid_redirect_uri' | 'invalid_client_metadata'>

// Nothing that we would have to fetch (jwks_uri, sector_identifier_uri), and no `scope`: a registration grants nothing.
const strings = ['client_name', 'client_uri', 'logo_uri', 'tos_uri', 'policy_uri', 'token_endpoint_auth_method', 'application_type']
const booleans = ['dpop_bound_access_tokens', 'require_pushed_authorization_requests']
const MAX_TEXT = 2048
const MAX_NAME = 200
const MAX_REDIRECTS = 20

const invalid = (description: string): Registration => ({ error: 'invalid_client_metadata', description })
const badRedirect = (description: string): Registration => ({ error: 'invalid_redirect_uri', description })

export function checkRegistration(body: unknown): Registration {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return invalid('the body must be a JSON object')
  const given = body as Record<string, unknown>
  const metadata: Record<string, unknown> = {}
  for (const member of strings) {
    const value = given[member]
    if (value === undefined || value === null || value === '') continue
    if (typeof value !== 'string' || value.length > MAX_TEXT) return invalid(`${member} must be a string of at most ${MAX_TEXT} characters`)
    metadata[member] = value
  }
  for (const member of booleans) {
    const value = given[member]
    if (value === undefined || value === null) continue
    if (typeof value !== 'boolean') return invalid(`${member} must be true or false`)
    metadata[member] = value
  }
  const name = metadata['client_name']
  if (typeof name === 'string' && name.length > MAX_NAME) return invalid(`client_name has at most ${MAX_NAME} characters`)

  const asked = given['grant_types']
  const possible = Array.isArray(asked) ? asked.filter((type) => (openGrantTypes as readonly unknown[]).includes(type)) : undefined
  // A device shows a code and is sent nothing.
  const isDevice = possible?.includes(DEVICE_CODE) === true && !possible.includes('authorization_code')
  const redirects = isDevice ? (given['redirect_uris'] ?? []) : given['redirect_uris']
  if (!Array.isArray(redirects) || (redirects.length === 0 && !isDevice)) return badRedirect('redirect_uris must name at least one URI')
  if (redirects.length > MAX_REDIRECTS) return badRedirect(`redirect_uris has at most ${MAX_REDIRECTS} members`)
  for (const uri of redirects) {
    const problem = problemWithRedirect(uri)
    if (problem !== undefined) return badRedirect(`redirect_uris: ${problem}`)
  }
  metadata['redirect_uris'] = redirects
  // OpenID Connect's default `web` has no loopback redirects (MCP 2026-07-28, client registration): those clients are native, whatever they say.
  if (redirects.some(isLoopbackRedirect)) metadata['application_type'] = 'native'

  if (possible !== undefined) {
    if (!isDevice && !possible.includes('authorization_code')) return invalid('grant_types must include authorization_code')
    metadata['grant_types'] = possible
  }
  if (isDevice) return { metadata: { ...metadata, response_types: [] } }
  const responses = given['response_types']
  if (Array.isArray(responses) && responses.length > 0 && !responses.includes('code')) return invalid('response_types must include code')
  return { metadata: { ...metadata, response_types: ['code'] } }
}

/** Where a code may be sent: https, or this computer (MCP 2026-07-28, communication security). */
export function problemWithRedirect(uri: unknown): string | undefined {
  if (typeof uri !== 'string' || uri.length > MAX_TEXT) return `a URI is a string of at most ${MAX_TEXT} characters`
  const url = URL.parse(uri)
  if (url === null) return 'not an absolute URI'
  if (url.hash !== '' || uri.includes('#')) return 'a URI has no fragment'
  if (url.username !== '' || url.password !== '') return 'a URI has no user name or password'
  // What the parser repairs (backslashes, a missing //, other spellings of a host) is read another way by somebody else.
  if (!/^[\x21-\x7e]+$/.test(uri) || uri.includes('\\')) return 'a URI has only ASCII, without spaces, backslashes or control characters'
  if (!isWrittenAsRead(uri, url)) return 'a URI is written in full and in its normal form, such as https://app.example.com/callback'
  if (uri.includes('*')) return 'a URI has no wildcard'
  if (url.protocol === 'https:' || isLoopbackRedirect(uri)) return undefined
  return 'a URI begins with https://, or with http:// and localhost, 127.0.0.1 or [::1]'
}

/** But for the slash that an empty path may leave out. */
function isWrittenAsRead(uri: string, { href, origin, search }: URL): boolean {
  return href === uri || (href === `${origin}/${search}` && uri === origin + search)
}

function isLoopbackRedirect(uri: unknown): boolean {
  const url = typeof uri === 'string' ? URL.parse(uri) : null
  return url !== null && url.protocol === 'http:' && isLoopbackName(url.hostname)
}
