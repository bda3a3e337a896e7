/**
 * Who may knock: the names that this server is served under, and the web pages that may use it. Checked on every request
 * before anything else, the pages of the authorization server included (DNS rebinding; 2026-07-28 streamable-http
 * §security). Fails closed: a Host or Origin that is not known is refused.
 *
 * @module
 */

import type { IncomingMessage } from 'node:http'
import type { Denial } from '../../core/index.ts'
import { isRepeated } from './repeated.ts'

export interface Door {
  /** The canonical origin for a Host header (`http://localhost:7777`), or undefined where we are not served under it. */
  originOf(host: string | undefined): string | undefined
  /** Undefined where the request may come in. */
  check(request: IncomingMessage, openToAnyOrigin: boolean): Denial | undefined
  /**
   * Whose budget a request counts against before anybody is identified. Requests that a web page can send are counted apart
   * from those of programs, and those without a credential apart from those with one: neither can use up the other's.
   */
  budgetOf(request: IncomingMessage): string
  /** Whether a foreign origin was named in the configuration: the ones that get CORS headers on the endpoint. */
  isAllowedForeign(origin: string): boolean
}

export interface DoorOptions {
  readonly port: number
  /** Further browser origins, exactly as browsers send them: `https://app.example.com`. */
  readonly origins: readonly string[]
}

export function createDoor({ port, origins }: DoorOptions): Door {
  // On loopback the three names are one server; each is answered under the name that was asked for.
  const names = ['localhost', '127.0.0.1', '[::1]']
  const own = new Map(names.map((name) => [`${name}:${port}`, `http://${name}:${port}`]))
  if (port === 80) for (const name of names) own.set(name, `http://${name}`)
  const ownOrigins = new Set(own.values())
  const foreign = new Set(origins)

  return {
    originOf: (host) => (host === undefined ? undefined : own.get(host.toLowerCase())),
    check({ headers, rawHeaders }, openToAnyOrigin) {
      if (headers.host === undefined || !own.has(headers.host.toLowerCase()) || isRepeated(rawHeaders, 'host'))
        return { reason: 'forbidden_host' }
      const { origin } = headers
      if (origin === undefined || openToAnyOrigin || ownOrigins.has(origin) || foreign.has(origin)) return undefined
      return { reason: 'forbidden_origin' }
    },
    budgetOf({ headers, socket }) {
      const { origin, authorization } = headers
      const address = socket.remoteAddress ?? 'unknown'
      const isForeign = origin !== undefined && !ownOrigins.has(origin)
      // A page elsewhere that loads an image from here sends no Origin; browsers say so here (Fetch Metadata Request Headers §2.3).
      const isEmbedded = headers['sec-fetch-site'] === 'cross-site' && headers['sec-fetch-mode'] !== 'navigate'
      if (isForeign || isEmbedded) return `page ${address}`
      return authorization === undefined && headers['x-api-key'] === undefined ? `nobody ${address}` : address
    },
    isAllowedForeign: (origin) => foreign.has(origin),
  }
}
