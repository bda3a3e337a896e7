/**
 * Registered clients. One that registered itself and that nobody ever allowed anything is forgotten after an hour:
 * anybody may register, and some clients do it at every start. One that an operator made stays until it is removed. A
 * secret is shown once, and sealed.
 *
 * Stands on store and vault alone: the CLI uses it beside a running server.
 *
 * @module
 */

import { randomBytes } from 'node:crypto'
import { type Clock, createId } from '../core/index.ts'
import { allRecords, type Bus, changeRecord, type RecordOptions, type Store } from '../storage/index.ts'
import type { Place, Vault } from '../vault/index.ts'
import type { Payload } from './artifacts.ts'
import { type Approval, type ApprovalInfo, approvalOf, toApprovalInfo } from './client-approval.ts'
import { USED_EVERY_MS } from './last-uses.ts'
import { checkNewClient, type NewClient } from './new-client.ts'

/** What may be shown of a client. Times are milliseconds since the epoch. */
export interface ClientInfo {
  readonly id: string
  /** As it calls itself: shown as a claim where it registered itself. */
  readonly name: string | undefined
  readonly registered: 'by-operator' | 'by-itself'
  readonly createdBy: string | undefined
  readonly createdAt: number
  /** The last token that it was given; to the minute. */
  readonly lastUsedAt: number | undefined
  /** When it is forgotten unless somebody allows it something, or it is given a token. */
  readonly expiresAt: number | undefined
  readonly authMethod: string
  readonly grantTypes: readonly string[]
  /** What it is given at most; undefined: what somebody allows it. */
  readonly scopes: readonly string[] | undefined
  readonly redirectUris: readonly string[]
  /** An operator vouches for it. */
  readonly approved: ApprovalInfo | undefined
  /** The group of the address that it registered itself from (`net/address-group.ts`). */
  readonly registeredFrom: string | undefined
}

export interface FindOptions {
  /** Asks nobody for one that has not come up before. */
  readonly onlyKnown?: boolean
}

export interface Clients {
  /** Its metadata (RFC 7591 §2), with the secret. */
  find(id: string, options?: FindOptions): Promise<Payload | undefined>
  exists(id: string): Promise<boolean>
  /** `from`: the group of the address. */
  register(id: string, metadata: Payload, from?: string): Promise<void>
  /** How many that are still known registered themselves from there. */
  countFrom(from: string): Promise<number>
  /** Replaces what it registered. False where there is none, or an operator made it. */
  update(id: string, metadata: Payload): Promise<boolean>
  /**
   * One that an operator makes. The only time that its secret is seen.
   * @throws {ConfigError} naming every problem.
   */
  create(client: NewClient): Promise<{ readonly id: string; readonly secret: string | undefined }>
  list(): Promise<readonly ClientInfo[]>
  get(id: string): Promise<ClientInfo | undefined>
  /** An operator vouches for it as it is now. False where there is none. */
  approve(id: string, by: string): Promise<boolean>
  /** No longer. False where there is none, or nobody did. */
  unapprove(id: string): Promise<boolean>
  /** Somebody allowed it something: from now on it stays. */
  keep(id: string): Promise<void>
  /** It was given a token. */
  used(id: string): Promise<void>
  /** Why an id stands for nobody, where that can be said. */
  problemOf?(id: string): string | undefined
  /** Ends it and every token of its. False where there is none. */
  remove(id: string): Promise<boolean>
}

interface Kept {
  readonly metadata: Payload
  readonly secret?: string | undefined
  readonly registeredAt: number
  readonly kept: boolean
  readonly scopes?: readonly string[] | undefined
  /** Who made it; undefined where it registered itself. */
  readonly createdBy?: string | undefined
  readonly lastUsedAt?: number | undefined
  readonly approval?: Approval | undefined
  readonly registeredFrom?: string | undefined
}

const UNUSED_TTL_MS = 3_600_000
/** Of one that was used: longer than a grant lives (`provider.ts`), so that none of its outlives it. */
const KEPT_TTL_MS = 366 * 86_400_000

export interface ClientsOptions {
  readonly store: Store
  readonly vault: Vault
  readonly clock: Clock
  /** Told when a client is removed; another process learns it from the store. */
  readonly bus?: Bus | undefined
}

