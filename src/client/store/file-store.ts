/**
 * The stores that keep sealed files in the data directory: `client/`, sealed with the vault's master key, and `client-keychain/`,
 * sealed with a key that the platform's keychain holds. Both list what they have and seal it anew with another key.
 *
 * @module
 */

import { join } from 'node:path'
import type { Clock, Log } from '../../core/index.ts'
import { resolveDataDir } from '../../vault/index.ts'
import type { Pruned, PruneOptions } from './cleanup.ts'
import { takeFileLock } from './file-lock.ts'
import { createKeychainKeys } from './keychain-keys.ts'
import { keptUntil } from './lifetimes.ts'
import { createSealedStore } from './sealed-store.ts'
import { createFileKeys, type SealingKeys } from './sealing-keys.ts'
import { createStoreFolder } from './store-folder.ts'
import type { TokenStore } from './token-store.ts'

export interface FileTokenStoreOptions {
  /** `SALLYPORT_DATA_DIR`, then the platform's place for an application's data, unless told. */
  readonly dataDir?: string | undefined
  /** Is told once of each record that does not open. */
  readonly log?: Log | undefined
  readonly env?: Readonly<Record<string, string | undefined>> | undefined
  readonly clock?: Clock | undefined
}

export interface KeptRecord {
  readonly name: string
  /** A secret, where it is one. */
  readonly value: string
  /** In milliseconds since the epoch, to a day. */
  readonly lastUsedAt: number
  /** If nobody uses it any more; undefined: for ever. */
  readonly keptUntil: number | undefined
}

export interface KeyRotation {
  /** How many records are sealed with the newest key now. */
  readonly resealed: number
  /** How many do not open with any key, and stay as they are. */
  readonly unreadable: number
}

export interface FileTokenStore extends TokenStore {
  /** The names of the records that open, in no order that means anything. */
  names(): Promise<readonly string[]>
  /** The records that open. To look at them here is no use of them. */
  records(): AsyncIterable<KeptRecord>
  /**
   * Removes what nobody uses any more: at once, all of it, and what it was. What another program is using stays.
   *
   * @throws {RangeError} where `unusedSeconds` is less than two days.
   */
  prune(options?: PruneOptions): Promise<Pruned>
  /**
   * A new key seals from now on, and every record is sealed anew, each under its lock. May be interrupted at any time, and called
   * again. `newKey: false`: with the newest key that is there.
   *
   * @throws {ConfigError} where the key comes from the environment, which is not ours to write.
   */
  rotateKey(options?: { readonly newKey?: boolean }): Promise<KeyRotation>
}

/** Nothing is made on disk before something is kept. */
export function createFileTokenStore({ dataDir, log, env = process.env, clock }: FileTokenStoreOptions = {}): FileTokenStore {
  const dir = resolveDataDir(dataDir, env)
  return createStore(join(dir, 'client'), () => createFileKeys(dir, env), { log, clock })
}

/** @throws {ConfigError} where the package `@napi-rs/keyring` is not installed. The keychain itself is first asked when it is needed. */
export function createKeychainTokenStore({ dataDir, log, env = process.env, clock }: FileTokenStoreOptions = {}): FileTokenStore {
  const dir = join(resolveDataDir(dataDir, env), 'client-keychain')
  return createStore(dir, () => createKeychainKeys(dir), { log, clock })
}

function createStore(dir: string, createKeys: () => SealingKeys, given: Pick<FileTokenStoreOptions, 'log' | 'clock'>): FileTokenStore {
  const folder = createStoreFolder(dir)
  const keys = createKeys()
  const { records, reseal, ...store } = createSealedStore({ folder, keys, ...given })

  async function rotateKey({ newKey = true }: { readonly newKey?: boolean } = {}): Promise<KeyRotation> {
    folder.require()
    const lock = await takeFileLock(folder.rotationLock, LONGEST_ROTATION_MS)
    try {
      if (newKey) await keys.add()
      // Whoever takes a record from here on has the new key; whoever took one before has left a lock, and is waited for.
      const counts = { resealed: 0, absent: 0, unreadable: 0 }
      for (const hash of folder.hashes()) counts[await reseal(hash)] += 1
      await keys.settle()
      return { resealed: counts.resealed, unreadable: counts.unreadable }
    } finally {
      lock.release()
    }
  }

  return Object.freeze({
    ...store,
    names: async () => Array.fromAsync(records(), ({ name }) => name),
    async *records() {
      for await (const record of records()) yield { ...record, keptUntil: keptUntil(record, record.lastUsedAt) }
    },
    rotateKey,
  })
}

const LONGEST_ROTATION_MS = 60_000
