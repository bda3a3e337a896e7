/**
 * Whether something may connect to where it wants to, and to which addresses that may lead. Pure.
 *
 * Fails closed: a name leads to public addresses alone, and what is written as an address was granted as that address.
 *
 * @module
 */

import { isIP } from 'node:net'
import type { AllowPrivate } from '../../net/index.ts'
import { type Destination, matchesDestination } from '../grants/destination.ts'

export interface Allowance {
  readonly allowPrivate: AllowPrivate
  /** Whether what is said on the connection has to name the host, too: of an address, nothing is known but what it is. */
  readonly isNamed: boolean
}

export function findAllowance(
  allowed: readonly Destination[],
  wanted: Destination,
  privateHosts: readonly string[] = [],
): Allowance | undefined {
  if (!allowed.some((granted) => matchesDestination(granted, wanted))) return undefined
  const { host } = wanted
  if (isIP(host) !== 0) return { allowPrivate: true, isNamed: false }
  if (host === 'localhost') return { allowPrivate: 'loopback', isNamed: false }
  return { allowPrivate: privateHosts.includes(host), isNamed: true }
}
