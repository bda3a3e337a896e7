/**
 * How many bytes of large results are in work at once, of all callers together: what is read, redacted and stored takes memory, whoever it is
 * for. Fails closed: what finds no room is refused, since to wait with it would take the room all the same.
 *
 * @module
 */

export interface Work {
  /** Undefined: there is no room. What is answered gives it back. */
  enter(bytes: number): (() => void) | undefined
}

/** Three of the largest that there can be. */
const WORK_BYTES = 192 * 1024 * 1024

export function createWork(most: number = WORK_BYTES): Work {
  let taken = 0
  return {
    enter(bytes) {
      if (taken + bytes > most) return undefined
      taken += bytes
      let isBack = false
      return () => {
        if (!isBack) taken -= bytes
        isBack = true
      }
    },
  }
}
