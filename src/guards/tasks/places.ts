/**
 * How many tasks of one principal run at once, and how many of one entry: what runs detached from its request still counts.
 * Fails closed: what finds no place is refused, it does not queue, and work that never ends keeps its place for ever.
 *
 * @module
 */

import { createTally, type Denial, type Entry } from '../../core/index.ts'
import type { EntryConcurrency } from '../concurrency.ts'

export interface Places {
  /** Takes a place. What is answered gives it back, once however often it is called. */
  enter(owner: string, entry: Entry): (() => void) | Denial
}

export function createPlaces(mostEach: number, enterEntry: EntryConcurrency['enter']): Places {
  const owners = createTally()

  return {
    enter(owner, entry) {
      const leaveOwner = owners.take(owner, mostEach)
      if (!leaveOwner) return { reason: 'overloaded', problem: `This caller has ${mostEach} tasks running already: wait for one to end.` }
      const leaveEntry = enterEntry(entry)
      if (typeof leaveEntry !== 'object') {
        return () => {
          leaveEntry?.()
          leaveOwner()
        }
      }
      leaveOwner()
      return leaveEntry
    },
  }
}
