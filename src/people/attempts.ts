/**
 * How long somebody who was wrong has to wait before the next try. A try that comes too early is refused before it is looked at, so that
 * many at once gain nothing; tries of one turn run one after the other. Nobody is locked out: a wait always ends.
 *
 * @module
 */

import type { Counters } from '../storage/index.ts'

/** Failures that are counted together, and what they cost. */
export interface Counted {
  readonly key: string
  readonly windowMs: number
  /** How long the next try has to wait after so many failures. */
  readonly delayAfter: (failures: number) => number
}

export interface Attempted<T> {
  /** Undefined where it was not looked at: neither a failure, nor somebody who knows it. */
  readonly right: boolean | undefined
  readonly outcome: T
}

export interface Attempts {
  /**
   * Runs `attempt` in its turn, unless one of the counts says to wait. `countedFor` is asked before it, and again after a failure; what counts
   * for fewer people comes first.
   */
  guard<T>(
    turn: string,
    countedFor: () => readonly Counted[],
    attempt: () => Promise<Attempted<T>>,
  ): Promise<T | { readonly waitSeconds: number }>
}

export function createAttempts(counters: Counters): Attempts {
  const turns = new Map<string, Promise<unknown>>()

  /** From the first that has to wait on nothing is taken: who is refused here must not hold up others there. */
  async function waitFor(counted: readonly Counted[]): Promise<number> {
    for (const { key, windowMs, delayAfter } of counted) {
      const { count } = await counters.increment(key, windowMs, 0)
      const seconds = delayAfter(count)
      // One try in each delay: the first to come after it has passed takes the place.
      if (seconds > 0 && !(await counters.takeOnce(`${key}:${count}`, seconds))) return seconds
    }
    return 0
  }
  async function countFailure(counted: readonly Counted[]): Promise<void> {
    for (const { key, windowMs, delayAfter } of counted) {
      const { count } = await counters.increment(key, windowMs)
      // Takes the place of the next try, so that the delay counts from now.
      const seconds = delayAfter(count)
      if (seconds > 0) await counters.takeOnce(`${key}:${count}`, seconds)
    }
  }
  return {
    async guard(turn, countedFor, attempt) {
      const before = turns.get(turn)
      const run = (async () => {
        await before?.catch(() => {})
        const waitSeconds = await waitFor(countedFor())
        if (waitSeconds > 0) return { waitSeconds }
        const { right, outcome } = await attempt()
        if (right === false) await countFailure(countedFor())
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

/** 1, 2, 4, … seconds after the free ones, `max` at most. */
export const doubling =
  (free: number, max: number) =>
  (failures: number): number =>
    failures <= free ? 0 : Math.min(max, 2 ** Math.min(failures - free - 1, 20))
