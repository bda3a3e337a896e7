/** Where the master keys come from: `SALLYPORT_MASTER_KEY`, the file that `SALLYPORT_MASTER_KEY_FILE` names, or our own file. @module */

import { ConfigError } from '../core/index.ts'
import { followKeyFile } from './follow-key-file.ts'
import { addKeyToFile, loadKeyFile, requireKeys } from './key-file.ts'
import type { KeyRing } from './key-ring.ts'
import { createMasterKey, formatKey } from './keys.ts'
import { createRing } from './ring.ts'

export interface KeyRingOptions {
  /** Our own file, made if it is not there. Not touched where the environment has the key. */
  readonly file: string
  readonly env?: Readonly<Record<string, string | undefined>>
}

/** @throws {ConfigError} where the keys are not safe, not there or not keys. */
export function createKeyRing({ file, env = process.env }: KeyRingOptions): KeyRing {
  const value = env['SALLYPORT_MASTER_KEY']
  const named = env['SALLYPORT_MASTER_KEY_FILE']
  if (value && named) throw new ConfigError(['SALLYPORT_MASTER_KEY and SALLYPORT_MASTER_KEY_FILE are both set: keep one.'])
  if (value) return createRing(requireKeys(value, 'SALLYPORT_MASTER_KEY'))
  if (named) return createRing(loadKeyFile(named))
  return followKeyFile(file)
}

/**
 * A new key in our own file, above those that are there: it seals from now on, in every process that follows the file.
 * Whoever calls this makes sure that nobody else does so at the same time.
 *
 * @throws {ConfigError} where the key comes from the environment, which is not ours to write.
 */
export function addMasterKey({ file, env = process.env }: KeyRingOptions): void {
  const source = ['SALLYPORT_MASTER_KEY', 'SALLYPORT_MASTER_KEY_FILE'].find((name) => env[name])
  if (source)
    throw new ConfigError([
      `${source}: the master key comes from the environment. Put a new key (openssl rand -base64 32) before those that are in it, separated by a comma or a line, and keep them.`,
    ])
  addKeyToFile(file)
}

/** A ring of a key file's text that is kept elsewhere, such as in a keychain. @throws {ConfigError} where it is none; names `source`. */
export const createKeyRingOf = (text: string, source: string): KeyRing => createRing(requireKeys(text, source))

/** The text of one new key. */
export const createKeyText = (): string => formatKey(createMasterKey())

/** A ring that ends with the process: for tests, and for servers that keep nothing. */
export function createMemoryKeyRing(): KeyRing {
  return createRing([createMasterKey()])
}
