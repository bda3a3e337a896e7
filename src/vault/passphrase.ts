/**
 * A master key made of a passphrase (argon2id, RFC 9106). What it is made with besides, the salt and the cost, is no secret.
 *
 * Refuses (ConfigError) one that is short: whoever has a copy of the data can try as many as they have time for.
 *
 * @module
 */

import { argon2Sync, randomBytes } from 'node:crypto'
import { ConfigError } from '../core/index.ts'
import { readSecretFile } from './key-file.ts'
import { type MasterKey, toMasterKey } from './keys.ts'

type Env = Readonly<Record<string, string | undefined>>

export interface Passphrase {
  readonly passphrase: string
  /** For messages: a file or a variable. */
  readonly source: string
}

export interface Making {
  readonly salt: string
  /** Kibibytes. */
  readonly memory: number
  readonly passes: number
}

const MIN_CHARACTERS = 16
// Three times what OWASP asks of a password's hash (Password Storage Cheat Sheet): it is computed once a start, and not for each sign-in.
const COST = { memory: 65_536, passes: 3 }
/** A file that somebody else has written must not cost us more than this. */
const MAX = { memory: 1_048_576, passes: 16 }

/** Undefined where there is none. @throws {ConfigError} for one that is too short, and for a file that others can read. */
export function passphraseIn(env: Env): Passphrase | undefined {
  const value = env['SALLYPORT_MASTER_PASSPHRASE']
  if (value) return requirePassphrase(value, 'SALLYPORT_MASTER_PASSPHRASE')
  const file = env['SALLYPORT_MASTER_PASSPHRASE_FILE']
  return file ? passphraseOf(file) : undefined
}

/** @throws {ConfigError} */
export function passphraseOf(file: string): Passphrase {
  return requirePassphrase(readSecretFile(file, 'passphrase'), file)
}

function requirePassphrase(text: string, source: string): Passphrase {
  // An editor ends a file with a line break, and so does `echo`.
  const passphrase = text.replace(/\r?\n$/, '').normalize('NFC')
  if (Array.from(passphrase).length < MIN_CHARACTERS)
    throw new ConfigError([
      `${source}: a passphrase has at least ${MIN_CHARACTERS} characters, and is best made of random words: whoever has a copy of the data can try as many as they like.`,
    ])
  return { passphrase, source }
}

export const createMaking = (): Making => ({ salt: randomBytes(16).toString('base64url'), ...COST })

export const isMaking = ({ salt, memory, passes }: Making): boolean =>
  typeof salt === 'string' &&
  salt.length >= 22 &&
  memory >= COST.memory &&
  memory <= MAX.memory &&
  passes >= COST.passes &&
  passes <= MAX.passes

export function toKey(passphrase: string, { salt, memory, passes }: Making): MasterKey {
  const nonce = Buffer.from(salt, 'base64url')
  return toMasterKey(argon2Sync('argon2id', { message: passphrase, nonce, parallelism: 1, tagLength: 32, memory, passes }))
}
