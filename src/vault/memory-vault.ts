/** Data keys that end with the process: for tests, and for servers that keep nothing. @module */

import { systemClock } from '../core/index.ts'
import { createMemoryStore } from '../storage/index.ts'
import { createMemoryKeyRing } from './create-key-ring.ts'
import { createVault } from './create-vault.ts'
import type { DataKeyRecord } from './data-key-record.ts'
import { createDataKeys } from './data-keys.ts'
import { createMasterKey } from './keys.ts'
import { createLocalWrapper } from './local-wrapper.ts'
import type { Vault } from './vault.ts'

export function createMemoryVault(): Vault {
  const store = createMemoryStore()
  const keys = [createMasterKey()] as const
  const records = store.records<DataKeyRecord>('data_key')
  const wrapper = createLocalWrapper(() => keys)
  return createVault(createDataKeys({ records, scrub: async () => {}, wrapper, keyRing: createMemoryKeyRing(), clock: systemClock }))
}
