/**
 * How many tasks of one principal run at once, and how many of one entry: what runs detached from its request still counts.
 * Fails closed: what finds no place is refused, it does not queue.
 *
 * @module
 */

import type { Denial, Entry } from '../../core/index.ts'
import type { EntryConcurrency } from '../concurrency.ts'

export interface Places {
  /** Takes a place. What is answered gives it back, once however often it is called. */
  enter(owner: string, entry: Entry): (() => void) | Denial
}

export function createPlaces(mostEach: number, enterEntry: EntryConcurrency['enter']): Places {
  const held = new Map<string, number>()

  return {
    enter(owner, entry) {
      const count = held.get(owner) ?? 0
      if (count >= mostEach)
        return { reason: 'overloaded', problem: `This caller has ${mostEach} tasks running already: wait for one to end.` }
      const leaveEntry = enterEntry(entry)
      if (typeof leaveEntry === 'object') return leaveEntry
      held.set(owner, count + 1)
      let isGone = false
      return () => {
        if (isGone) return
        isGone = true
        leaveEntry?.()
        const left = (held.get(owner) ?? 1) - 1
        if (left > 0) held.set(owner, left)
        else held.delete(owner)
      }
    },
  }
}
