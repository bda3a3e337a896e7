/**
 * Connections out, guarded against being led to where the caller has no business (SSRF). A name is resolved once, every
 * address it has is checked, and the connection goes to one of the addresses that were checked: a second, different
 * answer of the name server (DNS rebinding) is never asked for. Redirects are the callers' to refuse; `pool` follows none.
 *
 * Fails closed: one bad address among several refuses the name.
 *
 * @module
 */

import { type LookupAddress, lookup as systemLookup } from 'node:dns'
import { isIP } from 'node:net'
import { buildConnector, Pool } from 'undici'
import { type AddressClass, classifyAddress } from './addresses.ts'

export interface DialerOptions {
  /**
   * Whether loopback and private addresses may be reached, or only one of the two. Only for a URL that the operator wrote.
   * Link-local and metadata addresses are never reached.
   */
  readonly allowPrivate: boolean | 'loopback' | 'private'
  /** The one host that may be dialled; any public one where it is absent. */
  readonly onlyHost?: string
  readonly connectTimeoutMs?: number
  readonly lookup?: Lookup
  /** Certificate authorities in PEM that vouch for the other side; Node's own where it is absent. */
  readonly ca?: readonly string[]
}

export type Lookup = (host: string, answer: (error: Error | null, addresses: readonly LookupAddress[]) => void) => void

export interface Dialer {
  /** For an undici `Pool`, `Agent` or `Client`. */
  readonly connect: buildConnector.connector
  /** Keep-alive connections to one origin. */
  pool(origin: string, options?: { readonly connections?: number }): Pool
}

/** An address, or the lack of one, that must not be dialled. Names the host's class, never the address. */
export class BlockedAddress extends Error {
  override readonly name = 'BlockedAddress'
  readonly code = 'ERR_BLOCKED_ADDRESS'
  constructor(why: AddressClass | 'other host') {
    super(`refused to connect: ${why === 'other host' ? 'not the host that was named' : `${why} address`}`)
  }
}

const resolveAll: Lookup = (host, answer) =>
  systemLookup(host, { all: true, order: 'verbatim' }, (error, addresses) => answer(error, addresses ?? []))

export function createDialer({ allowPrivate, onlyHost, connectTimeoutMs = 10_000, lookup = resolveAll, ca }: DialerOptions): Dialer {
  const allowed = (kind: AddressClass): boolean =>
    kind === 'public' || kind === allowPrivate || (allowPrivate === true && (kind === 'loopback' || kind === 'private'))

  function check(addresses: readonly LookupAddress[]): BlockedAddress | undefined {
    for (const { address } of addresses) {
      const kind = classifyAddress(address)
      if (!allowed(kind)) return new BlockedAddress(kind)
    }
    return addresses.length === 0 ? new BlockedAddress('invalid') : undefined
  }

  // `net.connect` dials what this answers and asks nobody else; with several addresses it tries them in turn.
  const dial = buildConnector({
    timeout: connectTimeoutMs,
    allowH2: false,
    // Whatever the process was started with: it outranks NODE_TLS_REJECT_UNAUTHORIZED.
    rejectUnauthorized: true,
    ...(ca && { ca: [...ca] }),
    lookup(
      host: string,
      options: { all?: boolean },
      answer: (error: Error | null, address: LookupAddress[] | string, family?: number) => void,
    ) {
      lookup(host, (error, addresses) => {
        const problem = error ?? check(addresses)
        if (problem) return answer(problem, [])
        if (options.all) return answer(null, [...addresses])
        const first = addresses[0] as LookupAddress
        answer(null, first.address, first.family)
      })
    },
  } as buildConnector.BuildOptions)

  const connect: buildConnector.connector = (options, callback) => {
    const host = options.hostname.replace(/^\[|\]$/g, '').toLowerCase()
    if (onlyHost !== undefined && host !== onlyHost.replace(/^\[|\]$/g, '').toLowerCase())
      return callback(new BlockedAddress('other host'), null)
    // An address is dialled without a lookup, so it is checked here.
    if (isIP(host) !== 0 && !allowed(classifyAddress(host))) return callback(new BlockedAddress(classifyAddress(host)), null)
    dial(options, callback)
  }

  return {
    connect,
    // Deadlines are the callers': an answer may take as long as its call allows.
    pool: (origin, { connections = 128 } = {}) =>
      new Pool(origin, { connect, connections, pipelining: 1, headersTimeout: 0, bodyTimeout: 0, allowH2: false }),
  }
}
