/**
 * Connections of HTTP out, guarded against being led to where the caller has no business (SSRF): what is dialled was checked
 * (`reach.ts`). Redirects are the callers' to refuse; `pool` follows none.
 *
 * Fails closed: one bad address among several refuses the name.
 *
 * @module
 */

import type { buildConnector, Pool } from 'undici'
import { once } from '../core/index.ts'
import { type AllowPrivate, BlockedAddress, createReach, type Lookup } from './reach.ts'
import { undici } from './undici.ts'

export interface DialerOptions {
  /** Only for a URL that the operator wrote. */
  readonly allowPrivate: AllowPrivate
  /** The one host that may be dialled; any public one where it is absent. */
  readonly onlyHost?: string
  readonly connectTimeoutMs?: number
  readonly lookup?: Lookup
  /** Certificate authorities in PEM that vouch for the other side; Node's own where it is absent. */
  readonly ca?: readonly string[]
}

export interface Dialer {
  /** For an undici `Pool`, `Agent` or `Client`. */
  readonly connect: buildConnector.connector
  /** Keep-alive connections to one origin. */
  pool(origin: string, options?: { readonly connections?: number }): Pool
}

export function createDialer({ allowPrivate, onlyHost, connectTimeoutMs = 10_000, lookup, ca }: DialerOptions): Dialer {
  const reach = createReach(allowPrivate, lookup)
  const dialling = once(() =>
    undici().buildConnector({
      timeout: connectTimeoutMs,
      allowH2: false,
      // Whatever the process was started with: it outranks NODE_TLS_REJECT_UNAUTHORIZED.
      rejectUnauthorized: true,
      ...(ca && { ca: [...ca] }),
      lookup: reach.lookup,
    } as buildConnector.BuildOptions),
  )

  const connect: buildConnector.connector = (options, callback) => {
    const host = options.hostname.replace(/^\[|\]$/g, '').toLowerCase()
    if (onlyHost !== undefined && host !== onlyHost.replace(/^\[|\]$/g, '').toLowerCase())
      return callback(new BlockedAddress('other host'), null)
    // An address is dialled without a lookup, so it is checked here.
    const problem = reach.problemWith(host)
    if (problem) return callback(problem, null)
    dialling()(options, callback)
  }

  return {
    connect,
    // Deadlines are the callers': an answer may take as long as its call allows.
    pool(origin, { connections = 128 } = {}) {
      const { Pool } = undici()
      return new Pool(origin, { connect, connections, pipelining: 1, headersTimeout: 0, bodyTimeout: 0, allowH2: false })
    },
  }
}
