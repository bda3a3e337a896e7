/** The folder of a store: where each record's files are. Ours is made 0700; one that others can write into is refused. @module */

import { closeSync, openSync, readdirSync, statSync, utimesSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { requireFolder } from '../../vault/index.ts'
import { isHash } from './sealed-record.ts'
import { toStoreError } from './store-error.ts'

export interface StoreFolder {
  /** Makes it, where it is not there. @throws {ConfigError} where that cannot be, or others can write into it. */
  require(): void
  /** @throws {ConfigError} where it is there and others can write into it. */
  exists(): boolean
  fileOf(hash: string): string
  lockOf(hash: string): string
  /** Of whoever rotates keys. */
  readonly rotationLock: string
  /** Of every record that was ever written or taken here, in order. */
  hashes(): readonly string[]
  /** Of every record that is here now, in order. */
  kept(): readonly string[]
  /** Of those that somebody writes, or wrote when they were killed. */
  drafts(): readonly string[]
  /** Whether `everyMs` have passed since this last said so, in whatever process. */
  claim(now: number, everyMs: number): boolean
  /** The next claim is good after `inMs`. */
  release(now: number, everyMs: number, inMs: number): void
}

export function createStoreFolder(dir: string): StoreFolder {
  const require = (): void => {
    requireFolder(dirname(dir))
    requireFolder(dir)
  }
  function exists(): boolean {
    if (statSync(dir, { throwIfNoEntry: false }) === undefined) return false
    require()
    return true
  }
  function files(): readonly string[] {
    if (!exists()) return []
    try {
      return readdirSync(dir)
    } catch (error) {
      throw toStoreError(error, 'store_unreadable', dir)
    }
  }
  const hashesOf = (names: readonly string[]): readonly string[] =>
    [...new Set(names.map((name) => name.split('.', 1)[0] as string))].filter(isHash).sort()
  const cleaned = join(dir, 'cleaned')
  const setTime = (at: number): void => utimesSync(cleaned, at / 1000, at / 1000)

  return {
    require,
    exists,
    fileOf: (hash) => join(dir, `${hash}.sealed`),
    lockOf: (hash) => join(dir, `${hash}.lock`),
    rotationLock: join(dir, 'rotation.lock'),
    hashes: () => hashesOf(files()),
    kept: () => hashesOf(files().filter((name) => name.endsWith('.sealed'))),
    drafts: () => hashesOf(files().filter((name) => name.endsWith('.sealed.new'))),
    claim(now, everyMs) {
      const last = statSync(cleaned, { throwIfNoEntry: false })?.mtimeMs
      // One that is to come is a clock that was wrong.
      if (last !== undefined && last + everyMs > now && last <= now + everyMs) return false
      if (last === undefined) closeSync(openSync(cleaned, 'a', 0o600))
      setTime(now)
      return true
    },
    release: (now, everyMs, inMs) => setTime(now - everyMs + inMs),
  }
}
