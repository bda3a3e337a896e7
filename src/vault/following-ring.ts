/** A ring of keys that may change meanwhile: it seals with the newest, and opens with all that it has seen. @module */

import type { Keys } from './key-file.ts'
import type { KeyRing } from './key-ring.ts'
import { createRing } from './ring.ts'

export interface FollowingRing extends KeyRing {
  /** The id of the key that seals now. */
  newest(): string
}

/** @param now the keys as they are, newest first; the same array for as long as they are the same. */
export function createFollowingRing(now: () => Keys): FollowingRing {
  let keys = now()
  let ring = createRing(keys)
  /** Whether they are others than before. */
  function look(): boolean {
    const found = now()
    if (found === keys) return false
    ring = createRing(found)
    keys = found
    return true
  }
  return {
    newest() {
      look()
      return keys[0].id
    },
    seal(plaintext, place) {
      look()
      return ring.seal(plaintext, place)
    },
    open: (sealed, place) => ring.open(sealed, place) ?? (look() ? ring.open(sealed, place) : undefined),
    mac: (purpose, data) => ring.mac(purpose, data),
  }
}
