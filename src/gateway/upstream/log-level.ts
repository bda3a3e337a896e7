/**
 * How much a legacy upstream logs: it has one level for all callers (2025-11-25 logging §Setting Log Level), so it is asked for the
 * least severe that any of them wants. Whoever wants less of it is told less on the way out (`guards`).
 *
 * @module
 */

import { LOG_LEVELS, type LogLevel } from '../../core/index.ts'

export interface LogLevels {
  /** Somebody wants to be told from this level on. */
  want(level: LogLevel): void
  /** A session begins, which knows of nothing yet. */
  renew(): void
  close(): void
}

/** Callers come in bunches. */
const DEBOUNCE_MS = 50

export function createLogLevels(set: (level: LogLevel) => void): LogLevels {
  let lowest: number = LOG_LEVELS.length
  let timer: NodeJS.Timeout | undefined

  function schedule(): void {
    timer ??= setTimeout(() => {
      timer = undefined
      set(LOG_LEVELS[lowest] as LogLevel)
    }, DEBOUNCE_MS)
  }

  return {
    want(level) {
      const rank = LOG_LEVELS.indexOf(level)
      if (rank >= lowest) return
      lowest = rank
      schedule()
    },
    renew() {
      if (lowest < LOG_LEVELS.length) schedule()
    },
    close: () => clearTimeout(timer),
  }
}
