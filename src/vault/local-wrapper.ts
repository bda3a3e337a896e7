/** Wraps data keys with master keys that this process holds. What none of them opens stays closed. @module */

import type { Keys } from './key-file.ts'
import type { KeyWrapper } from './key-wrapper.ts'
import { createRing } from './ring.ts'

/** @param now the keys as they are, newest first; asked each time, so that a file that has changed is seen. */
export function createLocalWrapper(now: () => Keys): KeyWrapper {
  let keys = now()
  let ring = createRing(keys)
  const placeOf = (context: string): string => `data-key/${context}`
  function current(): string {
    const found = now()
    if (found !== keys) {
      ring = createRing(found)
      keys = found
    }
    return keys[0].id
  }
  return {
    current,
    wrap: (key, context) => ({ keyId: current(), wrapped: ring.seal(key, placeOf(context)) }),
    unwrap(_, wrapped, context) {
      const opened = ring.open(wrapped, placeOf(context))
      if (opened !== undefined) return opened
      // Another process may have wrapped it with a key that we have not seen.
      current()
      return ring.open(wrapped, placeOf(context))
    },
  }
}
