/**
 * What is too large for one record, kept in parts that are sealed one by one: written as it comes, read from anywhere, never whole in
 * memory. A part opens at its own place alone, so that none can be left out, doubled or taken from something else.
 *
 * Whose the whole is and whether it is complete is known to the record that the parts belong to. Fails closed: a part that does not open
 * is not there.
 *
 * @module
 */

import type { Store } from '../storage/index.ts'
import type { Vault } from './vault.ts'

export interface PartsOf {
  /** Of the whole, with its kind in front: `resources/ID`. */
  readonly id: string
  readonly subject: string
}

export interface PartOptions {
  /** What is counted together. */
  readonly group: string
  readonly expiresAt: number
}

export interface SealedParts {
  /** Puts it in the place of what was there, if anything was: a try before this one that nobody has counted. */
  put(of: PartsOf, at: number, bytes: Uint8Array, options: PartOptions): Promise<void>
  get(of: PartsOf, at: number): Promise<Buffer | undefined>
  /** `length` bytes from `offset` on, where each part but the last has `partBytes`. Undefined: one of them is not there. */
  read(of: PartsOf, partBytes: number, offset: number, length: number): Promise<Buffer | undefined>
  remove(of: Pick<PartsOf, 'id'>, count: number): Promise<void>
  /** What the parts of a group come to, as they are kept. */
  usage(group: string): Promise<{ readonly count: number; readonly bytes: number }>
}

interface Kept {
  readonly sealed: string
}
const KIND = 'stored_part'

export function createSealedParts({ store, vault }: { readonly store: Store; readonly vault: Vault }): SealedParts {
  const records = store.records<Kept>(KIND)
  const idOf = (id: string, at: number): string => `${id}/${String(at).padStart(6, '0')}`
  const place = ({ id, subject }: PartsOf, at: number) => ({ kind: KIND, id: idOf(id, at), field: 'bytes', subject })

  async function get(of: PartsOf, at: number): Promise<Buffer | undefined> {
    const found = await records.get(idOf(of.id, at))
    return found && vault.open(found.value.sealed, place(of, at))
  }

  return {
    get,
    async put(of, at, bytes, options) {
      const id = idOf(of.id, at)
      const value: Kept = { sealed: await vault.seal(bytes, place(of, at)) }
      while (!(await records.putIfAbsent(id, value, options))) {
        const before = await records.get(id)
        if (before && (await records.compareAndSet(id, before.version, value, options))) return
      }
    },
    async read(of, partBytes, offset, length) {
      const whole = Buffer.alloc(length)
      for (let done = 0; done < length; ) {
        const at = offset + done
        const part = await get(of, Math.floor(at / partBytes))
        const copied = part?.copy(whole, done, at % partBytes) ?? 0
        if (copied === 0) return undefined
        done += copied
      }
      return whole
    },
    async remove({ id }, count) {
      for (let at = 0; at < count; at++) await records.takeOnce(idOf(id, at))
    },
    usage: records.usage,
  }
}
