/**
 * When the lists of an upstream are read: at its start, and again soon after it has announced a change. Changes come in bunches, so that
 * each is waited a moment with; while one reading is under way the next one waits for its end; and an upstream that announces changes all
 * the time is not read all the time.
 *
 * @module
 */

import type { Clock } from '../core/index.ts'
import type { ListKind } from './upstream/index.ts'

export interface Rereading {
  /** They may have changed. */
  announce(kinds: readonly ListKind[]): void
  /** Reads them at once, and whatever was announced with them. */
  readNow(kinds: readonly ListKind[]): Promise<void>
  close(): void
}

export interface RereadingOptions {
  readonly read: (kinds: ReadonlySet<ListKind>) => Promise<void>
  /** Ours to repair: what was read before stays. */
  readonly failed: (error: unknown) => void
  /** Nothing is read any more. */
  readonly isOver: () => boolean
  readonly clock: Clock
}

const DEBOUNCE_MS = 50
const BETWEEN_MS = 1000

export function createRereading({ read, failed, isOver, clock }: RereadingOptions): Rereading {
  const stale = new Set<ListKind>()
  let isReading = false
  let readAt = 0
  let timer: NodeJS.Timeout | undefined

  function schedule(): void {
    if (timer !== undefined || isReading || stale.size === 0 || isOver()) return
    timer = setTimeout(
      () => {
        timer = undefined
        if (!isReading) void readStale()
      },
      Math.max(DEBOUNCE_MS, readAt + BETWEEN_MS - clock()),
    )
  }
  async function readStale(): Promise<void> {
    isReading = true
    const kinds = new Set(stale)
    stale.clear()
    try {
      await read(kinds)
    } catch (error) {
      failed(error)
    } finally {
      isReading = false
      readAt = clock()
      schedule()
    }
  }

  return {
    announce(kinds) {
      for (const kind of kinds) stale.add(kind)
      schedule()
    },
    readNow(kinds) {
      for (const kind of kinds) stale.add(kind)
      return readStale()
    },
    close() {
      clearTimeout(timer)
      stale.clear()
    },
  }
}
