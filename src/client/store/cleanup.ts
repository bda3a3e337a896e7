/**
 * Removes what nobody uses any more, in small steps: after something was read or written, once a day in all processes that share a
 * store. There is no timer, and nothing is held open.
 *
 *   claim the day ─▶ look at the times of some ─▶ open the old ones ─▶ still unused, and nobody inside? ─▶ remove
 *
 * Fails towards keeping: what is being used, cannot be locked or cannot be removed stays for another day. A kill at any moment leaves
 * each record whole or gone.
 *
 * @module
 */

import type { Clock, Log } from '../../core/index.ts'
import { classOf, DAY_MS, keptUntil, LEAST_MS, type LifetimeName, lifetimes } from './lifetimes.ts'
import { parseName, signInName } from './names.ts'
import type { OpenRecord } from './sealed-record.ts'

/** Where records lie, for whoever tidies up there. */
export interface Shelf {
  /** Whether a day has passed since somebody tidied up here; if so, the next begins now. */
  claim(now: number): boolean
  /** There is more: an hour is enough. */
  release(now: number, inMs: number): void
  ids(): readonly string[]
  idOf(name: string): string
  /** Undefined where there is none. */
  lastUsed(id: string): number | undefined
  /** It was used now. */
  touch(id: string, now: number): Promise<void>
  open(id: string): Promise<OpenRecord | 'unreadable' | undefined>
  /** Removes it where it was last used at `lastUsedAt`, still, and nobody is inside. */
  remove(id: string, lastUsedAt: number): Promise<'removed' | 'busy' | 'kept'>
  /** What killed writers left beside the records. */
  sweep?(now: number): Promise<void>
}

export interface Removed extends NonNullable<ReturnType<typeof parseName>> {
  readonly what: LifetimeName
  readonly lastUsedAt: number
}

export interface Pruned {
  readonly removed: readonly Removed[]
  /** How many stay because another program has them at this moment. */
  readonly busy: number
}

export interface PruneOptions {
  /** Whatever was not used for so long, except for pins: two days at least. Without it, what is over its time. */
  readonly unusedSeconds?: number | undefined
}

export interface Cleanup {
  /** One bounded step, where it is due. Never throws. */
  step(): Promise<void>
  prune(options?: PruneOptions): Promise<Pruned>
}

/** Of one step. To look at a time takes some microseconds, to open a record a tenth of a millisecond, to remove one some of them. */
const MAX_LOOKS = 1_000
const MAX_OPENED = 32
const MAX_REMOVED = 8
const HOUR_MS = 3_600_000
/** A time before that was made up by whoever packed or unpacked the files. */
const EARLIEST = Date.UTC(2020)

export function createCleanup(shelf: Shelf, clock: Clock, log: Log): Cleanup {
  let nextLookAt = 0

  /** What cannot be the time of a use counts as a use now: an archive must not take a record away. One that is to come is left to come. */
  async function lastUsedOf(id: string, now: number): Promise<number | undefined> {
    const at = shelf.lastUsed(id)
    if (at === undefined || at >= EARLIEST) return at
    await shelf.touch(id, now)
    return now
  }

  /** Its account still signs in there: it may be in use by a program that never asks for it again. */
  function isNeeded(record: OpenRecord | 'unreadable', name: LifetimeName): boolean {
    if (record === 'unreadable' || !lifetimes[name].isTrust) return false
    const { server, account } = parseName(record.name) ?? {}
    if (server === undefined || account === undefined) return false
    return shelf.lastUsed(shelf.idOf(signInName({ server, account }))) !== undefined
  }

  function isOver(record: OpenRecord | 'unreadable', name: LifetimeName, lastUsedAt: number, now: number, unusedMs: number): boolean {
    if ((keptUntil(record, lastUsedAt) ?? now) < now) return !isNeeded(record, name)
    return lifetimes[name].isTrust !== true && name !== 'unreadable' && lastUsedAt + unusedMs < now
  }

  async function tidy(ids: readonly string[], { now, unusedMs, maxOpened, maxRemoved }: Tidying): Promise<Pruned & { all: boolean }> {
    const removed: Removed[] = []
    let [opened, busy] = [0, 0]
    for (const id of ids) {
      const lastUsedAt = await lastUsedOf(id, now)
      if (lastUsedAt === undefined || lastUsedAt + Math.min(LEAST_MS, unusedMs) >= now) continue
      if (++opened > maxOpened || removed.length >= maxRemoved) return { removed, busy, all: false }
      const record = await shelf.open(id).catch(() => undefined)
      const what = record && classOf(record)
      if (record === undefined || what === undefined || !isOver(record, what, lastUsedAt, now, unusedMs)) continue
      const done = await shelf.remove(id, lastUsedAt)
      if (done === 'busy') busy++
      if (done === 'removed') removed.push({ what, ...(record !== 'unreadable' && parseName(record.name)), lastUsedAt })
    }
    return { removed, busy, all: true }
  }

  function tell(removed: readonly Removed[]): void {
    if (removed.length === 0) return
    log('info', 'records of the client that nobody has used for long were removed', { records: removed.length })
    const pins = removed.filter(({ what }) => lifetimes[what].isTrust)
    if (pins.length > 0)
      log('warn', 'what was remembered of servers that nobody has used for a year was removed: the next use believes them anew', {
        servers: [...new Set(pins.map(({ server = '' }) => hostOf(server)))].join(' '),
      })
  }

  return {
    async step() {
      const now = clock()
      // One that is further away is of a clock that was wrong.
      if (now < nextLookAt && nextLookAt <= now + HOUR_MS) return
      nextLookAt = now + HOUR_MS
      try {
        if (!shelf.claim(now)) return
        const ids = shelf.ids()
        // Begins elsewhere each time: what is looked at in vain must not hide the rest.
        const from = Math.floor(Math.random() * ids.length)
        const some = [...ids.slice(from), ...ids.slice(0, from)].slice(0, MAX_LOOKS)
        const { removed, all } = await tidy(some, {
          now,
          unusedMs: Number.POSITIVE_INFINITY,
          maxOpened: MAX_OPENED,
          maxRemoved: MAX_REMOVED,
        })
        if (!all || some.length < ids.length) shelf.release(now, HOUR_MS)
        tell(removed)
        await shelf.sweep?.(now)
      } catch {
        // Another day.
      }
    },
    async prune({ unusedSeconds } = {}) {
      const unusedMs = unusedSeconds === undefined ? Number.POSITIVE_INFINITY : unusedSeconds * 1000
      // The time of the last use is known to a day.
      if (unusedMs < 2 * DAY_MS) throw new RangeError('unusedSeconds is two days at least.')
      const max = Number.POSITIVE_INFINITY
      const { removed, busy } = await tidy(shelf.ids(), { now: clock(), unusedMs, maxOpened: max, maxRemoved: max })
      return { removed, busy }
    },
  }
}

interface Tidying {
  readonly now: number
  readonly unusedMs: number
  readonly maxOpened: number
  readonly maxRemoved: number
}

/** Of a server that is started there is only a hash. */
const hostOf = (server: string): string => (URL.canParse(server) ? new URL(server).host : 'a command')
