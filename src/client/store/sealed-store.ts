/**
 * A store of sealed files, one for each record, in a folder that only its owner may write into. Several processes may use it at once:
 * reading needs no lock, since files are replaced as a whole; writing has one for each record.
 *
 * Fails closed: what does not open is not there, which is said once in the log; what could not be kept is not begun.
 *
 * @module
 */

import { type Log, silentLog } from '../../core/index.ts'
import type { KeyRing } from '../../vault/index.ts'
import { takeFileLock } from './file-lock.ts'
import { type Draft, readRecordFile, removeDraft, removeRecordFile, reserveDraft } from './record-file.ts'
import { hashOf, MAX_SEALED_BYTES, type OpenRecord, openRecord, sealRecord } from './sealed-record.ts'
import type { SealingKeys } from './sealing-keys.ts'
import type { StoreFolder } from './store-folder.ts'
import { requireName, requireValue, type TokenStore } from './token-store.ts'
import { createTurns } from './turns.ts'

export interface SealedFiles extends TokenStore {
  /** Every record that opens. */
  records(): AsyncIterable<OpenRecord>
  /** Seals a record anew with the newest key, where it is there. */
  reseal(hash: string): Promise<'resealed' | 'absent' | 'unreadable'>
}

export interface SealedStoreOptions {
  readonly folder: StoreFolder
  readonly keys: SealingKeys
  readonly log?: Log | undefined
}

/** Somebody who refreshes needs two answers of a server at most, of ten seconds each. */
const WAIT_MS = 60_000

/** What whoever has a record's lock may do with it. */
interface Inside {
  write(record: OpenRecord): Promise<void>
  remove(): Promise<void>
  /** Waits for what is under way, and leaves nothing behind. */
  end(): Promise<void>
}

export function createSealedStore({ folder, keys, log = silentLog }: SealedStoreOptions): SealedFiles {
  const turns = createTurns<Inside>()
  const said = new Set<string>()
  let ring: KeyRing | undefined

  const load = async (): Promise<KeyRing> => {
    ring = await keys.load()
    return ring
  }

  async function openFile(hash: string): Promise<OpenRecord | 'unreadable' | undefined> {
    // Twice: another process may have changed the key, and sealed this anew, since the keys were loaded.
    for (let attempt = 0; attempt < 2; attempt++) {
      const known = attempt === 0 && ring ? ring : await load()
      const sealed = await readRecordFile(folder.fileOf(hash), MAX_SEALED_BYTES)
      if (sealed === undefined) return undefined
      const record = openRecord(known, hash, sealed)
      if (record && hashOf(record.name) === hash) return record
    }
    if (!said.has(hash)) {
      said.add(hash)
      log('warn', 'a record of the client does not open: its key is gone, or it was changed. It counts as absent: sign in again', {
        file: folder.fileOf(hash),
      })
    }
    return 'unreadable'
  }

  function createInside(hash: string, reserved: Draft | undefined): Inside {
    const file = folder.fileOf(hash)
    let draft = reserved
    let last: Promise<unknown> = Promise.resolve()
    const next = (change: () => Promise<void>): Promise<void> => {
      const mine = last.then(change)
      last = mine.catch(() => {})
      return mine
    }
    return {
      write: (record) =>
        next(async () => {
          const sealed = sealRecord(await load(), record)
          const mine = draft ?? (await reserveDraft(file, Buffer.byteLength(sealed)))
          draft = undefined
          await mine.replace(sealed)
        }),
      remove: () => next(() => removeRecordFile(file)),
      end: async () => {
        await last
        await draft?.discard()
      },
    }
  }

  /** `bytes`: what must have room before `run` begins. */
  function enter<T>(hash: string, bytes: number, run: (inside: Inside) => Promise<T>): Promise<T> {
    return turns.take(hash, async (begin) => {
      folder.require()
      // A keychain may ask the person first; others need not wait for that.
      if (!ring) await load()
      const lock = await takeFileLock(folder.lockOf(hash), WAIT_MS)
      try {
        const file = folder.fileOf(hash)
        await removeDraft(file)
        const inside = createInside(hash, bytes > 0 ? await reserveDraft(file, bytes) : undefined)
        try {
          return await begin(inside, () => run(inside))
        } finally {
          await inside.end()
        }
      } finally {
        lock.release()
      }
    })
  }

  return {
    async read(name) {
      requireName(name)
      if (!folder.exists()) return undefined
      const found = await openFile(hashOf(name))
      return found === 'unreadable' ? undefined : found?.value
    },
    async write(name, value) {
      requireName(name)
      requireValue(value)
      const hash = hashOf(name)
      const inside = turns.inside(hash)
      await (inside ? inside.write({ name, value }) : enter(hash, 0, (own) => own.write({ name, value })))
    },
    async remove(name) {
      requireName(name)
      const hash = hashOf(name)
      const inside = turns.inside(hash)
      // Where there is no folder, nothing needs one.
      if (inside) await inside.remove()
      else if (folder.exists()) await enter(hash, 0, (own) => own.remove())
    },
    async exclusively(name, work) {
      requireName(name)
      return enter(hashOf(name), MAX_SEALED_BYTES, work)
    },
    async *records() {
      for (const hash of folder.hashes()) {
        const found = await openFile(hash)
        if (found !== undefined && found !== 'unreadable') yield found
      }
    },
    reseal: (hash) =>
      enter(hash, 0, async (own) => {
        const found = await openFile(hash)
        if (found === undefined) return 'absent'
        if (found === 'unreadable') return 'unreadable'
        await own.write(found)
        return 'resealed'
      }),
  }
}
