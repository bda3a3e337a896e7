/**
 * The master keys, where this process has them: of `SALLYPORT_MASTER_KEY`, of the file that `SALLYPORT_MASTER_KEY_FILE` names, made of a
 * passphrase, or of our own file. Files are followed, so that a server that runs opens what `sallyport keys rotate` has wrapped anew
 * beside it, and wraps with the newest key from then on.
 *
 * A file that is gone or wrong meanwhile is not followed; a key that has been taken out of it still opens here, until this process ends.
 *
 * @module
 */

import { statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ConfigError } from '../core/index.ts'
import { addKeyToFile, dropKeysBelow, type Keys, loadKeyFile, loadOrCreateKeyFile, loadOwnKeyFile, requireKeys } from './key-file.ts'
import { passphraseIn } from './passphrase.ts'
import { createPassphraseKeys } from './passphrase-keys.ts'

export type Env = Readonly<Record<string, string | undefined>>

export interface MasterKeysOptions {
  /** Our own file, made if it is not there. Not touched where the environment has the key. */
  readonly file: string
  readonly env?: Env
  /** Something is sealed under the keys already: where they are gone, others are not made in their place. */
  readonly isInUse?: boolean
}

export interface MasterKeys {
  /** Newest first. The same array for as long as they are the same keys. */
  now(): Keys
  /** For messages: a file or a variable. */
  readonly source: string
  /** The file was made just now. */
  readonly newFile?: string | undefined
  /** They are made of one. */
  readonly isPassphrase?: boolean
  /** Where they are ours to change. */
  readonly own?: OwnKeys | undefined
}

export interface OwnKeys {
  /** How many there are in the file. */
  count(): number
  /** Another one above the others. @throws {ConfigError} */
  add(): void
  /** Takes out those below it. @throws {ConfigError} */
  settle(id: string): void
}

export const SOURCES: readonly string[] = [
  'SALLYPORT_MASTER_KEY',
  'SALLYPORT_MASTER_KEY_FILE',
  'SALLYPORT_MASTER_PASSPHRASE',
  'SALLYPORT_MASTER_PASSPHRASE_FILE',
]

/** @throws {ConfigError} where the keys are not safe, not there or not keys. */
export function createMasterKeys({ file, env = process.env, isInUse = false }: MasterKeysOptions): MasterKeys {
  const [one, other] = SOURCES.filter((name) => env[name])
  if (one && other) throw new ConfigError([`${one} and ${other} are both set: keep one.`])
  const value = env['SALLYPORT_MASTER_KEY']
  if (value) {
    const keys = requireKeys(value, 'SALLYPORT_MASTER_KEY')
    return { now: () => keys, source: 'SALLYPORT_MASTER_KEY' }
  }
  const named = env['SALLYPORT_MASTER_KEY_FILE']
  if (named) return { now: follow(named, loadKeyFile(named), loadKeyFile), source: named }
  const passphrase = passphraseIn(env)
  if (passphrase !== undefined)
    return createPassphraseKeys({ file: join(dirname(file), 'passphrase.json'), ...passphrase, follow, isInUse })
  const isNew = statSync(file, { throwIfNoEntry: false }) === undefined
  if (isNew && isInUse)
    throw new ConfigError([
      `${file}: does not exist, and what is beside it is sealed under a master key. Put it back from your copy, or set what else that key comes from (${SOURCES.join(', ')}, SALLYPORT_KMS or keys.kms).`,
    ])
  return {
    now: follow(file, loadOrCreateKeyFile(file), loadOwnKeyFile),
    source: file,
    newFile: isNew ? file : undefined,
    own: {
      count: () => loadOwnKeyFile(file)?.length ?? 0,
      add: () => addKeyToFile(file),
      settle: (id) => dropKeysBelow(file, id),
    },
  }
}

/** @param load undefined or throws: what was read before stays. */
function follow(file: string, first: Keys, load: (file: string) => Keys | undefined): () => Keys {
  let keys = first
  // Undefined: what was read may have been replaced before we could see what it was.
  let seen: string | undefined
  return () => {
    const now = signatureOf(file)
    if (now === undefined || now === seen) return keys
    seen = now
    try {
      const found = load(file)
      if (found === undefined) return keys
      const next: Keys = [...found, ...keys.filter(({ id }) => found.every((key) => key.id !== id))]
      if (!isSame(next, keys)) keys = next
    } catch {}
    return keys
  }
}

const isSame = (one: Keys, other: Keys): boolean => one.length === other.length && one.every(({ id }, at) => other[at]?.id === id)

/** A file is replaced and never written to, so that another inode or another time is another file. */
function signatureOf(file: string): string | undefined {
  const found = statSync(file, { bigint: true, throwIfNoEntry: false })
  return found && `${found.ino} ${found.mtimeNs} ${found.size}`
}
