/** Wraps a data key anew, with the key that wraps now. The data key stays the same, and so does what it has sealed. @module */

import { type DataKeyRecord, type DataKeyRecords, ROOT_ID } from './data-key-record.ts'
import type { KeyWrapper, Wrapped } from './key-wrapper.ts'

/** Undefined where the wrapping key is not here. */
export async function wrapAnew(wrapper: KeyWrapper, { keyId, wrapped }: Wrapped, context: string): Promise<Wrapped | undefined> {
  const bytes = await wrapper.unwrap(keyId, wrapped, context)
  return bytes && wrapper.wrap(bytes, context)
}

/**
 * Until it is wrapped with the current key, or is gone. The root is not meant: it is the last one of a rotation (rotate.ts).
 *
 * @throws where it cannot be unwrapped.
 */
export async function rewrapRecord(records: DataKeyRecords, id: string, wrapper: KeyWrapper): Promise<void> {
  for (;;) {
    const found = await records.get(id)
    if (found === undefined || found.value.keyId === (await wrapper.current())) return
    const anew = await wrapAnew(wrapper, found.value, id)
    if (anew === undefined) throw new Error('a data key is wrapped with a master key that is not here')
    const value: DataKeyRecord = { ...found.value, ...anew }
    if (await records.compareAndSet(id, found.version, value, { group: groupOfId(id) })) return
  }
}

/** The store does not answer the group, and a change has to give it again: it is the last part of the id. */
const groupOfId = (id: string): string | undefined => (id === ROOT_ID ? undefined : id.split(':')[2])
