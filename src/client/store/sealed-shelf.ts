/**
 * The files of a sealed store, for whoever tidies up there: what is removed is removed under the record's lock, and where that is taken,
 * here or in another process, nothing is waited for. The time of a record's file is when it was last used.
 *
 * @module
 */

import { rmSync, statSync } from 'node:fs'
import { TokenStoreError } from '../errors.ts'
import type { Shelf } from './cleanup.ts'
import { DAY_MS } from './lifetimes.ts'
import { draftOf, touchRecordFile } from './record-file.ts'
import { hashOf } from './sealed-record.ts'
import type { StoreFolder } from './store-folder.ts'

export interface SealedShelfParts {
  readonly folder: StoreFolder
  readonly open: Shelf['open']
  /** Whether nobody of this process is inside. */
  readonly isFree: (hash: string) => boolean
  /** Takes the lock and removes what a killed writer left. @throws {TokenStoreError} `store_locked` where another process has it. */
  readonly enter: <T>(hash: string, run: (own: { remove(): Promise<void> }) => Promise<T>) => Promise<T>
}

const MAX_SWEPT = 100

export function createSealedShelf({ folder, open, isFree, enter }: SealedShelfParts): Shelf {
  const timeOf = (file: string): number | undefined => statSync(file, { throwIfNoEntry: false })?.mtimeMs
  const lastUsed = (hash: string): number | undefined => timeOf(folder.fileOf(hash))

  const enterFree: <T>(...parts: Parameters<typeof enter<T>>) => Promise<T | 'busy'> = async (hash, run) => {
    if (!isFree(hash)) return 'busy'
    try {
      return await enter(hash, run)
    } catch (error) {
      if (error instanceof TokenStoreError && error.code === 'store_locked') return 'busy'
      throw error
    }
  }

  return {
    claim: (now) => folder.exists() && folder.claim(now, DAY_MS),
    release: (now, inMs) => folder.release(now, DAY_MS, inMs),
    ids: folder.kept,
    idOf: hashOf,
    lastUsed,
    touch: (hash, now) => touchRecordFile(folder.fileOf(hash), now),
    open,
    remove: (hash, lastUsedAt) =>
      enterFree(hash, async (own) => {
        // At once, one after the other: who reads takes no lock, and says by the time that the record is used.
        if (lastUsed(hash) !== lastUsedAt) return 'kept'
        rmSync(folder.fileOf(hash), { force: true })
        await own.remove()
        return 'removed'
      }),
    async sweep(now) {
      for (const hash of folder.drafts().slice(0, MAX_SWEPT))
        if ((timeOf(draftOf(folder.fileOf(hash))) ?? now) < now - DAY_MS) await enterFree(hash, async () => {})
    },
  }
}
