/**
 * What the authorization server keeps between two requests: codes, refresh tokens, browser sessions, sign-ins under way.
 *
 * The value that a person or client holds is an id here, so the store is given an HMAC of it only, and what belongs to
 * it sealed to its place: who reads the database can redeem nothing. One-time values are won by exactly one.
 *
 * @module
 */

import type { Clock } from '../core/index.ts'
import { allRecords, type RecordOptions, type Store } from '../storage/index.ts'
import type { KeyRing, Place, Vault } from '../vault/index.ts'

export type Payload = Record<string, unknown>

export interface Artifact {
  readonly payload: Payload
  /** Milliseconds since the epoch. */
  readonly consumedAt: number | undefined
}

export interface ArtifactOptions {
  readonly ttlSeconds: number
  /** All of one grant, or the one of a session, can be found by it. */
  readonly group?: string | undefined
}

export interface Artifacts {
  find(kind: string, id: string): Promise<Artifact | undefined>
  findByGroup(kind: string, group: string): Promise<Artifact | undefined>
  /** False where there is one of that id. */
  add(kind: string, id: string, payload: Payload, options: ArtifactOptions): Promise<boolean>
  /** Whoever writes last wins: for what has one writer at a time (a browser's session). */
  put(kind: string, id: string, payload: Payload, options: ArtifactOptions): Promise<void>
  /** True for the one caller that used it up. */
  consume(kind: string, id: string): Promise<boolean>
  remove(kind: string, id: string): Promise<void>
  removeGroup(group: string): Promise<void>
  /** A group's name for a value that must not be readable. */
  groupOf(kind: string, value: string): string
}

interface Kept {
  readonly sealed: string
  /** Whose it is, where that is known: what it is sealed for. */
  readonly subject?: string | undefined
  readonly consumedAt?: number | undefined
  // The store answers neither, and a change has to give both again.
  readonly group?: string | undefined
  readonly expiresAt: number
}

export interface ArtifactsParts {
  readonly store: Store
  readonly keyRing: KeyRing
  readonly vault: Vault
  readonly clock: Clock
}

export function createArtifacts({ store, keyRing, vault, clock }: ArtifactsParts): Artifacts {
  const records = store.records<Kept>('oauth_artifact')
  const hidden = (kind: string, value: string) =>
    `${kind}:${keyRing.mac('oauth-artifact', JSON.stringify([kind, value])).toString('base64url')}`
  const placeOf = (id: string, subject: string | undefined): Place => ({ kind: 'oauth_artifact', id, field: 'payload', subject })
  const optionsOf = ({ group, expiresAt }: Kept): RecordOptions => ({ group, expiresAt })

  async function toKept(key: string, payload: Payload, { ttlSeconds, group }: ArtifactOptions): Promise<Kept> {
    const subject = accountOf(payload)
    const sealed = await vault.seal(JSON.stringify(payload), placeOf(key, subject))
    return { sealed, subject, group, expiresAt: clock() + ttlSeconds * 1000 }
  }
  async function toArtifact(key: string, kept: Kept): Promise<Artifact | undefined> {
    const opened = await vault.open(kept.sealed, placeOf(key, kept.subject))
    return opened && { payload: JSON.parse(opened.toString()), consumedAt: kept.consumedAt }
  }
  return {
    groupOf: hidden,
    async find(kind, id) {
      const key = hidden(kind, id)
      const found = await records.get(key)
      return found && toArtifact(key, found.value)
    },
    async findByGroup(kind, group) {
      const found = (await records.list({ group })).find(({ id }) => id.startsWith(`${kind}:`))
      return found && toArtifact(found.id, found.value)
    },
    async add(kind, id, payload, options) {
      const key = hidden(kind, id)
      const kept = await toKept(key, payload, options)
      return records.putIfAbsent(key, kept, optionsOf(kept))
    },
    async put(kind, id, payload, options) {
      const key = hidden(kind, id)
      const kept = await toKept(key, payload, options)
      for (;;) {
        const found = await records.get(key)
        const done = found
          ? await records.compareAndSet(key, found.version, kept, optionsOf(kept))
          : await records.putIfAbsent(key, kept, optionsOf(kept))
        if (done) return
      }
    },
    async consume(kind, id) {
      const key = hidden(kind, id)
      for (;;) {
        const found = await records.get(key)
        if (found === undefined || found.value.consumedAt !== undefined) return false
        const kept: Kept = { ...found.value, consumedAt: clock() }
        if (await records.compareAndSet(key, found.version, kept, optionsOf(kept))) return true
      }
    },
    async remove(kind, id) {
      await records.takeOnce(hidden(kind, id))
    },
    async removeGroup(group) {
      const all = await Array.fromAsync(allRecords(records, { group }))
      await Promise.all(all.map(({ id }) => records.takeOnce(id)))
    },
  }
}

/** Whose: of a sign-in under way, who is signed in at that browser. */
function accountOf({ accountId, session }: Payload): string | undefined {
  const account = accountId ?? (session as Payload | undefined)?.['accountId']
  return typeof account === 'string' ? account : undefined
}
