/**
 * Where tasks are kept: a record for the state of each, one for the call that it is, and one for its result. All sealed: a result
 * is its caller's, and arguments are in it. They go together, a while after the task's time is up.
 *
 * @module
 */

import type { JsonObject } from '../../core/index.ts'
import type { RecordOptions, Store } from '../../storage/index.ts'
import type { KeyRing } from '../../vault/index.ts'
import { endsAt, ownerOf, type TaskState } from './task-state.ts'

/** What is needed to run the work again. */
export interface StoredCall {
  readonly params: JsonObject
  readonly meta: JsonObject
  readonly capabilities: JsonObject
  readonly parameters: Readonly<Record<string, string>> | undefined
}

export interface TaskStore {
  /** Once it resolves, the task is found (tasks extension §task creation). */
  create(id: string, state: TaskState, call: StoredCall): Promise<void>
  load(id: string): Promise<TaskState | undefined>
  /**
   * Replaces the state by what `next` makes of it, however often somebody else is faster. Undefined: it is gone, or `next` left
   * it as it is.
   */
  change(id: string, next: (state: TaskState) => TaskState | undefined): Promise<TaskState | undefined>
  loadCall(id: string): Promise<StoredCall | undefined>
  /** Before the state says that there is one. */
  putResult(id: string, state: TaskState, result: JsonObject): Promise<void>
  loadResult(id: string): Promise<JsonObject | undefined>
  /** Whether the owner has fewer than `most`, whatever has become of them. */
  hasRoom(owner: string, most: number): Promise<boolean>
  remove(id: string): Promise<void>
}

interface Sealed {
  readonly sealed: string
}

/** How long a task can still be asked about when its time is up, so that its caller is told that it failed. */
export const GRACE_MS = 60_000
const MAX_ATTEMPTS = 100
/** What a store lists at once. */
const MAX_COUNTED = 1_000

export function createTaskStore(store: Store, keyRing: KeyRing): TaskStore {
  const records = store.records<Sealed>('task')
  const seal = (id: string, value: object): Sealed => ({ sealed: keyRing.seal(JSON.stringify(value), `task/${id}`) })
  const expiresAt = (state: TaskState): number => endsAt(state) + GRACE_MS
  // Only states have the group: they are counted by it, so that they must be small.
  const options = (state: TaskState): RecordOptions => ({ group: ownerOf(state), expiresAt: expiresAt(state) })

  function unseal<T>(id: string, { sealed }: Sealed): T | undefined {
    const text = keyRing.open(sealed, `task/${id}`)?.toString('utf8')
    return text === undefined ? undefined : (JSON.parse(text) as T)
  }
  async function load<T>(id: string): Promise<T | undefined> {
    const found = await records.get(id)
    return found && unseal(id, found.value)
  }
  async function put(id: string, value: object, given: RecordOptions): Promise<void> {
    if (!(await records.putIfAbsent(id, seal(id, value), given))) throw new Error('a record of a task is there already')
  }

  return {
    async create(id, state, call) {
      await put(`${id}/call`, call, { expiresAt: expiresAt(state) })
      await put(id, state, options(state))
    },
    load,
    async change(id, next) {
      for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
        const found = await records.get(id)
        const state = found && unseal<TaskState>(id, found.value)
        const changed = state && next(state)
        if (!found || !changed) return undefined
        if (await records.compareAndSet(id, found.version, seal(id, changed), options(changed))) return changed
      }
      throw new Error('the state of a task changes faster than it can be written')
    },
    loadCall: (id) => load(`${id}/call`),
    putResult: (id, state, result) => put(`${id}/result`, result, { expiresAt: expiresAt(state) }),
    loadResult: (id) => load(`${id}/result`),
    async hasRoom(owner, most) {
      const limit = Math.min(most, MAX_COUNTED)
      return (await records.list({ group: owner, limit })).length < limit
    },
    async remove(id) {
      for (const each of [id, `${id}/call`, `${id}/result`]) await records.takeOnce(each)
    },
  }
}
