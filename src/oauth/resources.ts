/**
 * Which URLs are this server's MCP endpoint, and which of them a token is for (RFC 8707, RFC 9728).
 *
 * A URL that is not known is nobody's: every function answers undefined for it, and callers refuse.
 *
 * @module
 */

import { isLoopbackName, LOOPBACK_NAMES } from '../net/index.ts'

export interface Resources {
  /** The audience of every token. */
  readonly canonical: string
  /** The canonical URL where `value` stands for it; a trailing slash is forgiven. */
  canonicalize(value: string): string | undefined
  /** Where the metadata of `resource` is (RFC 9728 §3.1), at the host that it was asked for at. */
  metadataUrl(resource: string): string
  /** The paths of the metadata documents. */
  readonly metadataPaths: readonly string[]
  /** The `resource` member of the document at `pathname` for somebody who asked `host`: clients stop where it is not what they asked. */
  described(host: string | undefined, pathname: string): string
}

const WELL_KNOWN = '/.well-known/oauth-protected-resource'

export function createResources(given: readonly string[]): Resources {
  const canonical = given[0] as string
  const known = new Set(given.flatMap(withSiblings).map(normalize))
  const paths = [...new Set(given.map((url) => new URL(url).pathname.replace(/\/$/, '')))]

  function canonicalize(value: string): string | undefined {
    const normal = normalize(value)
    return normal !== undefined && known.has(normal) ? canonical : undefined
  }
  return {
    canonical,
    canonicalize,
    metadataPaths: [WELL_KNOWN, ...paths.flatMap((path) => (path === '' ? [] : [WELL_KNOWN + path, `${WELL_KNOWN}${path}/`]))],
    metadataUrl(resource) {
      const { origin, pathname } = new URL(canonicalize(resource) === undefined ? canonical : resource)
      return origin + WELL_KNOWN + pathname.replace(/\/$/, '')
    },
    described(host, pathname) {
      const { protocol, pathname: path } = new URL(canonical)
      const asked = `${protocol}//${host ?? ''}${pathname === WELL_KNOWN ? path : pathname.slice(WELL_KNOWN.length)}`
      return canonicalize(asked) === undefined ? canonical : (asked as string)
    },
  }
}

/** On loopback one server has three names. */
function withSiblings(resource: string): string[] {
  const url = new URL(resource)
  if (url.protocol !== 'http:' || !isLoopbackName(url.hostname)) return [resource]
  return LOOPBACK_NAMES.map((host) => `http://${host}${url.port === '' ? '' : `:${url.port}`}${url.pathname}`)
}

function normalize(value: string): string | undefined {
  const url = URL.parse(value)
  if (url === null || url.search !== '' || url.hash !== '' || url.username !== '' || url.password !== '') return undefined
  return url.origin + url.pathname.replace(/\/$/, '')
}
