/**
 * Copies of clients' metadata documents, in the store for all processes. Asks nobody: the command line uses it beside a running server.
 *
 * One that nobody allowed anything is forgotten after an hour, and of those there are so many and no more: anybody may name a URL. One
 * that was used is kept for 90 days after its last use.
 *
 * @module
 */

import type { Clock } from '../core/index.ts'
import { allRecords, changeRecord, type RecordOptions, type Store, type Stored } from '../storage/index.ts'
import type { Payload } from './artifacts.ts'
import { type Approval, approvalOf } from './client-approval.ts'
import { USED_EVERY_MS } from './last-uses.ts'

export interface ClientCopy {
  readonly metadata: Payload
  readonly fetchedAt: number
  readonly freshUntil: number
  /** When somebody first allowed it something; undefined: never. */
  readonly keptAt?: number | undefined
  readonly lastUsedAt?: number | undefined
  readonly approval?: Approval | undefined
}

export interface ClientCopies {
  get(url: string): Promise<ClientCopy | undefined>
  list(): Promise<readonly (readonly [url: string, copy: ClientCopy])[]>
  /** A document that was fetched now. What was noted of its client stays. */
  put(url: string, metadata: Payload, freshMs: number): Promise<void>
  /** Somebody allowed it something. */
  keep(url: string): Promise<void>
  /** An operator vouches for it as it is described now: it stays, as if somebody had allowed it something. */
  approve(url: string, by: string): Promise<boolean>
  unapprove(url: string): Promise<boolean>
  /** It was given a token. */
  used(url: string): Promise<void>
  remove(url: string): Promise<boolean>
}

const UNUSED_TTL_MS = 3_600_000
const USED_TTL_MS = 90 * 86_400_000
/** Of those that nobody allowed anything. */
const MAX_UNUSED = 500
const UNUSED = 'unused'

const optionsOf = ({ fetchedAt, keptAt, lastUsedAt }: ClientCopy): RecordOptions =>
  keptAt === undefined
    ? { group: UNUSED, expiresAt: fetchedAt + UNUSED_TTL_MS }
    : { expiresAt: Math.max(keptAt, lastUsedAt ?? 0) + USED_TTL_MS }

export function createClientCopies({ store, clock }: { readonly store: Store; readonly clock: Clock }): ClientCopies {
  const records = store.records<ClientCopy>('client_document')

  async function change(url: string, next: (now: ClientCopy) => ClientCopy | undefined): Promise<boolean> {
    return (await changeRecord(records, url, (now) => now && next(now), optionsOf)) !== undefined
  }
  async function makeRoom(): Promise<void> {
    if ((await records.usage(UNUSED)).count < MAX_UNUSED) return
    let oldest: Stored<ClientCopy> | undefined
    for (const each of await records.list({ group: UNUSED }))
      if (oldest === undefined || each.value.fetchedAt < oldest.value.fetchedAt) oldest = each
    if (oldest !== undefined) await records.takeOnce(oldest.id)
  }
  return {
    get: async (url) => (await records.get(url))?.value,
    list: () => Array.fromAsync(allRecords(records), ({ id, value }) => [id, value] as const),
    async put(url, metadata, freshMs) {
      if ((await records.get(url)) === undefined) await makeRoom()
      const next = (now: ClientCopy | undefined): ClientCopy => ({ ...now, metadata, fetchedAt: clock(), freshUntil: clock() + freshMs })
      await changeRecord(records, url, next, optionsOf)
    },
    keep: async (url) => void (await change(url, (now) => (now.keptAt === undefined ? { ...now, keptAt: clock() } : undefined))),
    approve: (url, by) =>
      change(url, (now) => ({ ...now, keptAt: now.keptAt ?? clock(), approval: approvalOf(now.metadata, by, clock()) })),
    unapprove: (url) => change(url, ({ approval, ...now }) => (approval === undefined ? undefined : now)),
    async used(url) {
      await change(url, (now) =>
        now.keptAt === undefined || clock() - (now.lastUsedAt ?? 0) < USED_EVERY_MS ? undefined : { ...now, lastUsedAt: clock() },
      )
    },
    remove: async (url) => (await records.takeOnce(url)) !== undefined,
  }
}
