/**
 * What an MCP server is called as a protected resource (RFC 8707 §2, RFC 9728 §3; 2026-07-28 authorization §canonical server URI).
 * Pure. A WebSocket endpoint is the resource that the same URL over HTTP is.
 *
 * @module
 */

/** The same place over HTTP, where metadata and challenges are. */
export function toHttp(url: URL): URL {
  const http = new URL(url)
  if (url.protocol === 'wss:' || url.protocol === 'ws:') http.protocol = url.protocol === 'wss:' ? 'https:' : 'http:'
  return http
}

/** Lower case where case means nothing, no fragment, no slash at the end. */
export const toResource = (url: URL): string => url.origin + url.pathname.replace(/\/$/, '') + url.search

/**
 * Whether others read the same URL in a text as our parser does, which takes `\` for `/`, drops tabs and walks `..`. It is handed on as it is
 * written: in `https://ours.example\@theirs.example` an authorization server could find another server, and give a token for that one.
 */
export function isPlainlyWritten(text: string, { pathname, search }: URL): boolean {
  const rest = /^https?:\/\/[\w.:[\]-]+(.*)$/i.exec(text)?.[1]
  return rest === pathname + search || (rest !== undefined && `/${rest}` === pathname + search)
}

/** Whether metadata speaks of the resource at `url`, and of no other (RFC 9728 §3.3). */
export function isResource(named: string, url: URL): boolean {
  const parsed = URL.parse(named)
  return parsed !== null && isPlainlyWritten(named, parsed) && toResource(parsed) === toResource(url)
}

/** Where protected resource metadata is, by convention: at the path of the endpoint, then at the root. */
export function resourceMetadataUrls(url: URL): URL[] {
  const root = new URL('/.well-known/oauth-protected-resource', url)
  const path = url.pathname.replace(/\/$/, '') + url.search
  return path === '' ? [root] : [new URL(root.pathname + path, url), root]
}

/** Where an issuer's metadata is, in the order to try (2026-07-28 authorization server discovery §metadata). */
export function serverMetadataUrls(issuer: URL): URL[] {
  const path = issuer.pathname.replace(/\/$/, '')
  const inserted = ['oauth-authorization-server', 'openid-configuration'].map((suffix) => new URL(`/.well-known/${suffix}${path}`, issuer))
  return path === '' ? inserted : [...inserted, new URL(`${path}/.well-known/openid-configuration`, issuer)]
}
