/**
 * How many uses of one entry run at once, of all callers together: for what cannot do more, or costs too much.
 *
 *   … → approve → [enter] execute → release
 *
 * Entries without such a bound cost nothing here. Fails closed: what finds no place is refused, it does not queue.
 *
 * @module
 */

import type { Denial, Entry } from '../core/index.ts'

export interface EntryConcurrency {
  /**
   * Takes a place. What is answered gives it back, and is called once the work has ended or is no longer waited for;
   * undefined where the entry has no bound.
   */
  enter(entry: Entry): (() => void) | Denial | undefined
}

export function createEntryConcurrency(): EntryConcurrency {
  // By name: while a server's entries are replaced, calls of the old ones still run.
  const running = new Map<string, number>()

  return {
    enter({ kind, name, limits }) {
      const bound = limits?.concurrency
      if (bound === undefined) return undefined
      const key = `${kind} ${name}`
      const count = running.get(key) ?? 0
      if (count >= bound) {
        const shown = kind === 'tool' || kind === 'prompt' ? `The ${kind} ${name}` : 'What was asked for'
        return { reason: 'overloaded', problem: `${shown} is in use as often as it may be at once (${bound}): try again.` }
      }
      running.set(key, count + 1)
      let isGone = false
      return () => {
        if (isGone) return
        isGone = true
        const left = (running.get(key) ?? 1) - 1
        if (left > 0) running.set(key, left)
        else running.delete(key)
      }
    },
  }
}
