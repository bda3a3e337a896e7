/**
 * What a signing key is for at a given time. It follows from the times that the keys were given when they were made, so several
 * processes agree without talking to each other. Pure.
 *
 *   made → published → signs → verifies what it has signed → gone
 *
 * @module
 */

export interface Timed {
  /** Milliseconds since the epoch. Keys are in the order of it. */
  readonly signsFrom: number
}

export type KeyState = 'next' | 'signing' | 'retired'

const MINUTE_MS = 60_000
/** How long a key is published before it signs: longer than whoever caches the JWKS goes without looking (jose: ten minutes). */
export const PUBLISH_AHEAD_MS: number = 15 * MINUTE_MS
/** No access token is good for longer than a day (`options.ts`); the hour is for a process that was late to hear of its successor. */
const VERIFIES_FOR_MS = 25 * 60 * MINUTE_MS

/** The one that signs: the last whose time has come. The first, where a clock that was wrong says that none has. */
export const signingOf = <T extends Timed>(keys: readonly T[], now: number): T | undefined =>
  keys.findLast(({ signsFrom }) => signsFrom <= now) ?? keys[0]

/** When the last of its tokens has expired; undefined while no other follows. */
export const endOf = <T extends Timed>(keys: readonly T[], key: T): number | undefined => {
  const successor = keys[keys.indexOf(key) + 1]
  return successor && successor.signsFrom + VERIFIES_FOR_MS
}

/** Those that sign, will sign, or have signed what may still be good. */
export const neededOf = <T extends Timed>(keys: readonly T[], now: number): T[] =>
  keys.filter((key) => (endOf(keys, key) ?? Number.POSITIVE_INFINITY) > now)

export function stateOf<T extends Timed>(keys: readonly T[], key: T, now: number): KeyState {
  const signing = signingOf(keys, now)
  if (key === signing) return 'signing'
  return signing && key.signsFrom > signing.signsFrom ? 'next' : 'retired'
}

/** When a successor has to begin, if it is time to publish one; undefined otherwise, and where one is published already. */
export function successorDue(keys: readonly Timed[], now: number, maxAgeMs: number): number | undefined {
  const signing = signingOf(keys, now)
  if (signing === undefined || keys.at(-1) !== signing) return undefined
  const due = signing.signsFrom + maxAgeMs
  return now >= due - PUBLISH_AHEAD_MS ? Math.max(due, now + PUBLISH_AHEAD_MS) : undefined
}
