/**
 * The master keys, where they are keys: of `SALLYPORT_MASTER_KEY`, of the file that `SALLYPORT_MASTER_KEY_FILE` names, or of our own
 * file. Files are followed, so that a server that runs opens what `sallyport keys rotate` has wrapped anew beside it.
 *
 * A file that is gone or wrong meanwhile is not followed: what was read before stays.
 *
 * @module
 */

import { statSync } from 'node:fs'
import { ConfigError } from '../core/index.ts'
import { type Keys, loadKeyFile, loadOrCreateKeyFile, loadOwnKeyFile, requireKeys } from './key-file.ts'

export interface MasterKeysOptions {
  /** Our own file, made if it is not there. Not touched where the environment has the key. */
  readonly file: string
  readonly env?: Readonly<Record<string, string | undefined>>
}

export interface MasterKeys {
  /** Newest first. The same array for as long as they are the same keys. */
  now(): Keys
  /** For messages: a file or a variable. */
  readonly source: string
  /** Ours to write: keys may be put into it and taken out of it. */
  readonly ownFile: string | undefined
  /** It was made just now. */
  readonly isNew: boolean
}

/** @throws {ConfigError} where the keys are not safe, not there or not keys. */
export function createMasterKeys({ file, env = process.env }: MasterKeysOptions): MasterKeys {
  const value = env['SALLYPORT_MASTER_KEY']
  const named = env['SALLYPORT_MASTER_KEY_FILE']
  if (value && named) throw new ConfigError(['SALLYPORT_MASTER_KEY and SALLYPORT_MASTER_KEY_FILE are both set: keep one.'])
  if (value) {
    const keys = requireKeys(value, 'SALLYPORT_MASTER_KEY')
    return { now: () => keys, source: 'SALLYPORT_MASTER_KEY', ownFile: undefined, isNew: false }
  }
  if (named) return { now: follow(named, loadKeyFile(named), loadKeyFile), source: named, ownFile: undefined, isNew: false }
  const isNew = statSync(file, { throwIfNoEntry: false }) === undefined
  return { now: follow(file, loadOrCreateKeyFile(file), loadOwnKeyFile), source: file, ownFile: file, isNew }
}

function follow(file: string, first: Keys, load: (file: string) => Keys | undefined): () => Keys {
  let keys = first
  // Undefined: what was read may have been replaced before we could see what it was.
  let seen: string | undefined
  return () => {
    const now = signatureOf(file)
    if (now === undefined || now === seen) return keys
    seen = now
    try {
      keys = load(file) ?? keys
    } catch {}
    return keys
  }
}

/** A file is replaced and never written to, so that another inode or another time is another file. */
export function signatureOf(file: string): string | undefined {
  const found = statSync(file, { bigint: true, throwIfNoEntry: false })
  return found && `${found.ino} ${found.mtimeNs} ${found.size}`
}
