/**
 * A store of sealed files, one for each record, in a folder that only its owner may write into. Several processes may use it at once:
 * reading needs no lock, since files are replaced as a whole; writing has one for each record.
 *
 * Fails closed: what does not open is not there, which is said once in the log; what could not be kept is not begun.
 *
 * @module
 */

import { type Clock, type Log, silentLog, systemClock } from '../../core/index.ts'
import type { KeyRing } from '../../vault/index.ts'
import { type Cleanup, createCleanup } from './cleanup.ts'
import { takeFileLock } from './file-lock.ts'
import { DAY_MS } from './lifetimes.ts'
import { type Draft, readRecordFile, removeDraft, removeRecordFile, reserveDraft, touchRecordFile } from './record-file.ts'
import { hashOf, MAX_SEALED_BYTES, type OpenRecord, openRecord, sealRecord } from './sealed-record.ts'
import { createSealedShelf } from './sealed-shelf.ts'
import type { SealingKeys } from './sealing-keys.ts'
import type { StoreFolder } from './store-folder.ts'
import { requireName, requireValue, type TokenStore } from './token-store.ts'
import { createTurns } from './turns.ts'

export interface FoundRecord extends OpenRecord {
  /** To a day. */
  readonly lastUsedAt: number
}

export interface SealedFiles extends TokenStore, Pick<Cleanup, 'prune'> {
  /** Every record that opens; to look at it here is no use of it. */
  records(): AsyncIterable<FoundRecord>
  /** Seals a record anew with the newest key, where it is there. */
  reseal(hash: string): Promise<'resealed' | 'absent' | 'unreadable'>
}

export interface SealedStoreOptions {
  readonly folder: StoreFolder
  readonly keys: SealingKeys
  readonly log?: Log | undefined
  readonly clock?: Clock | undefined
}

/** Somebody who refreshes needs two answers of a server at most, of ten seconds each. */
const WAIT_MS = 60_000

/** What whoever has a record's lock may do with it. */
interface Inside {
  write(record: OpenRecord, usedAt: number): Promise<void>
  remove(): Promise<void>
  /** Waits for what is under way, and leaves nothing behind. */
  end(): Promise<void>
}

export function createSealedStore({ folder, keys, log = silentLog, clock = systemClock }: SealedStoreOptions): SealedFiles {
  const turns = createTurns<Inside>()
  const said = new Set<string>()
  let ring: KeyRing | undefined

  const load = async (): Promise<KeyRing> => {
    ring = await keys.load()
    return ring
  }

  async function openFile(hash: string, isQuiet = false): Promise<FoundRecord | 'unreadable' | undefined> {
    // Twice: another process may have changed the key, and sealed this anew, since the keys were loaded.
    for (let attempt = 0; attempt < 2; attempt++) {
      const known = attempt === 0 && ring ? ring : await load()
      const found = await readRecordFile(folder.fileOf(hash), MAX_SEALED_BYTES)
      if (found === undefined) return undefined
      const record = openRecord(known, hash, found.text)
      if (record && hashOf(record.name) === hash) return { ...record, lastUsedAt: found.lastUsedAt }
    }
    if (!isQuiet && !said.has(hash)) {
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
      write: (record, usedAt) =>
        next(async () => {
          const sealed = sealRecord(await load(), record)
          const mine = draft ?? (await reserveDraft(file, Buffer.byteLength(sealed)))
          draft = undefined
          await mine.replace(sealed, usedAt)
        }),
      remove: () => next(() => removeRecordFile(file)),
      end: async () => {
        await last
        await draft?.discard()
      },
    }
  }

  /** `bytes`: what must have room before `run` begins. */
  function enter<T>(hash: string, bytes: number, run: (inside: Inside) => Promise<T>, waitMs = WAIT_MS): Promise<T> {
    return turns.take(hash, async (begin) => {
      folder.require()
      // A keychain may ask the person first; others need not wait for that.
      if (!ring) await load()
      const lock = await takeFileLock(folder.lockOf(hash), waitMs)
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

  const shelf = createSealedShelf({
    folder,
    isFree: turns.isFree,
    enter: (hash, run) => enter(hash, 0, run, 0),
    open: (hash) => openFile(hash, true),
  })
  const cleanup = createCleanup(shelf, clock, log)

  return {
    async read(name) {
      requireName(name)
      if (!folder.exists()) return undefined
      const hash = hashOf(name)
      const found = await openFile(hash)
      const now = clock()
      // Once a day, and by no more than the file's time. Never back: that clock may be the one that is wrong.
      if (found !== undefined && found !== 'unreadable' && now - found.lastUsedAt >= DAY_MS) await touchRecordFile(folder.fileOf(hash), now)
      if (!turns.inside(hash)) await cleanup.step()
      return found === 'unreadable' ? undefined : found?.value
    },
    async write(name, value) {
      requireName(name)
      requireValue(value)
      const hash = hashOf(name)
      const inside = turns.inside(hash)
      const usedAt = clock()
      if (inside) return inside.write({ name, value }, usedAt)
      await enter(hash, 0, (own) => own.write({ name, value }, usedAt))
      await cleanup.step()
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
      const done = await enter(hashOf(name), MAX_SEALED_BYTES, work)
      await cleanup.step()
      return done
    },
    async *records() {
      for (const hash of folder.kept()) {
        const found = await openFile(hash)
        if (found !== undefined && found !== 'unreadable') yield found
      }
    },
    prune: cleanup.prune,
    reseal: (hash) =>
      enter(hash, 0, async (own) => {
        const found = await openFile(hash)
        if (found === undefined) return 'absent'
        if (found === 'unreadable') return 'unreadable'
        // To seal it anew is no use of it.
        await own.write(found, found.lastUsedAt)
        return 'resealed'
      }),
  }
}
