/**
 * Which addresses a name may lead to. The name is resolved once, every address that it has is checked, and what dials is handed those
 * that were checked and asks nobody else: a second, different answer of the name server (DNS rebinding) is never asked for.
 *
 * Fails closed: one bad address among several refuses the name.
 *
 * @module
 */

import { type LookupAddress, lookup as systemLookup } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { type AddressClass, classifyAddress } from './addresses.ts'

/** Whether loopback and private addresses may be reached, or only one of the two. Link-local and metadata addresses never are. */
export type AllowPrivate = boolean | 'loopback' | 'private'

export type Lookup = (host: string, answer: (error: Error | null, addresses: readonly LookupAddress[]) => void) => void

/** An address, or the lack of one, that must not be dialled. Names the host's class, never the address. */
export class BlockedAddress extends Error {
  override readonly name = 'BlockedAddress'
  readonly code = 'ERR_BLOCKED_ADDRESS'
  constructor(why: AddressClass | 'other host') {
    super(`refused to connect: ${why === 'other host' ? 'not the host that was named' : `${why} address`}`)
  }
}

export interface Reach {
  /** For `net.connect`, which is not asked about what is an address already: that is what `problemWith` is for. */
  readonly lookup: LookupFunction
  /** Why a host that is written as an address is not dialled. */
  problemWith(host: string): BlockedAddress | undefined
}

const resolveAll: Lookup = (host, answer) =>
  systemLookup(host, { all: true, order: 'verbatim' }, (error, addresses) => answer(error, addresses ?? []))

export function createReach(allowPrivate: AllowPrivate, lookup: Lookup = resolveAll): Reach {
  const allowed = (kind: AddressClass): boolean =>
    kind === 'public' || kind === allowPrivate || (allowPrivate === true && (kind === 'loopback' || kind === 'private'))

  function check(addresses: readonly LookupAddress[]): BlockedAddress | undefined {
    for (const { address } of addresses) {
      const kind = classifyAddress(address)
      if (!allowed(kind)) return new BlockedAddress(kind)
    }
    return addresses.length === 0 ? new BlockedAddress('invalid') : undefined
  }

  return {
    // With several addresses what dials tries them in turn.
    lookup(host, options, answer) {
      lookup(host, (error, addresses) => {
        const problem = error ?? check(addresses)
        if (problem) return answer(problem, [])
        if (options.all) return answer(null, [...addresses])
        const first = addresses[0] as LookupAddress
        answer(null, first.address, first.family)
      })
    },
    problemWith: (host) => (isIP(host) === 0 ? undefined : check([{ address: host, family: isIP(host) }])),
  }
}
