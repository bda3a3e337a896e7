/**
 * Who wants to hear of which task: told of it as it is at the start, and again at each change, on whichever node that happens. Now
 * and then each is looked at besides: of a process that has died nobody hears. A task is looked at once, however many listen, and
 * no more once its end was told.
 *
 * @module
 */

import { type JsonObject, type Log, problemOf } from '../../core/index.ts'
import type { Bus } from '../../storage/index.ts'
import { hasEnded, type TaskState } from './task-state.ts'

export interface TaskWatchesOptions {
  readonly bus: Bus
  readonly log: Log
  /** Undefined: there is none. */
  readonly current: (id: string) => Promise<TaskState | undefined>
  /** What is told of it: with its result, which may be large. */
  readonly show: (id: string, state: TaskState) => Promise<JsonObject | undefined>
}

export interface TaskWatches {
  /** Answers how to stop. */
  watch(id: string, changed: (task: JsonObject) => void): () => void
  beat(): void
  close(): void
}

interface Listener {
  readonly changed: (task: JsonObject) => void
  /** The last revision that it was told of. */
  told: number
}
interface Watched {
  readonly listeners: Set<Listener>
  isLooking: boolean
  /** Something has happened since the look began. */
  isStale: boolean
}

export function createTaskWatches({ bus, log, current, show }: TaskWatchesOptions): TaskWatches {
  const watched = new Map<string, Watched>()
  const stopHearing = bus.subscribe('task', look)

  const report = (error: unknown): void => log('warn', 'the state of a task could not be told', { problem: problemOf(error) })

  function look(id: string): void {
    const task = watched.get(id)
    if (!task) return
    task.isStale = true
    if (!task.isLooking) void lookUntilFresh(id, task)
  }

  async function lookUntilFresh(id: string, task: Watched): Promise<void> {
    task.isLooking = true
    try {
      while (task.isStale) {
        task.isStale = false
        await tell(id, task)
      }
    } catch (error) {
      report(error)
    } finally {
      task.isLooking = false
      if (task.listeners.size === 0 && watched.get(id) === task) watched.delete(id)
    }
  }

  async function tell(id: string, { listeners }: Watched): Promise<void> {
    const known = [...listeners]
    const state = await current(id)
    const behind = known.filter(({ told }) => state && told < state.revision)
    const shown = state && behind.length > 0 ? await show(id, state) : undefined
    for (const listener of behind) {
      if (!state || !shown || !listeners.has(listener)) continue
      listener.told = state.revision
      try {
        listener.changed(shown)
      } catch (error) {
        report(error)
      }
    }
    // Nothing will change any more.
    if (!state || hasEnded(state)) for (const listener of known) listeners.delete(listener)
  }

  return {
    watch(id, changed) {
      const listener: Listener = { changed, told: -1 }
      const task = watched.get(id) ?? { listeners: new Set(), isLooking: false, isStale: false }
      watched.set(id, task)
      task.listeners.add(listener)
      look(id)
      return () => {
        task.listeners.delete(listener)
        if (task.listeners.size === 0 && !task.isLooking && watched.get(id) === task) watched.delete(id)
      }
    },
    beat() {
      for (const id of watched.keys()) look(id)
    },
    close: stopHearing,
  }
}
