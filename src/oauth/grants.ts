/**
 * What a person granted to a client. A token names its grant, so ending the grant ends its tokens, which are otherwise
 * good until they expire: the verifier finds no grant, and the bus makes everybody look again.
 *
 * @module
 */

import type { Clock } from '../core/index.ts'
import { groupOfAccount } from '../people/index.ts'
import { allRecords, type Bus, changeRecord, type RecordOptions, type Store } from '../storage/index.ts'
import type { LastUse } from './api-key-record.ts'
import type { Artifacts, Payload } from './artifacts.ts'
import { USED_EVERY_MS } from './last-uses.ts'

export interface Grants {
  /** Undefined for one that ended. */
  find(id: string): Promise<Payload | undefined>
  save(id: string, payload: Payload, ttlSeconds: number): Promise<void>
  /** Ends it and all that came of it. True where it had not ended before. */
  revoke(id: string): Promise<boolean>
  /** What may be shown of all, or of one. */
  list(): Promise<readonly GrantInfo[]>
  get(id: string): Promise<GrantInfo | undefined>
  /** What a person has granted. */
  listOf(account: string): Promise<readonly GrantInfo[]>
  /** A token of it was used; written once a minute, however often it is told. */
  used(id: string, use: LastUse): Promise<void>
  /** Ends every grant of one client. */
  revokeOfClient(clientId: string): Promise<void>
}

/** What may be shown of a grant. Times are milliseconds since the epoch. */
export interface GrantInfo {
  readonly id: string
  readonly account: string | undefined
  readonly clientId: string
  readonly scopes: readonly string[]
  readonly createdAt: number
  readonly expiresAt: number
  readonly lastUsed?: LastUse | undefined
  /** The grant that a token exchange narrowed it from (RFC 8693). */
  readonly narrowedFrom?: string | undefined
}

/** Codes and refresh tokens of one grant. */
export const grantGroup = (grantId: string): string => `grant:${grantId}`

interface Kept {
  readonly payload: Payload
  readonly lastUsed?: LastUse | undefined
}

/** The provider counts in seconds. */
const optionsOf = ({ payload }: Kept): RecordOptions => ({
  group: groupOfAccount(String(payload['accountId'])),
  expiresAt: Number(payload['exp']) * 1000,
})

export interface GrantsParts {
  readonly store: Store
  readonly clock: Clock
  readonly artifacts: Artifacts
  /** Told when a grant ends; another process learns it from the store. */
  readonly bus?: Bus | undefined
}

export function createGrants({ store, bus, clock, artifacts }: GrantsParts): Grants {
  const records = store.records<Kept>('grant')

  async function revoke(id: string): Promise<boolean> {
    // The grant first: from here on nothing of it is accepted or renewed, whatever else fails.
    const ended = (await records.takeOnce(id)) !== undefined
    if (ended) bus?.publish('credentials', `grant:${id}`)
    await artifacts.removeGroup(grantGroup(id))
    return ended
  }
  return {
    async find(id) {
      return (await records.get(id))?.value.payload
    },
    async save(id, payload, ttlSeconds) {
      const options = { group: groupOfAccount(String(payload['accountId'])), expiresAt: clock() + ttlSeconds * 1000 }
      // Mostly it is a new one.
      while (!(await records.putIfAbsent(id, { payload }, options))) {
        const found = await records.get(id)
        if (found && (await records.compareAndSet(id, found.version, { ...found.value, payload }, options))) return
      }
    },
    revoke,
    list: () => Array.fromAsync(allRecords(records), ({ id, value }) => toInfo(id, value)),
    listOf: (account) => Array.fromAsync(allRecords(records, { group: groupOfAccount(account) }), ({ id, value }) => toInfo(id, value)),
    async used(id, use) {
      const isNews = ({ lastUsed }: Kept): boolean => lastUsed === undefined || use.at - lastUsed.at >= USED_EVERY_MS
      await changeRecord(records, id, (kept) => (kept !== undefined && isNews(kept) ? { ...kept, lastUsed: use } : undefined), optionsOf)
    },
    async get(id) {
      const found = await records.get(id)
      return found && toInfo(id, found.value)
    },
    async revokeOfClient(clientId) {
      for await (const { id, value } of allRecords(records)) if (value.payload['clientId'] === clientId) await revoke(id)
    },
  }
}

/** The members that the provider gives a grant. */
function toInfo(id: string, { payload, lastUsed }: Kept): GrantInfo {
  const { accountId, clientId, resources, openid, iat, exp, narrowedFrom } = payload
  const granted = Object.values((resources ?? {}) as Record<string, string>)
  const scopes = [...granted, (openid as { scope?: string } | undefined)?.scope ?? ''].flatMap((each) => each.split(' ')).filter(Boolean)
  return {
    id,
    account: typeof accountId === 'string' ? accountId : undefined,
    clientId: String(clientId),
    scopes: [...new Set(scopes)],
    createdAt: Number(iat) * 1000,
    expiresAt: Number(exp) * 1000,
    ...(lastUsed && { lastUsed }),
    ...(typeof narrowedFrom === 'string' && { narrowedFrom }),
  }
}
