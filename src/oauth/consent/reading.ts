/**
 * That a consent page was there to be read before it was answered: its form says when it was sent, sealed for this question, client and
 * person. Whoever makes somebody click twice, the second time on our page, gets nothing in the first second.
 *
 * Fails closed: a time that does not open here, or that has not come yet, is a form of somebody else's.
 *
 * Not found: a page that waits a second behind another one. Pages here cannot be framed, and a click on them is seen.
 *
 * @module
 */

import type { Clock } from '../../core/index.ts'
import type { KeyRing } from '../../vault/index.ts'

export interface Reading {
  /** For the hidden field `shown`. */
  stamp(place: ReadingPlace): string
  check(stamp: string | null, place: ReadingPlace): 'read' | 'too_soon' | 'forged'
}

export interface ReadingPlace {
  readonly uid: string
  readonly clientId: string
  readonly account: string
}

export interface ReadingParts {
  readonly keyRing: Pick<KeyRing, 'seal' | 'open'>
  readonly clock: Clock
  /** Nobody has to wait. */
  readonly isHasteAllowed: boolean
}

const LEAST_MS = 1000

export function createReading({ keyRing, clock, isHasteAllowed }: ReadingParts): Reading {
  const placeOf = ({ uid, clientId, account }: ReadingPlace): string => `consent/${JSON.stringify([uid, clientId, account])}`
  return {
    stamp: (place) => keyRing.seal(String(clock()), placeOf(place)),
    check(stamp, place) {
      const shownAt = stamp === null ? undefined : keyRing.open(stamp, placeOf(place))
      if (shownAt === undefined) return 'forged'
      const sinceMs = clock() - Number(shownAt.toString())
      if (!(sinceMs >= 0)) return 'forged'
      return sinceMs >= LEAST_MS || isHasteAllowed ? 'read' : 'too_soon'
    },
  }
}
