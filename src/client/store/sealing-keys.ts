/** The seam for the keys that seal a store's files: the vault's own, or one in the platform's keychain. @module */

import { join } from 'node:path'
import { once } from '../../core/index.ts'
import { addMasterKey, createKeyRing, type KeyRing } from '../../vault/index.ts'

export interface SealingKeys {
  /** As they are now. Whoever writes asks once it has the record's lock, so that nothing is sealed with a key that is on its way out. */
  load(): Promise<KeyRing>
  /** A new one, which seals from now on. Nobody else does so at the same time. */
  add(): Promise<void>
  /** Everything was sealed anew: older ones may go. */
  settle(): Promise<void>
}

type Env = Readonly<Record<string, string | undefined>>

/**
 * The master keys of the data directory, or of the environment. Older ones stay: what a guard keeps in the same folder may still need
 * them.
 */
export function createFileKeys(dataDir: string, env: Env): SealingKeys {
  const options = { file: join(dataDir, 'master.key'), env }
  // It follows the file by itself.
  const ring = once(() => createKeyRing(options))
  return {
    load: async () => ring(),
    add: async () => addMasterKey(options),
    settle: async () => {},
  }
}
