/**
 * For whoever has a record in memory and need not ask the store for it: it is read once a day while it is used, so that the store does
 * not take it for unused. Nobody waits for that, and nothing is made of how it ends.
 *
 * @module
 */

import type { Clock } from '../../core/index.ts'
import { DAY_MS } from './lifetimes.ts'
import type { TokenStore } from './token-store.ts'

/** Costs a look at the clock. */
export function createDailyUse(store: TokenStore, names: readonly string[], clock: Clock): () => void {
  let nextAt = clock() + DAY_MS
  return () => {
    const now = clock()
    // One that is further away is of a clock that was wrong.
    if (now < nextAt && nextAt <= now + DAY_MS) return
    nextAt = now + DAY_MS
    for (const name of names) store.read(name).catch(noop)
  }
}

const noop = (): void => {}
