/**
 * Where results are kept that are too large to send: a record that says whose it is and of which tool, and its parts, all sealed for the
 * person (`vault`). The parts first: without the record there is nothing to read, and what was left in the middle goes with its time.
 *
 * Bounded for each person; the oldest go first. Fails closed: what has no room is not kept, and what is somebody else's is not there.
 *
 * @module
 */

import { type Clock, createId, type Entry, type Principal, principalKey, subjectOf } from '../../core/index.ts'
import { allRecords, type Store, type Stored } from '../../storage/index.ts'
import type { SealedParts, Vault } from '../../vault/index.ts'
import type { Results } from './options.ts'
import { base64Bytes, bytesOfBase64, bytesOfText, inParts } from './pieces.ts'

/** What of a result is kept: a text, or a file as it stands in JSON. */
export type Kept = { readonly text: string } | { readonly base64: string }

export interface KeptResult {
  readonly id: string
  readonly bytes: number
  readonly expiresAt: number
}

/** One that was found, for its owner. */
export interface FoundResult extends KeptResult {
  readonly isText: boolean
  readonly mimeType: string
  readonly read: (offset: number, length: number) => Promise<Buffer | undefined>
}

export interface StoredResults {
  /** Redacted before: it is kept as it is given. Undefined: there is no room for it, ever. */
  keep(kept: Kept, mimeType: string, entry: Entry, principal: Principal): Promise<KeptResult | undefined>
  /** Undefined: there is none of this caller's, or its tool is not the caller's to use any more. */
  find(id: string, principal: Principal): Promise<FoundResult | undefined>
}

export interface StoredResultsOptions extends Pick<Results, 'keepSeconds' | 'storedBytes' | 'stored'> {
  readonly store: Store
  readonly vault: Vault
  readonly parts: SealedParts
  readonly clock: Clock
  /** Whether the caller may use the tool of that name now. */
  readonly mayUse: (tool: string, principal: Principal) => boolean
}

interface Row {
  readonly sealed: string
  readonly createdAt: number
  readonly expiresAt: number
  readonly bytes: number
  readonly parts: number
}
interface Sealed {
  readonly owner: string
  readonly tool: string
  readonly mimeType: string
  readonly isText: boolean
}

const KIND = 'stored_result'
const ID_CHARACTERS = 26
const PART_BYTES = 128 * 1024
const AT_ONCE = 8

export function createStoredResults(options: StoredResultsOptions): StoredResults {
  const { store, vault, parts, clock, keepSeconds, storedBytes, stored, mayUse } = options
  const records = store.records<Row>(KIND)
  const place = (id: string, subject: string) => ({ kind: KIND, id, field: 'sealed', subject })
  const partsOf = (id: string): string => `results/${id}`

  async function remove({ id, value }: Stored<Row>): Promise<void> {
    // Whoever takes the record removes the parts.
    if (await records.takeOnce(id)) await parts.remove({ id: partsOf(id) }, value.parts)
  }
  /** Others of the same person may be kept at the same moment: how many at once is bounded elsewhere (`work`). */
  async function makeRoom(subject: string, bytes: number): Promise<void> {
    const all: Stored<Row>[] = []
    for await (const each of allRecords(records, { group: subject })) all.push(each)
    all.sort((one, other) => one.value.createdAt - other.value.createdAt)
    let left = all.reduce((sum, { value }) => sum + value.bytes, bytes)
    for (let at = 0; at < all.length && (left > storedBytes || all.length - at >= stored); at++) {
      const oldest = all[at] as Stored<Row>
      left -= oldest.value.bytes
      await remove(oldest)
    }
  }

  return {
    async keep(kept, mimeType, entry, principal) {
      const isText = 'text' in kept
      const bytes = isText ? Buffer.byteLength(kept.text) : base64Bytes(kept.base64)
      if (bytes > storedBytes) return undefined
      const subject = subjectOf(principal)
      await makeRoom(subject, bytes)
      const id = createId('', ID_CHARACTERS)
      const createdAt = clock()
      const expiresAt = createdAt + keepSeconds * 1000
      let count = 0
      // Several at once: each waits for the disk.
      let waiting: Promise<void>[] = []
      for (const part of inParts(isText ? bytesOfText(kept.text) : bytesOfBase64(kept.base64), PART_BYTES)) {
        waiting.push(parts.put({ id: partsOf(id), subject }, count++, part, { group: `results ${subject}`, expiresAt }))
        if (waiting.length < AT_ONCE) continue
        await Promise.all(waiting)
        waiting = []
      }
      await Promise.all(waiting)
      const said: Sealed = { owner: principalKey(principal), tool: entry.name, mimeType, isText }
      const sealed = await vault.seal(JSON.stringify(said), place(id, subject))
      await records.putIfAbsent(id, { sealed, createdAt, expiresAt, bytes, parts: count }, { group: subject, expiresAt })
      return { id, bytes, expiresAt }
    },
    async find(id, principal) {
      const subject = subjectOf(principal)
      const found = await records.get(id)
      const opened = found && (await vault.open(found.value.sealed, place(id, subject)))
      if (!found || !opened) return undefined
      const { owner, tool, mimeType, isText } = JSON.parse(opened.toString('utf8')) as Sealed
      if (owner !== principalKey(principal) || !mayUse(tool, principal)) return undefined
      const { bytes, expiresAt } = found.value
      const read = (offset: number, length: number): Promise<Buffer | undefined> =>
        parts.read({ id: partsOf(id), subject }, PART_BYTES, offset, length)
      return { id, bytes, expiresAt, isText, mimeType, read }
    },
  }
}
