/**
 * Writes down when something was last used, from where and by what, beside the calls that use it: so that what nobody needs is found, and
 * what somebody else has.
 *
 *   … release → audit → [last uses]    a look into a map for each use; a write at most once a minute for each thing
 *
 * Never in a call's way: where it cannot be written, the log says so and nothing is refused.
 *
 * @module
 */

import { type Log, problemOf } from '../core/index.ts'
import type { LastUse } from './api-key-record.ts'

export interface LastUses {
  /** Whether it has been a minute: only then is there something to note. */
  isDue(id: string, at: number): boolean
  note(id: string, use: LastUse): void
  /** Writes what is left. */
  close(): Promise<void>
}

export interface LastUsesParts {
  /** What they are uses of, for the log. */
  readonly what: string
  readonly write: (id: string, use: LastUse) => Promise<unknown>
  readonly log: Log
}

/** Another process may have noted a use meanwhile: who writes looks at it, too. */
export const USED_EVERY_MS = 60_000
const WRITE_AFTER_MS = 500
/** How many are written in one go, and how many are remembered as written. */
const BATCH = 100
const MAX_NOTED = 10_000

export function createLastUses({ what, write, log }: LastUsesParts): LastUses {
  const noted = new Map<string, number>()
  const waiting = new Map<string, LastUse>()
  let timer: NodeJS.Timeout | undefined
  let writing: Promise<void> = Promise.resolve()

  function arm(): void {
    timer ??= setTimeout(() => {
      timer = undefined
      writing = writing.then(writeBatch)
    }, WRITE_AFTER_MS).unref()
  }
  async function writeBatch(): Promise<void> {
    const batch = [...waiting].slice(0, BATCH)
    for (const [id] of batch) waiting.delete(id)
    if (waiting.size > 0) arm()
    try {
      await Promise.all(batch.map(([id, use]) => write(id, use)))
    } catch (error) {
      log('warn', `the last use of ${what} could not be noted`, { problem: problemOf(error) })
    }
  }
  return {
    isDue(id, at) {
      const before = noted.get(id)
      return before === undefined || at - before >= USED_EVERY_MS
    },
    note(id, use) {
      putNewest(noted, id, use.at, MAX_NOTED)
      waiting.set(id, use)
      arm()
    },
    async close() {
      await writing
      while (waiting.size > 0) await writeBatch()
      clearTimeout(timer)
    },
  }
}

/** As the newest; the oldest goes where there are too many. */
export function putNewest<T>(map: Map<string, T>, key: string, value: T, most: number): void {
  map.delete(key)
  map.set(key, value)
  if (map.size > most) map.delete(map.keys().next().value as string)
}
