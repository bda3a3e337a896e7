/**
 * Opens one database file: private to its owner, in WAL mode, at the newest schema. Refuses, with a ConfigError, a file
 * that is not ours, that a newer version wrote, or that cannot be opened.
 *
 * @module
 */

import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { ConfigError } from '../../core/index.ts'
import type { Schema } from './migrations.ts'

export const BUSY_TIMEOUT_MS = 5_000

export function openDatabase(file: string, schema: Schema): DatabaseSync {
  let db: DatabaseSync | undefined
  try {
    makePrivate(file)
    db = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS, enableDoubleQuotedStringLiterals: false })
    // NORMAL: a commit survives the end of the process at once, and a power cut once `flush` has answered (see flush.ts).
    // What is removed is overwritten, so that it is in no free page: nothing for what is small, a third more for 8 KB.
    db.exec('PRAGMA trusted_schema = OFF; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -8192; PRAGMA secure_delete = ON')
    // As it is at one moment: another process may be making it, and what it is called comes with what is in it.
    db.exec('BEGIN')
    checkOrigin(db, file, schema)
    db.exec('COMMIT')
    useWal(db)
    migrate(db, file, schema)
    return db
  } catch (error) {
    db?.close()
    throw error instanceof ConfigError ? error : toConfigError(error, file)
  }
}

/** SQLite gives its `-wal` and `-shm` files the mode of the file itself. */
export function makePrivate(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  try {
    // Never opens a file that exists: closing it again would drop the locks of another connection in this process (POSIX).
    closeSync(openSync(file, 'wx', 0o600))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    if (process.platform !== 'win32') chmodSync(file, 0o600)
  }
}

function checkOrigin(db: DatabaseSync, file: string, { applicationId, migrations }: Schema): void {
  const found = pragma(db, 'application_id')
  const version = pragma(db, 'user_version')
  const empty = pragma(db, 'schema_version') === 0
  if (found !== applicationId && !empty) throw new ConfigError([`${file}: is a database, but not Sallyport's. Use another data directory.`])
  if (version > migrations.length)
    throw new ConfigError([
      `${file}: was written by a newer version of Sallyport (schema ${version}, this one knows ${migrations.length}). Upgrade Sallyport, or use another data directory.`,
    ])
}

/** Turning WAL on needs the file for itself for a moment, and SQLite does not wait for that one. */
function useWal(db: DatabaseSync): void {
  for (let attempt = 0; ; attempt++) {
    try {
      db.exec('PRAGMA journal_mode = WAL')
      return
    } catch (error) {
      if (!isBusy(error) || attempt >= 200) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 25)
    }
  }
}

/** All that is missing, in one transaction: two processes that start at once take turns, and the second finds it done. */
function migrate(db: DatabaseSync, file: string, schema: Schema): void {
  const { applicationId, migrations } = schema
  if (pragma(db, 'user_version') === migrations.length) return
  db.exec('BEGIN IMMEDIATE')
  try {
    checkOrigin(db, file, schema)
    for (const migration of migrations.slice(pragma(db, 'user_version'))) db.exec(migration)
    db.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${migrations.length}`)
    db.exec('COMMIT')
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK')
    throw error
  }
}

function pragma(db: DatabaseSync, name: 'application_id' | 'user_version' | 'schema_version'): number {
  return Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0] as number
}

// SQLite's primary result code is the low byte.
const codeOf = (error: unknown): number => ((error as { errcode?: number }).errcode ?? 0) & 0xff
export const isBusy = (error: unknown): boolean => codeOf(error) === 5

function toConfigError(error: unknown, file: string): unknown {
  const code = codeOf(error)
  if (code === 26 || code === 11)
    return new ConfigError([`${file}: is damaged or not a SQLite database. Restore it from a backup, or use another data directory.`])
  if (code === 5) return new ConfigError([`${file}: is locked by another program. Close it and start again.`])
  if (code === 8 || code === 14 || code === 3)
    return new ConfigError([`${file}: cannot be opened for writing. Check who owns it and its folder.`])
  const { syscall, code: reason } = error as NodeJS.ErrnoException
  if (syscall !== undefined)
    return new ConfigError([`${file}: cannot be made or opened (${reason}). Check who owns its folder, or use another data directory.`])
  return error
}
