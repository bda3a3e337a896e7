/**
 * The master keys that a passphrase gives, and `passphrase.json` beside the data, which says how they are made of it, newest first.
 * While the passphrase is being changed there are two, and the new key is in the file sealed under the old one: so a server that was
 * started with the old passphrase goes on. In the end only the new one is left.
 *
 * Refuses (ConfigError) a passphrase that gives none of them, and a file that is not ours.
 *
 * @module
 */

import { readFileSync } from 'node:fs'
import { ConfigError, writePrivateFile } from '../core/index.ts'
import type { Keys } from './key-file.ts'
import type { MasterKey } from './keys.ts'
import { toMasterKey } from './keys.ts'
import type { MasterKeys } from './master-keys.ts'
import { createMaking, isMaking, type Making, type Passphrase, toKey } from './passphrase.ts'
import { createRing } from './ring.ts'

interface Entry extends Making {
  readonly id: string
  /** The key, sealed under the one below it. */
  readonly sealed?: string
}

export interface PassphraseKeysOptions extends Passphrase {
  readonly file: string
  readonly isInUse: boolean
  readonly follow: (file: string, first: Keys, load: (file: string) => Keys | undefined) => () => Keys
}

const placeOf = (id: string): string => `passphrase/${id}`

/** @throws {ConfigError} */
export function createPassphraseKeys({ file, passphrase, source, isInUse, follow }: PassphraseKeysOptions): MasterKeys {
  const made = new Map<string, MasterKey>()
  const isNew = read(file) === undefined
  if (isNew && isInUse)
    throw new ConfigError([
      `${file}: does not exist, and what is beside it is sealed. Put it back from a backup; or, to go over to a passphrase, start without it and run: sallyport keys rotate --new-passphrase-file FILE`,
    ])
  if (isNew) write(file, [entryOf(passphrase, made)], true)
  const load = (): Keys | undefined => {
    const entries = read(file) ?? []
    // Oldest first: what is sealed under a key can be opened once that one is there.
    for (const entry of entries.toReversed()) open(entry, passphrase, made)
    return entries.map(({ id }) => made.get(id)).filter((key) => key !== undefined) as unknown as Keys
  }
  const first = load()
  if (first === undefined || first[0] === undefined)
    throw new ConfigError([`${source}: is not the passphrase that the data here was sealed with. Nothing was opened.`])
  return {
    now: follow(file, first, () => {
      const found = load()
      return found?.[0] === undefined ? undefined : found
    }),
    source,
    newFile: isNew ? file : undefined,
    isPassphrase: true,
  }
}

/** Another passphrase above the one that is there. `keys`: those that there are. @throws {ConfigError} */
export function addPassphrase(file: string, next: Passphrase, keys: Keys | undefined): MasterKey {
  const made = new Map<string, MasterKey>()
  const entry = entryOf(next.passphrase, made)
  const key = made.get(entry.id) as MasterKey
  const before = read(file) ?? []
  // Also where that one is not made of a passphrase: whoever is killed on the way starts with it again.
  const sealed = keys && createRing([keys[0]]).seal(key.bytes, placeOf(key.id))
  write(file, [{ ...entry, ...(sealed === undefined ? {} : { sealed }) }, ...before], false)
  return key
}

/** What a change to a passphrase that was begun from `keys` and not ended has wrapped with. None where the file does not say. */
export function openBegun(file: string, keys: Keys): readonly MasterKey[] {
  const made = new Map(keys.map((key) => [key.id, key]))
  try {
    for (const entry of (read(file) ?? []).toReversed()) openSealed(entry, made)
  } catch {
    return []
  }
  return [...made.values()].filter(({ id }) => keys.every((key) => key.id !== id))
}

/** Takes out what is below the key of that id. */
export function settlePassphrase(file: string, id: string): void {
  const entries = read(file) ?? []
  const at = entries.findIndex((entry) => entry.id === id)
  if (at === -1) return
  const kept = entries
    .slice(0, at + 1)
    .map(({ sealed, ...entry }, index) => (index === at || sealed === undefined ? entry : { ...entry, sealed }))
  write(file, kept, false)
}

function entryOf(passphrase: string, made: Map<string, MasterKey>): Entry {
  const making = createMaking()
  const key = toKey(passphrase, making)
  made.set(key.id, key)
  return { id: key.id, ...making }
}

/** Costs a fifth of a second where it is not known yet, and nothing tells beforehand whether it is ours. */
function open(entry: Entry, passphrase: string, made: Map<string, MasterKey>): void {
  if (made.has(entry.id) || openSealed(entry, made)) return
  const key = toKey(passphrase, entry)
  if (key.id === entry.id) made.set(key.id, key)
}

/** With the keys that are known. */
function openSealed(entry: Entry, made: Map<string, MasterKey>): boolean {
  if (entry.sealed === undefined || made.size === 0) return false
  const bytes = createRing(Array.from(made.values()) as unknown as Keys).open(entry.sealed, placeOf(entry.id))
  const key = bytes && toMasterKey(bytes)
  if (key?.id !== entry.id) return false
  made.set(key.id, key)
  return true
}

/** Undefined where there is none. */
function read(file: string): readonly Entry[] | undefined {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new ConfigError([`${file}: cannot be read (${(error as NodeJS.ErrnoException).code}). Check who owns it.`])
  }
  try {
    const { keys } = JSON.parse(text) as { keys: Entry[] }
    if (keys.length > 0 && keys.every((entry) => typeof entry.id === 'string' && isMaking(entry))) return keys
  } catch {}
  throw new ConfigError([`${file}: is damaged, and without it the passphrase opens nothing. Put it back from a backup.`])
}

function write(file: string, keys: readonly Entry[], first: boolean): void {
  const about = 'How the master keys are made of a passphrase, newest first. No secret, but without it the passphrase opens nothing.'
  try {
    writePrivateFile(file, `${JSON.stringify({ about, keys }, undefined, 2)}\n`, { first })
  } catch (error) {
    throw new ConfigError([`${file}: cannot be written (${(error as NodeJS.ErrnoException).code}). Use a data directory that you own.`])
  }
}
