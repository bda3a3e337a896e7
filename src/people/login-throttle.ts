/**
 * How long somebody who typed a wrong password has to wait before the next try: longer each time, for that name at that
 * address, and for that address whatever the name; and a few seconds for that name from anywhere, once it was tried very
 * often. Nobody is locked out: from elsewhere the right password still works, and where somebody signed in before, tries
 * from other addresses change nothing.
 *
 * A try that comes too early is refused before the password is looked at, so that many at once gain nothing; tries for one
 * name at one address run one after the other. The same for names that nobody has.
 *
 * @module
 */

import { addressGroup } from '../net/index.ts'
import type { Counters } from '../storage/index.ts'

export interface LoginThrottle {
  /** Runs `attempt` in its turn, unless it has to wait. `attempt` answers whether the password was right. */
  guard<T>(name: string, address: string, attempt: () => Promise<{ right: boolean; outcome: T }>): Promise<T | { waitSeconds: number }>
}

const WINDOW_MS = 900_000
const MAX_WAIT_SECONDS = 60
/** What a name is tried from all addresses together before it slows down, and by how much at most. */
const FREE_ANYWHERE = 50
const MAX_WAIT_ANYWHERE_SECONDS = 10
/** How many pairs of a name and an address where it signed in are remembered. */
const MAX_FAMILIAR = 1000

interface Counted {
  readonly key: string
  /** How long the next try has to wait after so many failures. */
  readonly delayAfter: (failures: number) => number
}

export function createLoginThrottle(counters: Counters): LoginThrottle {
  const turns = new Map<string, Promise<unknown>>()
  const familiar = new Set<string>()

  /** Which waits are being counted. */
  function countedFor(name: string, address: string): Counted[] {
    const here = [
      { key: `login:${JSON.stringify([name, address])}`, delayAfter: (failures: number) => delaySeconds(failures - 3) },
      { key: `login:${JSON.stringify([address])}`, delayAfter: (failures: number) => delaySeconds(failures - 20) },
    ]
    if (familiar.has(JSON.stringify([name, address]))) return here
    return [...here, { key: `login-anywhere:${name}`, delayAfter: slowDelaySeconds }]
  }
  function remember(name: string, address: string): void {
    const pair = JSON.stringify([name, address])
    familiar.delete(pair)
    familiar.add(pair)
    if (familiar.size > MAX_FAMILIAR) for (const oldest of familiar) return void familiar.delete(oldest)
  }
  async function waitFor(name: string, address: string): Promise<number> {
    let wait = 0
    for (const { key, delayAfter } of countedFor(name, address)) {
      const { count } = await counters.increment(key, WINDOW_MS, 0)
      const seconds = delayAfter(count)
      // One try in each delay: the first to come after it has passed takes the place.
      if (seconds > 0 && !(await counters.takeOnce(`${key}:${count}`, seconds))) wait = Math.max(wait, seconds)
    }
    return wait
  }
  return {
    async guard(name, from, attempt) {
      const address = addressGroup(from)
      const turn = JSON.stringify([name, address])
      const before = turns.get(turn)
      const run = (async () => {
        await before?.catch(() => {})
        const waitSeconds = await waitFor(name, address)
        if (waitSeconds > 0) return { waitSeconds }
        const { right, outcome } = await attempt()
        if (right) {
          remember(name, address)
          return outcome
        }
        for (const { key, delayAfter } of countedFor(name, address)) {
          const { count } = await counters.increment(key, WINDOW_MS)
          // Takes the place of the next try, so that the delay counts from now.
          const seconds = delayAfter(count)
          if (seconds > 0) await counters.takeOnce(`${key}:${count}`, seconds)
        }
        return outcome
      })()
      turns.set(turn, run)
      try {
        return await run
      } finally {
        if (turns.get(turn) === run) turns.delete(turn)
      }
    },
  }
}

/** 1, 2, 4, … seconds, a minute at most. */
const delaySeconds = (failures: number): number => (failures <= 0 ? 0 : Math.min(MAX_WAIT_SECONDS, 2 ** Math.min(failures - 1, 10)))
/** A second more with every ten failures: guessing from many addresses is slowed down, and nobody waits long because of it. */
const slowDelaySeconds = (failures: number): number =>
  failures <= FREE_ANYWHERE ? 0 : Math.min(MAX_WAIT_ANYWHERE_SECONDS, Math.ceil((failures - FREE_ANYWHERE) / 10))
