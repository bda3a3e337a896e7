/** Where an authorization server may send a person back to: https, or this computer (2026-07-28 communication security). @module */

import { isLoopbackHost } from '../../net/index.ts'

export const isLoopbackRedirect = (uri: string): boolean => {
  const url = URL.parse(uri)
  return url?.protocol === 'http:' && isLoopbackHost(url.hostname)
}

export function isRedirectUri(uri: string): boolean {
  const url = URL.parse(uri)
  if (url === null || uri.includes('#') || url.username !== '' || url.password !== '') return false
  return url.protocol === 'https:' || isLoopbackRedirect(uri)
}
