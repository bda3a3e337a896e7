/**
 * Client ids that are URLs (draft-ietf-oauth-client-id-metadata-document §3): https with a path, written the one way in which it is
 * read. Ids are compared as text, so two spellings of one URL would be two clients, and one of them another's name. Pure.
 *
 * @module
 */

const MAX_LENGTH = 1024

export function isClientIdUrl(id: string): boolean {
  if (!id.startsWith('https://') || id.length > MAX_LENGTH) return false
  const url = URL.parse(id)
  if (url === null || url.pathname === '/') return false
  // The parser resolves dot segments, lowers the host, drops the default port: what it changes is no client id.
  return url.href === id && url.username === '' && url.password === '' && !id.includes('#')
}
