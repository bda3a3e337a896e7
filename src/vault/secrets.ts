/**
 * Secrets that have a name: what guarded servers are handed, so that no configuration holds it. One for everybody, set by the
 * operator, and beside it one for each person, set by that person or for them.
 *
 * Sealed at their place: one that is moved to another name or another person does not open. What was set comes out in one way
 * only, `open`; lists have names and times. Fails closed: what cannot be opened is not there.
 *
 * @module
 */

import { type Clock, isProtocolWord } from '../core/index.ts'
import { allRecords, changeRecord, type Store } from '../storage/index.ts'
import type { Place, Vault } from './vault.ts'

/** What may be shown of one. Times are milliseconds since the epoch. */
export interface SecretInfo {
  readonly name: string
  /** As `Principal.user` names them; undefined: for everybody. */
  readonly user?: string | undefined
  readonly setAt: number
  readonly setBy: string
  /** To the hour. */
  readonly lastUsedAt?: number | undefined
}

export interface NewSecret extends Pick<SecretInfo, 'name' | 'user'> {
  readonly value: string
  readonly setBy: string
}

export interface NamedSecrets {
  /** Puts it in the place of what was there. Answers what is wrong, in a sentence for whoever typed it. */
  set(secret: NewSecret): Promise<{ readonly problem: string } | undefined>
  open(name: string, user?: string): Promise<{ readonly value: string; readonly info: SecretInfo } | undefined>
  /** What may be shown of it. */
  find(name: string, user?: string): Promise<SecretInfo | undefined>
  /** All, or those of `user`. In order of name. */
  list(of?: { readonly user: string }): Promise<readonly SecretInfo[]>
  /** False where there was none. */
  remove(name: string, user?: string): Promise<boolean>
  noteUse(name: string, user?: string): Promise<void>
  /** Told whenever one may have changed, in this process or another. Answers how to stop listening. */
  onChange(listener: () => void): () => void
}

interface Kept extends SecretInfo {
  readonly sealed: string
}

/** Below this, ordinary text would be full of it, and nobody could take it out of what leaves. */
export const MIN_SECRET = 8
const MAX_SECRET_BYTES = 16 * 1024
/** A person's own that nothing has used for so long is forgotten. What the operator set stays. */
const UNUSED_MS = 366 * 86_400_000
const USED_EVERY_MS = 3_600_000
const SECRET_NAME = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/
const MAX_USER = 1024

export const isSecretName = (name: string): boolean => SECRET_NAME.test(name)

/** What is wrong with a value before anything is kept. */
function problemWithSecret(value: string): string | undefined {
  if (Array.from(value).length < MIN_SECRET)
    return `A secret has at least ${MIN_SECRET} characters: a shorter one could not be told from other text and kept out of results.`
  if (Buffer.byteLength(value) > MAX_SECRET_BYTES) return `A secret has at most ${MAX_SECRET_BYTES / 1024} KiB.`
  if (value.includes('\0')) return 'A secret is text.'
  if (isProtocolWord(value)) return 'That is a word that every answer has, and could not be kept out of results.'
  return undefined
}

export interface SecretsParts {
  readonly store: Store
  readonly vault: Vault
  readonly clock: Clock
}

export function createNamedSecrets({ store, vault, clock }: SecretsParts): NamedSecrets {
  const records = store.records<Kept>('named_secret')
  const listeners = new Set<() => void>()
  let stopFollowing: (() => void) | undefined

  const tell = (): void => {
    for (const listener of Array.from(listeners)) listener()
  }
  const optionsOf = ({ user, setAt, lastUsedAt = setAt }: Kept) =>
    user === undefined ? { group: 'shared' } : { group: groupOfUser(user), expiresAt: lastUsedAt + UNUSED_MS }

  return {
    async set({ name, user, value, setBy }) {
      if (!isSecretName(name))
        return { problem: 'The name of a secret is 1 to 64 letters a to z, digits, - and _, and begins with a letter.' }
      if (user !== undefined && (user === '' || user.length > MAX_USER)) return { problem: 'Nobody is called that.' }
      const problem = problemWithSecret(value)
      if (problem !== undefined) return { problem }
      const id = idOf(name, user)
      const sealed = await vault.seal(value, placeOf(id, user))
      const kept: Kept = { name, user, setAt: clock(), setBy, sealed }
      await changeRecord(records, id, () => kept, optionsOf)
      tell()
      return undefined
    },
    async open(name, user) {
      const id = idOf(name, user)
      const kept = (await records.get(id))?.value
      const value = kept && (await vault.open(kept.sealed, placeOf(id, user)))?.toString()
      return kept && value !== undefined ? { value, info: toInfo(kept) } : undefined
    },
    async find(name, user) {
      const kept = await records.get(idOf(name, user))
      return kept && toInfo(kept.value)
    },
    async list(of) {
      const infos = await Array.fromAsync(allRecords(records, of ? { group: groupOfUser(of.user) } : {}), ({ value }) => toInfo(value))
      const byName = (one: SecretInfo, other: SecretInfo): number =>
        compare(one.name, other.name) || compare(one.user ?? '', other.user ?? '')
      return infos.sort(byName)
    },
    async remove(name, user) {
      const taken = await records.takeOnce(idOf(name, user))
      if (taken !== undefined) tell()
      return taken !== undefined
    },
    async noteUse(name, user) {
      const now = clock()
      await changeRecord(
        records,
        idOf(name, user),
        (kept) => (kept && now - (kept.lastUsedAt ?? 0) >= USED_EVERY_MS ? { ...kept, lastUsedAt: now } : undefined),
        optionsOf,
      )
    },
    onChange(listener) {
      const own = (): void => listener()
      listeners.add(own)
      stopFollowing ??= store.onForeignChange(tell)
      return () => {
        listeners.delete(own)
        if (listeners.size > 0) return
        stopFollowing?.()
        stopFollowing = undefined
      }
    },
  }
}

/** A name has no `/`, so that a person's is never mistaken for another's or for everybody's. */
const idOf = (name: string, user: string | undefined): string => (user === undefined ? name : `${name}/${user}`)
const placeOf = (id: string, subject: string | undefined): Place => ({ kind: 'named_secret', id, field: 'value', subject })
/** All that is one person's. */
export const groupOfUser = (user: string): string => `user:${user}`
const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0)

const toInfo = ({ name, user, setAt, setBy, lastUsedAt }: Kept): SecretInfo => Object.freeze({ name, user, setAt, setBy, lastUsedAt })
