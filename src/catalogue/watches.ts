/**
 * Who wants to hear of which resource: each is watched once however many callers subscribe to it, and a change that anybody
 * tells of (the executor that watches, the author of a server, another node) reaches them all over the bus.
 *
 * @module
 */

import type { Entry, Executor } from '../core/index.ts'
import type { Bus } from '../storage/index.ts'

export interface Watches {
  /**
   * Has the resource watched, where its executor can. Answers how to stop, which does nothing the second time; undefined where the
   * executor would have to watch and does not: nobody may count on being told.
   */
  watch(entry: Entry, uri: string): (() => void) | undefined
  /** Entries were replaced: what somebody else executes now is watched there. */
  renew(resolve: (uri: string) => Entry | undefined): void
  /** Calls `listener` with the URI of each resource that has changed. Answers how to stop listening. */
  onUpdate(listener: (uri: string) => void): () => void
}

interface Watch {
  count: number
  executor: Executor | undefined
  stop: (() => void) | undefined
}

export function createWatches(bus: Bus): Watches {
  const watches = new Map<string, Watch>()

  /** Whether changes will be told. */
  function begin(held: Watch, entry: Entry | undefined, uri: string): boolean {
    held.executor = entry?.executor
    held.stop = entry?.executor.watch?.(entry, uri, () => bus.publish('resource', uri))
    return held.stop !== undefined || entry?.executor.watch === undefined
  }
  return {
    watch(entry, uri) {
      let held = watches.get(uri)
      if (!held) {
        held = { count: 0, executor: undefined, stop: undefined }
        if (!begin(held, entry, uri)) return undefined
        watches.set(uri, held)
      }
      held.count++
      const mine = held
      let stopped = false
      return () => {
        if (stopped) return
        stopped = true
        if (--mine.count > 0) return
        watches.delete(uri)
        mine.stop?.()
      }
    },
    renew(resolve) {
      for (const [uri, held] of watches) {
        const entry = resolve(uri)
        if (entry?.executor === held.executor) continue
        held.stop?.()
        begin(held, entry, uri)
      }
    },
    onUpdate: (listener) => bus.subscribe('resource', listener),
  }
}
