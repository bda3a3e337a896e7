/**
 * Makes what was removed or replaced unreadable in a file, too. Three things keep it: free space, which is overwritten at once
 * (`secure_delete`); the log, which has pages as they were until a checkpoint cuts it off (SQLite, wal_checkpoint); and what is left in
 * the gaps of a page after its rows have moved to another, which only a file that is written anew is without (SQLite, VACUUM).
 *
 * @module
 */

import type { DatabaseSync } from 'node:sqlite'
import { setTimeout as delay } from 'node:timers/promises'
import { isBusy } from './open.ts'

export interface Scrub {
  /** Cuts the log off, where it can be done at once: where somebody else reads or writes, it cannot. Never waits. */
  now(): boolean
  /**
   * Writes the file anew, and cuts the log off. False: it is too large to be written anew, and gaps are left.
   *
   * @throws where others read or write for so long that it cannot be done.
   */
  all(): Promise<boolean>
}

const ATTEMPTS = 100
const ATTEMPT_MS = 30
/** It is written in memory first, and nobody else writes meanwhile: half a second for each 100 MB. */
const MAX_BYTES = 1024 ** 3

export function createScrub(db: DatabaseSync, busyTimeoutMs: number): Scrub {
  const checkpoint = db.prepare('PRAGMA wal_checkpoint(TRUNCATE)')
  const size = db.prepare('SELECT page_count * page_size AS bytes FROM pragma_page_count, pragma_page_size')

  /** SQLite would wait for the others on this thread, which others wait for in their turn. */
  function atOnce<T>(work: () => T): T | undefined {
    db.exec('PRAGMA busy_timeout = 0')
    try {
      return work()
    } catch (error) {
      if (isBusy(error)) return undefined
      throw error
    } finally {
      db.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}`)
    }
  }
  const cutLog = (): boolean => atOnce(() => Number(checkpoint.get()?.['busy']) === 0) === true
  // In memory: what it writes aside is all that there is, in clear.
  const rewrite = (): boolean => atOnce(() => db.exec('PRAGMA temp_store = MEMORY; VACUUM') ?? true) === true

  async function soon(step: () => boolean): Promise<void> {
    for (let attempt = 1; !step(); attempt++) {
      if (attempt === ATTEMPTS) throw new Error('what was removed is still in a file: others read or write it all the time')
      await delay(ATTEMPT_MS)
    }
  }
  return {
    now: cutLog,
    async all() {
      const fits = Number(size.get()?.['bytes']) <= MAX_BYTES
      if (fits) await soon(rewrite)
      await soon(cutLog)
      return fits
    },
  }
}
