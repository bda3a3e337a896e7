/** Rings over master keys: what the client seals its own files with. @module */

import { dirname } from 'node:path'
import { ConfigError } from '../core/index.ts'
import { createFollowingRing } from './following-ring.ts'
import { requireKeys } from './key-file.ts'
import type { KeyRing } from './key-ring.ts'
import { createMasterKey, formatKey } from './keys.ts'
import { createMasterKeys, type MasterKeysOptions, SOURCES } from './master-keys.ts'
import { createRing } from './ring.ts'
import { lockRotation } from './rotation-lock.ts'

/** Follows its file. @throws {ConfigError} where the keys are not safe, not there or not keys. */
export const createKeyRing = (options: MasterKeysOptions): KeyRing => createFollowingRing(createMasterKeys(options).now)

/**
 * A new key in our own file, above those that are there: it seals from now on, in every process that follows the file.
 *
 * @throws {ConfigError} where the key comes from elsewhere, which is not ours to write, and while somebody else replaces it.
 */
export function addMasterKey(options: MasterKeysOptions): void {
  const { env = process.env } = options
  const source = SOURCES.find((name) => env[name])
  if (source !== undefined)
    throw new ConfigError([
      `${source}: the master key comes from there. Put a new key (openssl rand -base64 32) before those that are in it, separated by a comma or a line, and keep them; a passphrase is changed by: sallyport keys rotate --new-passphrase-file FILE`,
    ])
  const { own } = createMasterKeys(options)
  const release = lockRotation(dirname(options.file))
  try {
    own?.add()
  } finally {
    release()
  }
}

/** A ring of a key file's text that is kept elsewhere, such as in a keychain. @throws {ConfigError} where it is none; names `source`. */
export const createKeyRingOf = (text: string, source: string): KeyRing => createRing(requireKeys(text, source))

/** The text of one new key. */
export const createKeyText = (): string => formatKey(createMasterKey())

/** A ring that ends with the process: for tests, and for servers that keep nothing. */
export function createMemoryKeyRing(): KeyRing {
  return createRing([createMasterKey()])
}
