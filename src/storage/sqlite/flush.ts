/**
 * Makes what was committed survive a power cut, without holding up the event loop.
 *
 * With `synchronous = NORMAL` SQLite hands a commit to the operating system and syncs only at a checkpoint. Here the WAL
 * file is synced right after the commit, on a thread of the pool; commits that come meanwhile share the next sync. A
 * change is answered only then, so that "revoked", "used" and "recorded" stay true.
 *
 * @module
 */

import { closeSync, fdatasync, openSync } from 'node:fs'

export interface Flusher {
  /** Settles once everything that was committed before the call is on disk. */
  flush(): Promise<void>
  close(): Promise<void>
}

export function createFlusher(databaseFile: string): Flusher {
  let fd: number | undefined
  let running: Promise<void> | undefined
  let following: Promise<void> | undefined

  const sync = (): Promise<void> =>
    new Promise((resolve, reject) => {
      // The WAL exists from the first use of the connection until its last connection closes, so this one stays the same.
      fd ??= openSync(`${databaseFile}-wal`, 'r+')
      fdatasync(fd, (error) => (error === null ? resolve() : reject(error)))
    })
  function start(): Promise<void> {
    const own = sync().finally(() => {
      if (running === own) running = undefined
    })
    running = own
    return own
  }
  return {
    flush() {
      if (running === undefined) return start()
      // The one that runs may have begun before our commit: wait for the next.
      following ??= running
        .catch(() => {})
        .then(() => {
          following = undefined
          return start()
        })
      return following
    },
    async close() {
      await (following ?? running)?.catch(() => {})
      if (fd !== undefined) closeSync(fd)
      fd = undefined
    },
  }
}
