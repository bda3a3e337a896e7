/**
 * How many of something each key has at once: the bound behind every "so many for each caller". Fails closed: what finds no place is
 * given none, it does not queue.
 *
 * @module
 */

export interface Tally {
  /** Takes a place, unless `key` has `most` already. What is answered gives it back, once however often it is called. */
  take(key: string, most: number): (() => void) | undefined
}

export function createTally(): Tally {
  const held = new Map<string, number>()
  return {
    take(key, most) {
      const count = held.get(key) ?? 0
      if (count >= most) return undefined
      held.set(key, count + 1)
      let isBack = false
      return () => {
        if (isBack) return
        isBack = true
        const left = (held.get(key) as number) - 1
        if (left > 0) held.set(key, left)
        else held.delete(key)
      }
    },
  }
}
