/** What every service stands on, whatever it is reached over: the store, the bus, the counters, and the sweep of what has expired. @module */

import { type Clock, problemOf, systemClock } from '../core/index.ts'
import { type Bus, type Counters, createLocalBus, createMemoryCounters, type Store } from '../storage/index.ts'
import type { ServiceOptions } from './service.ts'

export interface Foundation {
  readonly store: Store
  readonly bus: Bus
  readonly counters: Counters
  /** For what whoever holds a token can use up by the thousand: apart, so that it crowds out nothing else. */
  readonly proofs: Counters
  readonly clock: Clock
  close(): Promise<void>
}

const SWEEP_MS = 60_000

export function createFoundation({ data, log, clock = systemClock }: ServiceOptions): Foundation {
  const { store } = data
  const bus = createLocalBus()
  const counters = createMemoryCounters({ clock })
  // Full at 3,000 a second for five minutes; beyond that proofs are refused.
  const proofs = createMemoryCounters({ clock, maxKeys: 1_000_000 })
  // Another process (the command line beside us) may revoke a key: what was verified before is verified again.
  const stopFollowing = store.onForeignChange(() => bus.publish('credentials', 'changed in another process'))
  const sweeper = setInterval(() => {
    store.sweep().catch((error: unknown) => log('warn', 'expired records could not be removed', { problem: problemOf(error) }))
  }, SWEEP_MS)
  sweeper.unref()
  return {
    store,
    bus,
    counters,
    proofs,
    clock,
    async close() {
      clearInterval(sweeper)
      stopFollowing()
      await store.close()
    },
  }
}
