/** What the file system or SQLite says, as an error that names the fix. Nothing of a record is in it. @module */

import { ConfigError } from '../../core/index.ts'
import { TokenStoreError, type TokenStoreProblem } from '../errors.ts'

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota of the disk is spent',
  EROFS: 'the file system is read-only',
  EACCES: 'its owner does not allow it',
  EPERM: 'its owner does not allow it',
  EIO: 'the disk does not work',
}
/** SQLite's primary result codes, for a file that we never write into. */
const sqliteReasons: Readonly<Record<number, string>> = {
  8: 'it may only be read',
  13: 'the disk is full',
  14: 'it cannot be opened',
}

/** As it is where it says enough already. */
export function toStoreError(error: unknown, code: TokenStoreProblem, file: string): Error {
  if (error instanceof TokenStoreError || error instanceof ConfigError) return error
  const { code: system, errcode } = error as { code?: string; errcode?: number }
  const reason = errcode === undefined ? (reasons[system ?? ''] ?? system) : sqliteReasons[errcode % 256]
  return new TokenStoreError(code, `${file}: cannot be ${code === 'store_unreadable' ? 'read' : 'written'} (${reason ?? 'unknown'}).`)
}
