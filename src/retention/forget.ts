/**
 * Forgets a person, or a class of data, for good: the data keys are destroyed, so that backups forget too, and the records are removed.
 *
 *   note it down → end their credentials → destroy data keys → remove records, until there are none → take the note away → erase
 *
 * Whoever is killed on the way has left the note: the next start, the sweeper of any process, or the same command ends it. Nothing is
 * done twice that would matter. Audit records stay: they say who did what, without arguments.
 *
 * @module
 */

import { setTimeout as delay } from 'node:timers/promises'
import { createId } from '../core/index.ts'
import { allRecords, type Bus, type RecordKind, type Store } from '../storage/index.ts'
import type { Vault } from '../vault/index.ts'
import { type ClassName, classes } from './classes.ts'
import { isOf } from './person.ts'

export interface ForgetParts {
  readonly store: Store
  readonly vault: Vault
  /** Told when credentials have ended; another process learns it from the store. */
  readonly bus?: Bus | undefined
}

/** Whom, or what, or both: one person's data of one class. */
export interface Forgetting {
  readonly subject?: string | undefined
  readonly class?: ClassName | undefined
}

export interface Forgotten {
  readonly records: number
  readonly dataKeys: number
  /** False: the file is too large to be written anew, and fragments of names may be left in it until their place is used again. */
  readonly erased: boolean
}
const NOTHING_LEFT: Forgotten = { records: 0, dataKeys: 0, erased: true }

interface Note extends Forgetting {
  /** As they were when it began: when the grants are gone, nothing else tells whose their tokens are. */
  readonly grants: readonly string[]
  /** All is removed; what is left is to write the files anew. */
  readonly erase?: boolean | undefined
}

export interface ForgetOptions {
  /** How long to wait before a last look, for what a server that runs was about to write; not at all unless told. */
  readonly settleMs?: number | undefined
}

/** First what lets somebody in, so that nothing new comes while the rest goes. */
const credentials: readonly RecordKind[] = ['account', 'api_key', 'grant', 'browser_session']
const REMOVED_AT_ONCE = 100
const MAX_PASSES = 10

export async function forget(parts: ForgetParts, what: Forgetting, options: ForgetOptions = {}): Promise<Forgotten> {
  if (what.subject === undefined && what.class === undefined) throw new TypeError('what is to be forgotten must be said')
  const notes = parts.store.records<Note>('forgetting')
  const id = createId('', 22)
  await notes.putIfAbsent(id, { ...what, grants: await grantsOf(parts.store, what) })
  return finish(parts, id, options)
}

/** Ends what was begun and not ended; answers how many there were. */
export async function resumeForgetting(parts: ForgetParts): Promise<number> {
  let ended = 0
  for await (const { id } of allRecords(parts.store.records<Note>('forgetting'))) {
    await finish(parts, id, {})
    ended++
  }
  return ended
}

async function finish(parts: ForgetParts, id: string, { settleMs = 0 }: ForgetOptions): Promise<Forgotten> {
  const { store, vault, bus } = parts
  const notes = store.records<Note>('forgetting')
  const note = (await notes.get(id))?.value
  if (note === undefined) return NOTHING_LEFT
  if (note.erase) return { ...NOTHING_LEFT, erased: await erase(store, id) }
  let [records, dataKeys] = [await removeAll(store, note, credentials), 0]
  bus?.publish('credentials', 'somebody was forgotten')
  for (let isLast = settleMs === 0; ; isLast = true) {
    dataKeys += await shred(vault, note)
    // Until there are none: of what is written while this runs, too. A server that writes without end is not waited for.
    for (let pass = 0, removed = -1; removed !== 0 && pass < MAX_PASSES; pass++) records += removed = await removeAll(store, note)
    if (isLast) break
    await delay(settleMs)
  }
  // The note has a name in it, and goes before the files are written anew: that alone leaves nothing. Where it fails, or this process
  // ends before, a note without a name says that it is still to be done.
  const toErase = createId('', 22)
  await notes.putIfAbsent(toErase, { grants: [], erase: true })
  await notes.takeOnce(id)
  const erased = await erase(store, toErase)
  return { records, dataKeys, erased }
}

async function erase(store: Store, noteId: string): Promise<boolean> {
  const erased = await store.erase()
  await store.records('forgetting').takeOnce(noteId)
  return erased
}

async function shred(vault: Vault, { subject, class: name }: Note): Promise<number> {
  const whose = subject === undefined ? {} : { subject }
  if (name === undefined) return vault.shred(whose)
  let shredded = 0
  for (const kind of classes[name].kept) shredded += await vault.shred({ kind, ...whose })
  return shredded
}

async function removeAll(store: Store, note: Note, kinds?: readonly RecordKind[]): Promise<number> {
  const { subject, class: name, grants } = note
  const isTheirs = subject === undefined ? undefined : isOf({ subject, grants })
  let removed = 0
  let going: { readonly kind: RecordKind; readonly id: string }[] = []
  async function removeThese(): Promise<void> {
    // All of them in one go to the disk.
    await Promise.all(going.map(({ kind, id }) => store.records(kind).takeOnce(id)))
    removed += going.length
    going = []
  }
  for await (const row of store.scan()) {
    const { kind, id } = row
    if (kind === 'forgetting' || (kinds && !kinds.includes(kind)) || (name && !classes[name].kept.includes(kind))) continue
    if (isTheirs && !isTheirs(row)) continue
    going.push({ kind, id })
    if (going.length === REMOVED_AT_ONCE) await removeThese()
  }
  await removeThese()
  return removed
}

async function grantsOf(store: Store, { subject }: Forgetting): Promise<string[]> {
  if (subject === undefined) return []
  return Array.fromAsync(allRecords(store.records('grant'), { group: `account:${subject}` }), ({ id }) => id)
}
