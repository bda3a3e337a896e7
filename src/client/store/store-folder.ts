/** The folder of a store: where each record's files are. Ours is made 0700; one that others can write into is refused. @module */

import { readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { requireFolder } from '../../vault/index.ts'
import { isHash } from './sealed-record.ts'
import { toStoreError } from './store-error.ts'

export interface StoreFolder {
  /** Makes it, where it is not there. @throws {ConfigError} where that cannot be, or others can write into it. */
  require(): void
  /** @throws {ConfigError} where it is there and others can write into it. */
  exists(): boolean
  fileOf(hash: string): string
  lockOf(hash: string): string
  /** Of whoever rotates keys. */
  readonly rotationLock: string
  /** Of every record that was ever written or taken here, in order. */
  hashes(): readonly string[]
}

export function createStoreFolder(dir: string): StoreFolder {
  const require = (): void => {
    requireFolder(dirname(dir))
    requireFolder(dir)
  }
  function exists(): boolean {
    if (statSync(dir, { throwIfNoEntry: false }) === undefined) return false
    require()
    return true
  }
  return {
    require,
    exists,
    fileOf: (hash) => join(dir, `${hash}.sealed`),
    lockOf: (hash) => join(dir, `${hash}.lock`),
    rotationLock: join(dir, 'rotation.lock'),
    hashes() {
      if (!exists()) return []
      try {
        const hashes = readdirSync(dir).map((name) => name.split('.', 1)[0] as string)
        return [...new Set(hashes)].filter(isHash).sort()
      } catch (error) {
        throw toStoreError(error, 'store_unreadable', dir)
      }
    },
  }
}
