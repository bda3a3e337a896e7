/**
 * Notices that another process has changed the database: SQLite's `data_version` moves for commits of other connections
 * only. Asked for five times a second, and only while somebody listens; a microsecond each.
 *
 * @module
 */

import type { DatabaseSync } from 'node:sqlite'

const POLL_MS = 200

export interface ForeignChanges {
  listen(listener: () => void): () => void
  close(): void
}

export function createForeignChanges(db: DatabaseSync): ForeignChanges {
  const statement = db.prepare('PRAGMA data_version')
  const dataVersion = (): unknown => statement.get()?.['data_version']
  const listeners = new Set<() => void>()
  let timer: NodeJS.Timeout | undefined
  let known = dataVersion()

  function poll(): void {
    let current: unknown
    try {
      current = dataVersion()
    } catch {
      // Cannot be told: whoever listens looks again, and meets the failure where it can be answered.
    }
    if (current !== undefined && current === known) return
    known = current
    for (const listener of Array.from(listeners)) listener()
  }
  function stop(): void {
    clearInterval(timer)
    timer = undefined
  }
  return {
    listen(listener) {
      const own = (): void => listener()
      listeners.add(own)
      if (timer === undefined) {
        known = dataVersion()
        timer = setInterval(poll, POLL_MS).unref()
      }
      return () => {
        listeners.delete(own)
        if (listeners.size === 0) stop()
      }
    },
    close() {
      listeners.clear()
      stop()
    },
  }
}
