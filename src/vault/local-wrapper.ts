/** Wraps data keys with master keys that this process holds. What none of them opens stays closed. @module */

import { createFollowingRing } from './following-ring.ts'
import type { Keys } from './key-file.ts'
import type { KeyWrapper } from './key-wrapper.ts'

/** @param now the keys as they are, newest first; asked each time, so that a file that has changed is seen. */
export function createLocalWrapper(now: () => Keys): KeyWrapper {
  const ring = createFollowingRing(now)
  const placeOf = (context: string): string => `data-key/${context}`
  return {
    current: ring.newest,
    wrap(key, context) {
      const wrapped = ring.seal(key, placeOf(context))
      return { keyId: wrapped.split('.')[1] as string, wrapped }
    },
    unwrap: (_, wrapped, context) => ring.open(wrapped, placeOf(context)),
  }
}
