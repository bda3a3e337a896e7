/** What every service stands on, whatever it is reached over: the store, the bus, the counters, and the sweep of what has expired. @module */

import { type Clock, systemClock } from '../core/index.ts'
import { createSweeper, toRetention } from '../retention/index.ts'
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

export function createFoundation({ data, log, retention = toRetention(), clock = systemClock }: ServiceOptions): Foundation {
  const { store, vault } = data
  const bus = createLocalBus()
  const counters = createMemoryCounters({ clock })
  // Full at 3,000 a second for five minutes; beyond that proofs are refused.
  const proofs = createMemoryCounters({ clock, maxKeys: 1_000_000 })
  // Another process (the command line beside us) may revoke a key: what was verified before is verified again.
  const stopFollowing = store.onForeignChange(() => bus.publish('credentials', 'changed in another process'))
  const sweeper = createSweeper({ store, vault, bus, retention, clock, log })
  // What was begun before this process is ended by it.
  void sweeper.sweep()
  return {
    store,
    bus,
    counters,
    proofs,
    clock,
    async close() {
      sweeper.close()
      stopFollowing()
      await store.close()
    },
  }
}
