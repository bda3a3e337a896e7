/**
 * How long somebody who typed a wrong password has to wait before the next try: longer each time, for that name at that
 * address, and for that address whatever the name. Nobody is locked out: from elsewhere the right password still works.
 *
 * A try that comes too early is refused before the password is looked at, so that many at once gain nothing; tries for one
 * name at one address run one after the other. The same for names that nobody has.
 *
 * @module
 */

import type { Counters } from '../storage/index.ts'

export interface LoginThrottle {
  /** Runs `attempt` in its turn, unless it has to wait. `attempt` answers whether the password was right. */
  guard<T>(name: string, address: string, attempt: () => Promise<{ right: boolean; outcome: T }>): Promise<T | { waitSeconds: number }>
}

const WINDOW_SECONDS = 900
const MAX_WAIT_SECONDS = 60

export function createLoginThrottle(counters: Counters): LoginThrottle {
  const turns = new Map<string, Promise<unknown>>()

  /** Which waits are being counted, and how many failures are free of any. */
  const keysOf = (name: string, address: string): [string, number][] => [
    [`login:${JSON.stringify([name, address])}`, 3],
    [`login:${JSON.stringify([address])}`, 20],
  ]
  async function waitFor(name: string, address: string): Promise<number> {
    let wait = 0
    for (const [key, free] of keysOf(name, address)) {
      const { count } = await counters.increment(key, WINDOW_SECONDS, 0)
      const seconds = delaySeconds(count - free)
      // One try in each delay: the first to come after it has passed takes the place.
      if (seconds > 0 && !(await counters.takeOnce(`${key}:${count}`, seconds))) wait = Math.max(wait, seconds)
    }
    return wait
  }
  return {
    async guard(name, address, attempt) {
      const turn = JSON.stringify([name, address])
      const before = turns.get(turn)
      const run = (async () => {
        await before?.catch(() => {})
        const waitSeconds = await waitFor(name, address)
        if (waitSeconds > 0) return { waitSeconds }
        const { right, outcome } = await attempt()
        if (right) return outcome
        for (const [key, free] of keysOf(name, address)) {
          const { count } = await counters.increment(key, WINDOW_SECONDS)
          // Takes the place of the next try, so that the delay counts from now.
          const seconds = delaySeconds(count - free)
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