export function createClients({ store, vault, bus, clock }: ClientsOptions): Clients {
  const records = store.records<Kept>('client')
  const placeOf = (id: string): Place => ({ kind: 'client', id, field: 'secret' })
  const optionsOf = (kept: Kept): RecordOptions => ({
    group: kept.registeredFrom === undefined ? undefined : groupFrom(kept.registeredFrom),
    expiresAt: expiryOf(kept),
  })

  async function add(id: string, secret: string | undefined, kept: Omit<Kept, 'secret' | 'registeredAt'>): Promise<boolean> {
    const sealed = secret === undefined ? undefined : await vault.seal(secret, placeOf(id))
    const value: Kept = { ...kept, secret: sealed, registeredAt: clock() }
    return records.putIfAbsent(id, value, optionsOf(value))
  }
  async function change(id: string, next: (kept: Kept) => Kept | undefined): Promise<boolean> {
    return (await changeRecord(records, id, (kept) => kept && next(kept), optionsOf)) !== undefined
  }
  return {
    async find(id) {
      const kept = (await records.get(id))?.value
      if (kept?.secret === undefined) return kept?.metadata
      const secret = await vault.open(kept.secret, placeOf(id))
      // Without its secret it would have to be let in without one.
      return secret && { ...kept.metadata, client_secret: secret.toString() }
    },
    async exists(id) {
      return (await records.get(id)) !== undefined
    },
    async register(id, { client_secret: secret, ...metadata }, from) {
      const won = await add(id, typeof secret === 'string' ? secret : undefined, { metadata, kept: false, registeredFrom: from })
      if (!won) throw new Error('a client of that id is registered')
    },
    countFrom: async (from) => (await records.usage(groupFrom(from))).count,
    async update(id, { client_secret: secret, ...metadata }) {
      const sealed = typeof secret === 'string' ? await vault.seal(secret, placeOf(id)) : undefined
      const next = (kept: Kept | undefined) => (kept?.createdBy === undefined && kept ? { ...kept, metadata, secret: sealed } : undefined)
      return (await changeRecord(records, id, next, optionsOf)) !== undefined
    },
    async create(client) {
      const { metadata, needsSecret, scopes, createdBy } = checkNewClient(client)
      const id = createId('cl_', 20)
      const secret = needsSecret ? randomBytes(32).toString('base64url') : undefined
      const issuedAt = Math.floor(clock() / 1000)
      const identity = { client_id: id, client_id_issued_at: issuedAt, ...(needsSecret ? { client_secret_expires_at: 0 } : {}) }
      const won = await add(id, secret, { metadata: { ...metadata, ...identity }, kept: true, scopes, createdBy })
      if (!won) throw new Error('a client of that id is registered')
      return { id, secret }
    },
    list: () => Array.fromAsync(allRecords(records), ({ id, value }) => toInfo(id, value)),
    async get(id) {
      const found = await records.get(id)
      return found && toInfo(id, found.value)
    },
    // What an operator vouches for is not forgotten in an hour.
    approve: (id, by) => change(id, (kept) => ({ ...kept, kept: true, approval: approvalOf(kept.metadata, by, clock()) })),
    unapprove: (id) => change(id, ({ approval, ...kept }) => (approval === undefined ? undefined : kept)),
    keep: async (id) => void (await change(id, (kept) => (kept.kept ? undefined : { ...kept, kept: true }))),
    async used(id) {
      await change(id, (kept) => (clock() - (kept.lastUsedAt ?? 0) < USED_EVERY_MS ? undefined : { ...kept, lastUsedAt: clock() }))
    },
    async remove(id) {
      const removed = (await records.takeOnce(id)) !== undefined
      bus?.publish('credentials', `client:${id}`)
      return removed
    },
  }
}

const groupFrom = (address: string): string => `from:${address}`

function expiryOf({ kept, registeredAt, createdBy, lastUsedAt = registeredAt }: Kept): number | undefined {
  if (createdBy !== undefined) return undefined
  return kept ? lastUsedAt + KEPT_TTL_MS : registeredAt + UNUSED_TTL_MS
}

function toInfo(id: string, kept: Kept): ClientInfo {
  const { metadata, registeredAt, createdBy, lastUsedAt, scopes, approval, registeredFrom } = kept
  const strings = (value: unknown): string[] => (Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [])
  const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
  return {
    id,
    name: text(metadata['client_name']),
    registered: createdBy === undefined ? 'by-itself' : 'by-operator',
    createdBy,
    createdAt: registeredAt,
    lastUsedAt,
    expiresAt: expiryOf(kept),
    authMethod: text(metadata['token_endpoint_auth_method']) ?? 'client_secret_basic',
    grantTypes: strings(metadata['grant_types']),
    scopes,
    redirectUris: strings(metadata['redirect_uris']),
    approved: toApprovalInfo(approval, metadata),
    registeredFrom,
  }
}
