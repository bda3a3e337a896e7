/**
 * How many uses of one entry run at once, of all callers together: for what cannot do more, or costs too much.
 *
 *   … → approve → [enter] execute → release
 *
 * Entries without such a bound cost nothing here. Fails closed: what finds no place is refused, it does not queue, and a function
 * that never ends keeps its place for ever.
 *
 * @module
 */

import { createTally, type Denial, type Entry } from '../core/index.ts'

export interface EntryConcurrency {
  /**
   * Takes a place. What is answered gives it back, and is called once the work itself has ended: what nobody waits for any more
   * still runs. Undefined where the entry has no bound.
   */
  enter(entry: Entry): (() => void) | Denial | undefined
}

export function createEntryConcurrency(): EntryConcurrency {
  // By name: while a server's entries are replaced, calls of the old ones still run.
  const places = createTally()

  return {
    enter({ kind, name, limits }) {
      const most = limits?.concurrency
      if (most === undefined) return undefined
      const leave = places.take(`${kind} ${name}`, most)
      if (leave) return leave
      const shown = kind === 'tool' || kind === 'prompt' ? `The ${kind} ${name}` : 'What was asked for'
      return { reason: 'overloaded', problem: `${shown} is in use as often as it may be at once (${most}): try again.` }
    },
  }
}
