/**
 * Makes what was removed or replaced unreadable in a file, too. What is removed is overwritten at once (`secure_delete`), in the log
 * first: a checkpoint moves that into the file and cuts the log off, which still has the pages as they were (SQLite, wal_checkpoint).
 *
 * @module
 */

import type { DatabaseSync } from 'node:sqlite'
import { setTimeout as delay } from 'node:timers/promises'

export interface Scrub {
  /** Whether it could be done at once; where somebody else reads or writes, it cannot. Never waits. */
  now(): boolean
  /** @throws where others read or write for so long that it cannot be done. */
  soon(): Promise<void>
}

const ATTEMPTS = 100
const ATTEMPT_MS = 30

export function createScrub(db: DatabaseSync, busyTimeoutMs: number): Scrub {
  const checkpoint = db.prepare('PRAGMA wal_checkpoint(TRUNCATE)')
  function now(): boolean {
    // SQLite would wait for the others on this thread, which others wait for in their turn.
    db.exec('PRAGMA busy_timeout = 0')
    try {
      return Number(checkpoint.get()?.['busy']) === 0
    } finally {
      db.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}`)
    }
  }
  return {
    now,
    async soon() {
      for (let attempt = 1; !now(); attempt++) {
        if (attempt === ATTEMPTS) throw new Error('what was removed is still in the log of a database: it is in use')
        await delay(ATTEMPT_MS)
      }
    },
  }
}
