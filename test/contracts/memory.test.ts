import { createMemoryCounters, createMemoryStore } from '../../src/storage/index.ts'
import { describeAuditStore } from './audit-store.ts'
import { describeCounters } from './counters.ts'
import { describeStore } from './store.ts'

describeStore('memory', async (clock) => {
  const store = createMemoryStore({ clock })
  return { store, other: store, end: () => store.close() }
})

describeAuditStore('memory', async () => {
  const store = createMemoryStore()
  return { audit: store.audit, other: store.audit, end: () => store.close() }
})

describeCounters('memory', () => {
  let now = 5_000
  return {
    counters: createMemoryCounters({ clock: () => now }),
    pass: (seconds) => {
      now += seconds * 1000
    },
    end: async () => {},
  }
})
