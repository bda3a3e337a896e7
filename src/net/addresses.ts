/**
 * What kind of network an IP address belongs to (IANA special-purpose registries, RFC 6890). Decided on parsed addresses
 * by `net.BlockList`, never on text: `::ffff:7f00:1`, `0x7f.1` and `127.1` are all 127.0.0.1 by the time they get here.
 *
 * Fails closed: what cannot be parsed is `invalid`, and only `public` is public.
 *
 * @module
 */

import { BlockList, isIP } from 'node:net'

export type AddressClass = 'public' | 'loopback' | 'private' | 'link-local' | 'metadata' | 'multicast' | 'reserved' | 'invalid'

// The first that matches counts. IPv4 rules also match IPv4-mapped IPv6 addresses (node:net documents it; a test holds it).
const table: readonly (readonly [AddressClass, readonly string[]])[] = [
  // Where clouds hand credentials to whoever asks: AWS, GCP, Azure; AWS over IPv6; Alibaba.
  ['metadata', ['169.254.169.254/32', '169.254.170.2/32', 'fd00:ec2::254/128', '100.100.100.200/32']],
  ['loopback', ['127.0.0.0/8', '::1/128']],
  ['link-local', ['169.254.0.0/16', 'fe80::/10']],
  ['private', ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7', 'fec0::/10']],
  ['multicast', ['224.0.0.0/4', 'ff00::/8']],
  [
    'reserved',
    [
      '0.0.0.0/8',
      '192.0.0.0/24',
      '192.0.2.0/24',
      '192.88.99.0/24',
      '198.18.0.0/15',
      '198.51.100.0/24',
      '203.0.113.0/24',
      '240.0.0.0/4',
      '::/96', // unspecified and IPv4-compatible
      '::ffff:0:0:0/96', // IPv4-translated: an IPv4 address in disguise
      '64:ff9b::/96', // NAT64: an IPv4 address in disguise
      '64:ff9b:1::/48',
      '100::/64',
      '2001::/23', // Teredo and other protocol assignments
      '2001:db8::/32',
      '2002::/16', // 6to4: an IPv4 address in disguise
      '3fff::/20',
      '5f00::/16',
    ],
  ],
]

const lists = table.map(([kind, ranges]) => {
  const list = new BlockList()
  for (const range of ranges) {
    const [address, prefix] = range.split('/') as [string, string]
    list.addSubnet(address, Number(prefix), isIP(address) === 6 ? 'ipv6' : 'ipv4')
  }
  return [kind, list] as const
})

/** `address`: an IPv4 or IPv6 address, brackets and zone allowed. A host name is `invalid`. */
export function classifyAddress(address: string): AddressClass {
  const bare = address.replace(/^\[|\]$/g, '').replace(/%.*$/, '')
  const family = isIP(bare)
  if (family === 0) return 'invalid'
  for (const [kind, list] of lists) if (list.check(bare, family === 6 ? 'ipv6' : 'ipv4')) return kind
  return 'public'
}

/** What this machine is called for itself, as the URL parser writes it: browsers and sign-in take these for one place. */
export const LOOPBACK_NAMES: readonly string[] = ['localhost', '127.0.0.1', '[::1]']

/** One of those three, and no other address of this machine. Without brackets too, as interfaces are written. */
export const isLoopbackName = (host: string): boolean => LOOPBACK_NAMES.includes(host) || host === '::1'

/** `localhost`, 127.0.0.0/8 or ::1, as the URL parser writes them: nothing that is sent there leaves this machine. */
export const isLoopbackHost = (hostname: string): boolean => hostname === 'localhost' || classifyAddress(hostname) === 'loopback'
