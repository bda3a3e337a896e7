/** Where everything is kept, and how it is opened: the store and the keys to it, from one folder. @module */

import { existsSync, mkdirSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { type Clock, ConfigError, type Log, systemClock } from '../core/index.ts'
import { createSqliteStore, keysFileOf, openKeysFile, type Store } from '../storage/index.ts'
import { createVault } from './create-vault.ts'
import type { DataKeyRecord } from './data-key-record.ts'
import { createDataKeys } from './data-keys.ts'
import type { KeyRing } from './key-ring.ts'
import type { KeyWrapper } from './key-wrapper.ts'
import { createMaster, type Master } from './master.ts'
import { isOfAnother, isShared, whoWrites } from './require-ours.ts'
import { checkRecords, openRoot } from './root.ts'
import type { Vault } from './vault.ts'

type Env = Readonly<Record<string, string | undefined>>

export interface OpenDataOptions {
  /** What `--data-dir` says, if it was given. */
  readonly dataDir?: string | undefined
  readonly clock?: Clock
  readonly env?: Env
  /** A key management service, in place of master keys, or the module that makes one. */
  readonly kms?: KeyWrapper | string | undefined
}

export interface Data {
  readonly store: Store
  readonly keyRing: KeyRing
  readonly vault: Vault
  readonly dir: string
  /** What data keys are wrapped with. Whoever opens this says where its file is, where that was made just now. */
  readonly master: Master
  /** Makes data keys that were removed or wrapped anew unreadable in their file too. */
  readonly scrubKeys: () => Promise<void>
}

/** `--data-dir`, `SALLYPORT_DATA_DIR`, then the platform's place for an application's data. */
export function resolveDataDir(dataDir: string | undefined, env: Env = process.env, platform: NodeJS.Platform = process.platform): string {
  const given = dataDir || env['SALLYPORT_DATA_DIR']
  if (given) return resolve(given)
  if (platform === 'win32') return join(env['LOCALAPPDATA'] || join(homedir(), 'AppData', 'Local'), 'sallyport')
  if (platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'sallyport')
  const xdg = env['XDG_DATA_HOME']
  // The XDG Base Directory Specification: what is not absolute is to be ignored.
  return join(xdg?.startsWith('/') ? xdg : join(homedir(), '.local', 'share'), 'sallyport')
}

/**
 * Keys first: nothing else is opened where the master key is not the one that all is sealed under.
 *
 * @throws {ConfigError} where the folder, the store or the keys are not safe to use, or do not belong together.
 */
export async function openData({ dataDir, clock = systemClock, env = process.env, kms }: OpenDataOptions = {}): Promise<Data> {
  const dir = resolveDataDir(dataDir, env)
  requireFolder(dir)
  await using opening = new AsyncDisposableStack()
  const file = join(dir, 'sallyport.db')
  const isInUse = hasDataKeys(file)
  const master = await createMaster({ dir, env, isInUse, kms })
  const { wrapper, source } = master
  const keys = openKeysFile(file, clock)
  opening.defer(keys.close)
  const records = keys.records<DataKeyRecord>()
  const keyRing = await openRoot({ records, wrapper, source, dir, clock })
  const store = createSqliteStore({ file, clock, sealKey: keyRing.mac('audit head', 'sealing key'), keys })
  opening.defer(store.close)
  await checkRecords(store, keyRing, dir)
  // The next one can be learned only while both are there (passphrase-keys.ts).
  if (master.keys?.isPassphrase) store.onForeignChange(() => void wrapper.current())
  const vault = createVault(createDataKeys({ records, scrub: keys.scrub, wrapper, keyRing, clock }))
  opening.move()
  return { store, keyRing, vault, dir, master, scrubKeys: keys.scrub }
}

/**
 * The file of the data keys is made before the records are. Whoever looks in the same order is not misled by another process that starts.
 *
 * @throws {ConfigError} where there are records without it.
 */
function hasDataKeys(file: string): boolean {
  const hasRecords = existsSync(file)
  const keysFile = keysFileOf(file)
  const hasKeys = existsSync(keysFile)
  if (hasRecords && !hasKeys)
    throw new ConfigError([
      `${keysFile}: does not exist, and nothing else opens what is sealed in ${file}. Put back its newest copy, which you keep apart from other backups. Where there never was one, an earlier version of Sallyport wrote this: use another data directory.`,
    ])
  return hasKeys
}

/** Where the master key is that was made just now: without a copy of it, what is sealed from here on can be lost. */
export function sayNewKey({ master: { newFile } }: Pick<Data, 'master'>, log: Log): void {
  if (newFile !== undefined) log('info', 'the master key was made: keep a copy of it in a safe place', { file: newFile })
}

/** Ours is made 0700. One that was there stays as it is, its files are 0600; but who may write into it may exchange them. */
export function requireFolder(dir: string): void {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 })
    const found = statSync(dir)
    // What is in it would be theirs too, the master key first.
    if (isOfAnother(found)) throw new ConfigError([`${dir}: the data directory belongs to another user. Name one of your own.`])
    if (isShared(found))
      throw new ConfigError([
        `${dir}: ${whoWrites(found)} can write into the data directory (mode ${(found.mode & 0o777).toString(8)}). Run: chmod 700 '${dir}'`,
      ])
  } catch (error) {
    if (error instanceof ConfigError) throw error
    throw new ConfigError([
      `${dir}: the data directory cannot be made (${(error as NodeJS.ErrnoException).code}). Name another: dataDir in code, --data-dir on the command line.`,
    ])
  }
}
