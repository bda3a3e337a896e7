/** Where the master keys come from: `SALLYPORT_MASTER_KEY`, the file that `SALLYPORT_MASTER_KEY_FILE` names, or our own file. @module */

import { ConfigError } from '../core/index.ts'
import { loadKeyFile, loadOrCreateKeyFile, requireKeys } from './key-file.ts'
import type { KeyRing } from './key-ring.ts'
import { createMasterKey } from './keys.ts'
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
  return createRing(loadOrCreateKeyFile(file))
}

/** A ring that ends with the process: for tests, and for servers that keep nothing. */
export function createMemoryKeyRing(): KeyRing {
  return createRing([createMasterKey()])
}
