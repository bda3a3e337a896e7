/**
 * Notes to ourselves that a form carries: sealed, for one purpose, good for a while. Nothing is stored; whoever holds one learns and
 * changes nothing.
 *
 * @module
 */

import type { Clock } from '../core/index.ts'
import type { KeyRing } from '../vault/index.ts'

export interface SealedNotes<T> {
  write(note: T, purpose: string, ttlSeconds: number): string
  /** Undefined for one that is too old, for something else, or not ours. */
  read(text: string, purpose: string): T | undefined
}

const MAX_LENGTH = 4096

export function createSealedNotes<T extends object>({
  keyRing,
  clock,
  place,
}: {
  readonly keyRing: KeyRing
  readonly clock: Clock
  readonly place: string
}): SealedNotes<T> {
  const placeOf = (purpose: string): string => `${place}/${JSON.stringify(purpose)}`
  return {
    write: (note, purpose, ttlSeconds) => keyRing.seal(JSON.stringify({ note, until: clock() + ttlSeconds * 1000 }), placeOf(purpose)),
    read(text, purpose) {
      const opened = text.length > MAX_LENGTH ? undefined : keyRing.open(text, placeOf(purpose))
      if (opened === undefined) return undefined
      const { note, until } = JSON.parse(opened.toString()) as { note: T; until: number }
      return clock() < until ? note : undefined
    },
  }
}
