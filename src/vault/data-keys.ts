/**
 * The data keys: one for each kind of record and each person in it, random, made when something is first sealed with it, and kept
 * wrapped. Each use looks at the record first, so that a key that another process has destroyed opens nothing from that moment on;
 * unwrapping it again is spared while the record is the same.
 *
 * Fails closed: what cannot be unwrapped throws, and nothing is sealed with a key that is not on disk.
 *
 * @module
 */

import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import type { Clock } from '../core/index.ts'
import { allRecords, type Stored } from '../storage/index.ts'
import { type DataKeyRecord, type DataKeyRecords, idOf, isOfKind, ROOT_ID } from './data-key-record.ts'
import type { KeyRing } from './key-ring.ts'
import type { KeyWrapper } from './key-wrapper.ts'
import { rewrapRecord } from './rewrap.ts'

export interface DataKey {
  readonly id: string
  readonly key: KeyObject
}

export interface DataKeys {
  /** The one that seals now; made where there is none. */
  current(kind: string, subject: string | undefined): Promise<DataKey>
  /** Undefined where it was destroyed. */
  find(id: string): Promise<KeyObject | undefined>
  /** Answers how many there were. Resolves once they are in no file any more. */
  destroy(what: { readonly kind?: string | undefined; readonly subject?: string | undefined }): Promise<number>
}

export interface DataKeysParts {
  readonly records: DataKeyRecords
  readonly scrub: () => Promise<void>
  readonly wrapper: KeyWrapper
  /** Names people without saying who they are. */
  readonly keyRing: Pick<KeyRing, 'mac'>
  readonly clock: Clock
}

interface Unwrapped {
  readonly version: number
  readonly key: KeyObject
}

/** Half a kilobyte each. */
const MAX_UNWRAPPED = 10_000
const MAC_CHARACTERS = 22
const KEY_BYTES = 32

export function createDataKeys({ records, scrub, wrapper, keyRing, clock }: DataKeysParts): DataKeys {
  const unwrapped = new Map<string, Unwrapped>()
  const unwrapping = new Map<string, Promise<KeyObject>>()
  const macOf = (subject: string): string => keyRing.mac('data key', subject).toString('base64url').slice(0, MAC_CHARACTERS)

  async function unwrap({ id, version, value }: Stored<DataKeyRecord>): Promise<KeyObject> {
    const bytes = await wrapper.unwrap(value.keyId, value.wrapped, id)
    if (bytes?.length !== KEY_BYTES) throw new Error('a data key is wrapped with a master key that is not here')
    const key = createSecretKey(bytes)
    if (unwrapped.size >= MAX_UNWRAPPED) unwrapped.delete(unwrapped.keys().next().value as string)
    unwrapped.set(id, { version, key })
    return key
  }
  /** A service is asked once, however many wait for it. */
  function keyOf(found: Stored<DataKeyRecord>): KeyObject | Promise<KeyObject> {
    const known = unwrapped.get(found.id)
    if (known?.version === found.version) return known.key
    const name = `${found.version} ${found.id}`
    let waiting = unwrapping.get(name)
    if (waiting === undefined) {
      waiting = unwrap(found).finally(() => unwrapping.delete(name))
      unwrapping.set(name, waiting)
    }
    return waiting
  }
  async function find(id: string): Promise<KeyObject | undefined> {
    const found = await records.get(id)
    if (found !== undefined) return keyOf(found)
    unwrapped.delete(id)
    return undefined
  }
  /** The root as it was when the keys that are here last opened it. */
  let opened: number | undefined
  /** Where the master key was replaced and the new one is not here, what is wrapped with the old one would be lost with this process. */
  async function requireRoot(): Promise<void> {
    const root = await records.get(ROOT_ID)
    if (root === undefined || root.version === opened) return
    const bytes = await wrapper.unwrap(root.value.keyId, root.value.wrapped, ROOT_ID)
    if (bytes === undefined) throw new Error('the master key was replaced, and the new one is not here: start this program again')
    opened = root.version
  }
  /** Whoever is first makes it, for all processes. */
  async function make(id: string, kind: string, group: string | undefined): Promise<void> {
    await requireRoot()
    const wrapped = await wrapper.wrap(randomBytes(KEY_BYTES), id)
    await records.putIfAbsent(id, { ...wrapped, kind, createdAt: clock() }, { group })
    // A rotation that has passed by meanwhile did not see it.
    if ((await wrapper.current()) !== wrapped.keyId) await rewrapRecord(records, id, wrapper)
  }

  return {
    async current(kind, subject) {
      const generation = (await records.get(ROOT_ID))?.value.generation ?? 1
      const group = subject === undefined ? undefined : macOf(subject)
      const id = idOf(kind, generation, group)
      for (;;) {
        const key = await find(id)
        if (key !== undefined) return { id, key }
        await make(id, kind, group)
      }
    },
    // The root seals nothing that is stored.
    find: async (id) => (id === ROOT_ID ? undefined : find(id)),
    async destroy({ kind, subject }) {
      if (kind === undefined && subject === undefined) throw new TypeError('which data keys are to be destroyed must be said')
      const group = subject === undefined ? undefined : macOf(subject)
      let destroyed = 0
      for await (const { id } of allRecords(records, { group })) {
        if (id === ROOT_ID || (kind !== undefined && !isOfKind(id, kind))) continue
        if ((await records.takeOnce(id)) !== undefined) destroyed++
        unwrapped.delete(id)
      }
      // Also where none was left: whoever began this may have been killed before the end.
      await scrub()
      return destroyed
    },
  }
}
