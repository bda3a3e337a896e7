/**
 * Whether an issuer, or something that it names, may be asked under a URL: https, or plain http on loopback, with nothing of anybody's in
 * it. Everything that is asked there could be read or changed on the way otherwise. Pure.
 *
 * @module
 */

import { isLoopbackName } from './addresses.ts'

/** An issuer's own URL has no query (RFC 8414 §2); an endpoint's may have one. Neither has a user or a fragment. */
export function isIssuerUrl(value: string, { query = false }: { readonly query?: boolean } = {}): boolean {
  const url = URL.parse(value)
  if (url === null || url.username !== '' || url.password !== '' || value.includes('#')) return false
  if (!query && value.includes('?')) return false
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackName(url.hostname))
}
