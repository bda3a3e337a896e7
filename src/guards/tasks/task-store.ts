/**
 * Where tasks are kept: a record for the state of each, one for the call that it is, and one for its result. All sealed: a result
 * is its caller's, and arguments are in it. The call goes when the task has ended, the others a while after the task's time is up.
 *
 * Bounded for each owner, by number and by bytes. Fails closed: for what has no room there is no record.
 *
 * @module
 */

import type { Denial, JsonObject } from '../../core/index.ts'
import { changeRecord, type RecordOptions, type Store } from '../../storage/index.ts'
import type { Place, Vault } from '../../vault/index.ts'
import { endsAt, ownerOf, type TaskState } from './task-state.ts'

/** What is needed to run the work again. */
export interface StoredCall {
  readonly params: JsonObject
  /** Of a tool with sealed fields: the arguments once they were open. The key that they were sealed to may be gone when the task goes on. */
  readonly opened?: JsonObject | undefined
  readonly meta: JsonObject
  readonly capabilities: JsonObject
  readonly parameters: Readonly<Record<string, string>> | undefined
}

export interface TaskStore {
  /** Once it resolves, the task is found (tasks extension §task creation). Answers why its owner may not have another. */
  create(id: string, state: TaskState, call: StoredCall): Promise<Denial | undefined>
  load(id: string): Promise<TaskState | undefined>
  /**
   * Replaces the state by what `next` makes of it, however often somebody else is faster. Undefined: it is gone, or `next` left
   * it as it is.
   */
  change(id: string, next: (state: TaskState) => TaskState | undefined): Promise<TaskState | undefined>
  loadCall(id: string): Promise<StoredCall | undefined>
  /** Nobody will run it again. */
  removeCall(id: string): Promise<void>
  /** Before the state says that there is one. Answers whether there was room. */
  putResult(id: string, state: TaskState, result: JsonObject): Promise<boolean>
  loadResult(id: string): Promise<JsonObject | undefined>
  remove(id: string): Promise<void>
}

export interface TaskStoreOptions {
  readonly store: Store
  readonly vault: Vault
  /** How many tasks of one owner there may be, whatever has become of them. */
  readonly most: number
  /** What their calls and results may come to, as they are kept. */
  readonly mostBytes: number
}

interface Sealed {
  readonly sealed: string
  /** Whose it is: what it is sealed for. */
  readonly subject: string
}

/** How long a task can still be asked about when its time is up, so that its caller is told that it failed. */
const GRACE_MS = 60_000

export function createTaskStore({ store, vault, most, mostBytes }: TaskStoreOptions): TaskStore {
  const records = store.records<Sealed>('task')
  const placeOf = (id: string, subject: string): Place => ({ kind: 'task', id, field: 'sealed', subject })
  async function seal(id: string, state: TaskState, value: object): Promise<Sealed> {
    const { keptFor: subject } = state
    return { sealed: await vault.seal(JSON.stringify(value), placeOf(id, subject)), subject }
  }
  const expiresAt = (state: TaskState): number => endsAt(state) + GRACE_MS
  // States are counted by their group, what may be large is measured by its own.
  const options = (state: TaskState): RecordOptions => ({ group: ownerOf(state), expiresAt: expiresAt(state) })
  const bulk = (state: TaskState): RecordOptions => ({ group: bulkOf(state), expiresAt: expiresAt(state) })

  async function unseal<T>(id: string, { sealed, subject }: Sealed): Promise<T | undefined> {
    const text = (await vault.open(sealed, placeOf(id, subject)))?.toString('utf8')
    return text === undefined ? undefined : (JSON.parse(text) as T)
  }
  async function load<T>(id: string): Promise<T | undefined> {
    const found = await records.get(id)
    return found && unseal(id, found.value)
  }
  async function put(id: string, value: Sealed, given: RecordOptions): Promise<void> {
    if (!(await records.putIfAbsent(id, value, given))) throw new Error('a record of a task is there already')
  }
  /** What is put at the same moment is not seen: of each caller only so many calls run at once. */
  async function hasRoom(state: TaskState, { sealed }: Sealed): Promise<boolean> {
    return (await records.usage(bulkOf(state))).bytes + sealed.length <= mostBytes
  }

  return {
    async create(id, state, call) {
      if ((await records.usage(ownerOf(state))).count >= most)
        return overloaded(`This caller has ${most} tasks already: they are kept until their time is up.`)
      const sealed = await seal(`${id}/call`, state, call)
      if (!(await hasRoom(state, sealed))) return overloaded(`The tasks of this caller are as large as they may be (${mostBytes} bytes).`)
      await put(`${id}/call`, sealed, bulk(state))
      await put(id, await seal(id, state, state), options(state))
      return undefined
    },
    load,
    async change(id, next) {
      let changed: TaskState | undefined
      const toSealed = async (found: Sealed | undefined): Promise<Sealed | undefined> => {
        const state = found && (await unseal<TaskState>(id, found))
        changed = state && next(state)
        return changed && seal(id, changed, changed)
      }
      await changeRecord(records, id, toSealed, () => options(changed as TaskState))
      return changed
    },
    loadCall: (id) => load(`${id}/call`),
    async removeCall(id) {
      await records.takeOnce(`${id}/call`)
    },
    async putResult(id, state, result) {
      const sealed = await seal(`${id}/result`, state, result)
      const isRoom = await hasRoom(state, sealed)
      if (isRoom) await put(`${id}/result`, sealed, bulk(state))
      return isRoom
    },
    loadResult: (id) => load(`${id}/result`),
    async remove(id) {
      for (const each of [id, `${id}/call`, `${id}/result`]) await records.takeOnce(each)
    },
  }
}

const bulkOf = (state: TaskState): string => `bulk ${ownerOf(state)}`
const overloaded = (problem: string): Denial => ({ reason: 'overloaded', problem })
