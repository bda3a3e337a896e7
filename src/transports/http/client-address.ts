/**
 * Where a request comes from. The peer of the connection, unless the operator has said that a proxy stands there: then what
 * the proxy says of the one before it, from the right, since everything further left was written by whoever likes to
 * (RFC 7239 §8.1). Fails closed: what cannot be read counts as the peer.
 *
 * @module
 */

import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'
import { z } from 'zod'

/** Whom to believe about the address of a caller (`X-Forwarded-For`). One of the two. */
export interface ProxyOptions {
  /** The proxies, as addresses or networks: `10.0.0.0/8`. What anybody else says is ignored. */
  readonly trustedAddresses?: readonly string[] | undefined
  /** How many proxies stand in front, where their addresses change. Nobody else may be able to reach the port. */
  readonly hops?: number | undefined
  /** Where a proxy that ends TLS writes the certificate of the caller. It must take the field out of what callers send. */
  readonly clientCertificate?: ClientCertificateField | undefined
}

export interface ClientCertificateField {
  /** `client-cert` (RFC 9440), or the one that it writes escaped PEM into. */
  readonly header: string
  /** Whether it has checked who signed it. If not, only certificates that a client was registered with count. */
  readonly verified: boolean
}

export type AddressOf = (request: Pick<IncomingMessage, 'headers' | 'socket'>) => string

export const proxySchema: z.ZodType<ProxyOptions> = z
  .strictObject({
    trustedAddresses: z.array(z.string().refine(isNetwork, 'must be an address or a network, like 10.0.0.0/8')).min(1).optional(),
    hops: z.int().min(1).max(16).optional(),
    clientCertificate: z
      .strictObject({
        header: z.string().regex(/^[A-Za-z][A-Za-z0-9-]{0,63}$/, 'must be the name of a header field, like client-cert'),
        verified: z.boolean(),
      })
      .optional(),
  })
  .refine(
    ({ trustedAddresses, hops }) => (trustedAddresses === undefined) !== (hops === undefined),
    'takes one of trustedAddresses and hops',
  )

/** How many of the addresses in a header are looked at, and how much of the text that they stand in. */
const MAX_HOPS = 16
const MAX_CHARACTERS = 2_048

export const peerAddress: AddressOf = ({ socket }) => socket.remoteAddress ?? 'unknown'

/** Whether the word of `address` counts, `at` so many places from us. */
function createIsTrusted({ trustedAddresses = [], hops }: ProxyOptions): (address: string, at: number) => boolean {
  const trusted = new BlockList()
  for (const each of trustedAddresses) {
    const { address, prefix, family } = parseNetwork(each) as Network
    trusted.addSubnet(address, prefix, family)
  }
  return (address, at) => (hops === undefined ? isIP(address) !== 0 && trusted.check(address, familyOf(address)) : at < hops)
}

/** Whether a proxy of the operator's is at the other end of the connection itself. */
export function createIsFromProxy(proxy: ProxyOptions): (request: Pick<IncomingMessage, 'socket'>) => boolean {
  const isTrusted = createIsTrusted(proxy)
  return ({ socket }) => isTrusted(withoutZone(socket.remoteAddress ?? ''), 0)
}

export function createAddressOf(proxy: ProxyOptions | undefined): AddressOf {
  if (!proxy) return peerAddress
  const isTrusted = createIsTrusted(proxy)

  return function addressOf(request) {
    let address = withoutZone(peerAddress(request))
    const said = request.headers['x-forwarded-for']
    if (typeof said !== 'string' || isIP(address) === 0) return address
    const entries = nearestFirst(said)
    for (let at = 0; at < MAX_HOPS && isTrusted(address, at); at++) {
      const before = toAddress(entries[at])
      if (before === undefined) break
      address = before
    }
    return address
  }
}

/**
 * Each entry is the word of whoever comes after it, so that the last is the nearest. Bounded from the other end: what is cut off is
 * what the caller wrote, and of an entry that the cut goes through half an address would be left, which is none.
 */
function nearestFirst(said: string): readonly string[] {
  const entries = said.slice(-MAX_CHARACTERS).split(',')
  if (said.length > MAX_CHARACTERS) entries.shift()
  return entries.slice(-MAX_HOPS).reverse()
}

interface Network {
  readonly address: string
  readonly prefix: number
  readonly family: 'ipv4' | 'ipv6'
}

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4')
const withoutZone = (address: string): string => address.replace(/%.*$/, '')

function parseNetwork(text: string): Network | undefined {
  const [, address = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const version = isIP(address)
  const most = version === 6 ? 128 : 32
  const prefix = bits === undefined ? most : Number(bits)
  return version === 0 || prefix > most ? undefined : { address, prefix, family: familyOf(address) }
}

function isNetwork(text: string): boolean {
  return parseNetwork(text) !== undefined
}

/** An entry of the header; some proxies write the port too, and brackets around what has colons. */
function toAddress(entry: string | undefined): string | undefined {
  const text = entry?.trim() ?? ''
  if (isIP(text) !== 0) return withoutZone(text)
  const [, bracketed, plain] = /^(?:\[([^\]]+)\](?::\d+)?|([\d.]+):\d+)$/.exec(text) ?? []
  const address = bracketed ?? plain ?? ''
  return isIP(address) === 0 ? undefined : withoutZone(address)
}
