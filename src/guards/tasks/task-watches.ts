/**
 * Who wants to hear of which task: told of it as it is at the start, and again at each change, on whichever node that happens. Now
 * and then each is looked at besides: of a process that has died nobody hears.
 *
 * @module
 */

import type { JsonObject, Log } from '../../core/index.ts'
import type { Bus } from '../../storage/index.ts'

export interface Shown {
  /** Grows with each change. */
  readonly revision: number
  readonly task: JsonObject
}

export interface TaskWatchesOptions {
  readonly bus: Bus
  readonly log: Log
  readonly show: (id: string) => Promise<Shown | undefined>
}

export interface TaskWatches {
  /** Answers how to stop. */
  watch(id: string, changed: (task: JsonObject) => void): () => void
  beat(): void
  close(): void
}

export function createTaskWatches({ bus, log, show }: TaskWatchesOptions): TaskWatches {
  const watched = new Map<string, Set<() => void>>()
  const stopHearing = bus.subscribe('task', (id) => {
    for (const look of watched.get(id) ?? []) look()
  })

  return {
    watch(id, changed) {
      let told = -1
      async function lookAgain(): Promise<void> {
        const shown = await show(id)
        if (!shown || shown.revision <= told || !watched.get(id)?.has(look)) return
        told = shown.revision
        changed(shown.task)
      }
      const look = (): void => {
        lookAgain().catch((error: unknown) =>
          log('warn', 'the state of a task could not be told', { problem: error instanceof Error ? error.message : 'unknown' }),
        )
      }
      const looks = watched.get(id) ?? new Set()
      watched.set(id, looks.add(look))
      look()
      return () => {
        looks.delete(look)
        if (looks.size === 0 && watched.get(id) === looks) watched.delete(id)
      }
    },
    beat() {
      for (const looks of watched.values()) for (const look of looks) look()
    },
    close: stopHearing,
  }
}
