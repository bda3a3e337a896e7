/**
 * Where something may connect to: a host, or every host below one, and a port.
 *
 * Fails closed: what cannot be read is a problem, and matches nothing.
 *
 * @module
 */

import { isIP } from 'node:net'

export interface Destination {
  /** Lower case, as the URL parser writes it; an IPv6 address without brackets. `*.example.com` is every name below, not `example.com` itself. */
  readonly host: string
  readonly port: number
}

/** What the URL parser takes for something else, and what nobody sees: a grant says what it looks like. */
const MISLEADING = /[\\%\p{Cc}\p{Cf}]/u
/** RFC 1035 §2.3.4. */
const LONGEST_NAME = 253

export function parseDestination(written: string): Destination | { readonly problem: string } {
  const [, bracketed, bare, digits] = /^(?:\[([^\]]+)\]|([^:/@?#\s]+)):(\d{1,5})$/.exec(written) ?? []
  const port = Number(digits)
  const given = bracketed ?? bare
  if (given === undefined || port < 1 || port > 65_535 || MISLEADING.test(given)) {
    return { problem: 'must be HOST:PORT, as in api.example.com:443' }
  }
  if (bracketed !== undefined && isIP(bracketed) !== 6) return { problem: 'must have an IPv6 address between the brackets' }
  const isBelow = given.startsWith('*.')
  const name = isBelow ? given.slice(2) : given
  if (name.includes('*')) return { problem: 'may have a "*" only at its beginning, as in *.example.com:443' }
  const url = URL.parse(bracketed === undefined ? `http://${name}/` : `http://[${bracketed}]/`)
  const host = url?.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')
  if (!host || host.length > LONGEST_NAME || host.split('.').includes('')) return { problem: 'has no name of a host' }
  if (isBelow && (isIP(host) !== 0 || !host.includes('.'))) return { problem: 'has a "*." before what is no domain' }
  return { host: isBelow ? `*.${host}` : host, port }
}

/** `host`: lower case, without brackets and final dot. */
export function matchesDestination({ host, port }: Destination, wanted: Destination): boolean {
  if (port !== wanted.port) return false
  if (!host.startsWith('*.')) return host === wanted.host
  const above = host.slice(1)
  return wanted.host.length > above.length && wanted.host.endsWith(above) && isIP(wanted.host) === 0
}

/** As it is written: for people. */
export const showDestination = ({ host, port }: Destination): string => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`)
