/**
 * How long somebody who typed a wrong password has to wait before the next try: longer each time, for that name at that
 * address, and for that address whatever the name; and a few seconds for that name from anywhere, once it was tried very
 * often. Nobody is locked out: from elsewhere the right password still works, and where somebody signed in before, tries
 * from other addresses change nothing. The same for names that nobody has.
 *
 * @module
 */

import { addressGroup } from '../net/index.ts'
import type { Counters } from '../storage/index.ts'
import { type Attempted, type Counted, createAttempts, doubling } from './attempts.ts'

export interface LoginThrottle {
  /** Runs `attempt` in its turn, unless it has to wait. `attempt` answers whether the password was right. */
  guard<T>(name: string, address: string, attempt: () => Promise<Attempted<T>>): Promise<T | { readonly waitSeconds: number }>
}

const WINDOW_MS = 900_000
const MAX_WAIT_SECONDS = 60
/** What a name may be got wrong at one address, and one address whatever the name, before it waits. */
const FREE_HERE = 3
const FREE_AT_ADDRESS = 20
/** What a name is tried from all addresses together before it slows down, and by how much at most. */
const FREE_ANYWHERE = 50
const MAX_WAIT_ANYWHERE_SECONDS = 10
/** How many pairs of a name and an address where it signed in are remembered. */
const MAX_FAMILIAR = 1000

export function createLoginThrottle(counters: Counters): LoginThrottle {
  const attempts = createAttempts(counters)
  const familiar = new Set<string>()

  /** Which waits are being counted. */
  function countedFor(name: string, address: string): Counted[] {
    const here = [
      { key: `login:${JSON.stringify([name, address])}`, windowMs: WINDOW_MS, delayAfter: doubling(FREE_HERE, MAX_WAIT_SECONDS) },
      { key: `login:${JSON.stringify([address])}`, windowMs: WINDOW_MS, delayAfter: doubling(FREE_AT_ADDRESS, MAX_WAIT_SECONDS) },
    ]
    if (familiar.has(JSON.stringify([name, address]))) return here
    return [...here, { key: `login-anywhere:${name}`, windowMs: WINDOW_MS, delayAfter: slowDelaySeconds }]
  }
  function remember(name: string, address: string): void {
    const pair = JSON.stringify([name, address])
    familiar.delete(pair)
    familiar.add(pair)
    if (familiar.size > MAX_FAMILIAR) for (const oldest of familiar) return void familiar.delete(oldest)
  }
  return {
    guard(name, from, attempt) {
      const address = addressGroup(from)
      return attempts.guard(
        JSON.stringify([name, address]),
        () => countedFor(name, address),
        async () => {
          const attempted = await attempt()
          if (attempted.right === true) remember(name, address)
          return attempted
        },
      )
    },
  }
}

/** A second more with every ten failures: guessing from many addresses is slowed down, and nobody waits long because of it. */
const slowDelaySeconds = (failures: number): number =>
  failures <= FREE_ANYWHERE ? 0 : Math.min(MAX_WAIT_ANYWHERE_SECONDS, Math.ceil((failures - FREE_ANYWHERE) / 10))
