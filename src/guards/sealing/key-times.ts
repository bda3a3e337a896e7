/**
 * How long a key that values are sealed to is used. It follows from when it and its successor were made, so that processes agree without
 * talking to each other. Pure.
 *
 *   made → sealed to, until another is made → opens for a day → gone
 *
 * @module
 */

export interface KeyTimes {
  /** Milliseconds since the epoch. Keys are in the order of it. */
  readonly createdAt: number
}

const DAY_MS = 86_400_000
const SEALS_FOR_MS = 30 * DAY_MS
const OPENS_FOR_MS = DAY_MS
/** Each may be asked for by a client that still has it; only so many are told. */
const MOST = 8

/** Undefined while no other follows. */
export function opensUntil<T extends KeyTimes>(keys: readonly T[], key: T): number | undefined {
  const successor = keys[keys.indexOf(key) + 1]
  return successor && successor.createdAt + OPENS_FOR_MS
}

export const inTime = <T extends KeyTimes>(keys: readonly T[], now: number): readonly T[] =>
  keys.filter((key) => (opensUntil(keys, key) ?? Number.POSITIVE_INFINITY) > now).slice(-MOST)

/** Whether it is time for another. */
export function isDue(keys: readonly KeyTimes[], now: number): boolean {
  const last = keys.at(-1)
  return !last || now >= last.createdAt + SEALS_FOR_MS
}
