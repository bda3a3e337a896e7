/**
 * Who may knock: the names that this server is served under, and the web pages that may use it. Checked on every request
 * before anything else, the pages of the authorization server included (DNS rebinding; 2026-07-28 streamable-http
 * §security). Fails closed: a Host or Origin that is not known is refused.
 *
 * @module
 */

import type { IncomingMessage } from 'node:http'
import type { Denial } from '../../core/index.ts'
import { addressGroup, type CertificateSource, LOOPBACK_NAMES, noCertificates } from '../../net/index.ts'
import { type AddressOf, peerAddress } from './client-address.ts'
import { type Cors, createCors } from './cors.ts'
import { credentialOf } from './credential.ts'
import { isRepeated } from './repeated.ts'

export interface Door {
  /** The path of the MCP endpoint. */
  readonly path: string
  /** The URL of the endpoint under the name that was asked for; the canonical one for a name that is not ours. */
  resourceOf(host: string | undefined): string
  /** Undefined where the request may come in. */
  check(request: IncomingMessage, openToAnyOrigin: boolean): Denial | undefined
  /** The caller's network address. */
  readonly addressOf: AddressOf
  /**
   * Whose budget a request counts against before anybody is identified. Requests that a web page can send are counted apart
   * from those of programs, and those without a credential apart from those with one: neither can use up the other's. A credential
   * that turns out to be none counts against both. What a program writes like a page is taken for one's, so that a stranger has
   * two budgets at most.
   */
  budgetOf(request: IncomingMessage): string
  readonly cors: Cors
  readonly certificates: CertificateSource
}

export interface DoorOptions {
  /** Every URL of the MCP endpoint; the first is canonical. On loopback one server has three names: each is answered under its own. */
  readonly resources: readonly string[]
  readonly cors?: Cors | undefined
  readonly addressOf?: AddressOf | undefined
  /** Where the certificates of callers come from; nowhere unless told. */
  readonly certificates?: CertificateSource | undefined
  /** Who brings no credential must be the one who is connected, and not somebody that a proxy stands between. */
  readonly isForDirectCallers?: boolean | undefined
}

export function createDoor({
  resources,
  cors = createCors(undefined),
  addressOf = peerAddress,
  certificates = noCertificates,
  isForDirectCallers = false,
}: DoorOptions): Door {
  const canonical = resources[0] as string
  const own = new Map(resources.flatMap((resource) => hostsOf(resource).map((host) => [host, resource])))
  const ownOrigins = new Set(resources.map((resource) => new URL(resource).origin))

  return {
    path: new URL(canonical).pathname,
    resourceOf: (host) => (host === undefined ? canonical : (own.get(host) ?? own.get(host.toLowerCase()) ?? canonical)),
    check(request, openToAnyOrigin) {
      const { method, headers, rawHeaders } = request
      const { host, origin } = headers
      if (host === undefined || !(own.has(host) || own.has(host.toLowerCase())) || isRepeated(rawHeaders, 'host'))
        return { reason: 'forbidden_host' }
      if (isForDirectCallers && isForwarded(request) && !credentialOf(request)) return { reason: 'unauthenticated', problem: 'missing' }
      if (origin === undefined || openToAnyOrigin || ownOrigins.has(origin) || cors.allows(origin, method)) return undefined
      return { reason: 'forbidden_origin' }
    },
    addressOf,
    certificates,
    budgetOf(request) {
      const { headers } = request
      const { origin } = headers
      const address = groupOf(addressOf(request))
      const isForeign = origin !== undefined && !ownOrigins.has(origin)
      // A page elsewhere that loads an image from here sends no Origin; browsers say so here (Fetch Metadata Request Headers §2.3).
      const isEmbedded = headers['sec-fetch-site'] === 'cross-site' && headers['sec-fetch-mode'] !== 'navigate'
      if (isForeign || isEmbedded) return `page ${address}`
      return credentialOf(request) ? address : `nobody ${address}`
    },
    cors,
  }
}

/** On loopback one server has three names; the first is what it is called. */
export const loopbackOrigins = (scheme: 'http' | 'https', port: number): readonly string[] =>
  LOOPBACK_NAMES.map((name) => new URL(`${scheme}://${name}:${port}`).origin)

/** What proxies add. nginx, told nothing else, adds nothing and speaks the version of HTTP that no client of ours does. */
const isForwarded = ({ headers, httpVersionMajor, httpVersionMinor }: IncomingMessage): boolean =>
  (httpVersionMajor === 1 && httpVersionMinor === 0) || FORWARDED.some((name) => headers[name] !== undefined)
const FORWARDED = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip']

/** The port may be left out where it goes without saying (RFC 9110 §4.2), and may be said all the same. */
function hostsOf(resource: string): string[] {
  const { protocol, hostname, host, port } = new URL(resource)
  return port === '' ? [host, `${hostname}:${protocol === 'https:' ? 443 : 80}`] : [host]
}

/** Most addresses are their own group, or this machine's: those are told at a glance. */
function groupOf(address: string): string {
  if (!address.includes(':')) return address.startsWith('127.') ? 'loopback' : address
  return address === '::1' ? 'loopback' : addressGroup(address)
}
