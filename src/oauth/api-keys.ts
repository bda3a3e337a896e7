/**
 * API keys: shown once, kept as an HMAC with a pepper from the key ring (190 random bits need no slow hash), scoped,
 * expiring, revocable. What is wrong with a key is told only to whoever presents all of it: an unknown id and a wrong
 * secret answer alike.
 *
 * A key of a person stands for that person: it has the roles that their account has now, and ends with it. Fails closed: where
 * there is no account behind it, or another one of the same name, it is good for nothing.
 *
 * Stands on store and key ring alone: the CLI uses it beside a running server.
 *
 * @module
 */

import { timingSafeEqual } from 'node:crypto'
import { allow, type Clock, type Credential, checkOptions, deny, type TokenVerifier } from '../core/index.ts'
import { type Account, type Accounts, groupOfAccount } from '../people/index.ts'
import { allRecords, type Bus, changeRecord, type Store } from '../storage/index.ts'
import type { KeyRing } from '../vault/index.ts'
import { generateKey, parseKey } from './api-key-format.ts'
import { type ApiKeyInfo, DAY_MS, isHeldBy, type Kept, type NewApiKey, newApiKey, recordOptionsOf, toInfo } from './api-key-record.ts'

export interface CreatedApiKey {
  readonly id: string
  /** The only time that it is seen. */
  readonly key: string
  readonly expiresAt: number
}

export interface RollOptions {
  /** How long the old key goes on beside the new one; 0 ends it at once. */
  readonly overlapMs: number
  readonly by: string
  /** As long as the old one was made for, unless told. */
  readonly expiresInDays?: number | undefined
}
export type Rolled = CreatedApiKey & { readonly oldEndsAt: number }

export interface ApiKeys {
  /** @throws {ConfigError} if a value is missing or out of range. */
  create(key: NewApiKey): Promise<CreatedApiKey>
  list(): Promise<readonly ApiKeyInfo[]>
  /** Those of a person. */
  listOf(account: string): Promise<readonly ApiKeyInfo[]>
  find(id: string): Promise<ApiKeyInfo | undefined>
  /**
   * A new key for the same: name, scopes, roles, servers, and who is calling. `problem`: there is none of that id, it has ended, or
   * it was replaced already.
   * @throws {ConfigError} if a value is out of range.
   */
  roll(id: string, options: RollOptions): Promise<Rolled | { readonly problem: 'unknown' | 'ended' | 'replaced' }>
  /** False where there is no such key, or it was revoked before. */
  revoke(id: string): Promise<boolean>
  readonly verifier: TokenVerifier
}

export interface ApiKeysOptions {
  readonly store: Store
  readonly keyRing: KeyRing
  readonly clock: Clock
  /** Told when a key ends; another process learns it from the store. */
  readonly bus?: Bus | undefined
  /** Whose personal keys are; without it, those are refused. */
  readonly accounts?: Pick<Accounts, 'get'> | undefined
}

/** How long the outcome for a person's key may be kept. */
const PERSON_MS = 900_000

export function createApiKeys({ store, keyRing, clock, bus, accounts }: ApiKeysOptions): ApiKeys {
  const records = store.records<Kept>('api_key')
  const macOf = (key: string): Buffer => keyRing.mac('api-key', key)

  async function create(options: NewApiKey, of: Pick<Kept, 'replaces' | 'subject' | 'heldSince'> = {}): Promise<CreatedApiKey> {
    const { name, scopes, roles = [], servers, createdBy, account, expiresInDays = 90 } = checkOptions('key', newApiKey, options)
    // An id has 40 bits: two keys of one id are unlikely, not impossible.
    for (;;) {
      const { id, key } = generateKey()
      const createdAt = clock()
      const expiresAt = createdAt + Math.round(expiresInDays * DAY_MS)
      const mac = macOf(key).toString('base64url')
      const whose = { createdBy, ...(account !== undefined && { account }) }
      const kept: Kept = { id, name, scopes, roles, ...(servers && { servers }), ...whose, createdAt, expiresAt, ...of, mac }
      if (await records.putIfAbsent(id, kept, recordOptionsOf(kept))) return { id, key, expiresAt }
    }
  }
  /** What `change` makes of a key that has not ended; undefined where there is none. */
  async function end(id: string, change: (kept: Kept) => Kept | undefined): Promise<Kept | undefined> {
    const next = (kept: Kept | undefined) => (kept === undefined || kept.revokedAt !== undefined ? undefined : change(kept))
    const ended = await changeRecord(records, id, next, recordOptionsOf)
    if (ended !== undefined) bus?.publish('credentials', `key:${id}`)
    return ended
  }
  /** Undefined where the account has ended, or is another one of that name. */
  async function personOf(kept: Kept): Promise<Account | undefined> {
    const found = kept.account === undefined ? undefined : await accounts?.get(kept.account)
    return found !== undefined && isHeldBy(kept, found) ? found : undefined
  }
  async function verify({ value }: Credential) {
    const id = parseKey(value)?.id
    if (id === undefined) return deny({ reason: 'unauthenticated', problem: 'malformed' })
    const kept = (await records.get(id))?.value
    // Compared in every case, so that an unknown id takes as long as a wrong secret.
    const right = timingSafeEqual(macOf(value), kept === undefined ? Buffer.alloc(32) : Buffer.from(kept.mac, 'base64url'))
    if (kept === undefined || !right) return deny({ reason: 'unauthenticated', problem: 'unknown' })
    if (kept.revokedAt !== undefined) return deny({ reason: 'unauthenticated', problem: 'revoked' })
    if (kept.expiresAt <= clock()) return deny({ reason: 'unauthenticated', problem: 'expired' })
    const person = await personOf(kept)
    if (kept.account !== undefined && person === undefined) return deny({ reason: 'unauthenticated', problem: 'revoked' })
    const { subject: caller = `spk_${id}`, servers } = kept
    const principal = Object.freeze({
      issuer: 'key',
      ...(person === undefined ? { subject: caller } : { subject: person.name, user: person.name }),
      clientId: caller,
      credential: 'key' as const,
      scopes: kept.scopes,
      roles: person === undefined ? kept.roles : person.roles,
      ...(person?.groups.length && { groups: person.groups }),
      ...(servers && { servers }),
      credentialId: `spk_${id}`,
    })
    // What ends an account by the time alone, such as a provider's word about it, tells nobody: it is looked at again before long.
    return allow({ principal, expiresAt: person === undefined ? kept.expiresAt : Math.min(kept.expiresAt, clock() + PERSON_MS) })
  }
  return {
    create: (options) => create(options),
    list: () => Array.fromAsync(allRecords(records), ({ value }) => toInfo(value)),
    listOf: (account) => Array.fromAsync(allRecords(records, { group: groupOfAccount(account) }), ({ value }) => toInfo(value)),
    async find(id) {
      const found = await records.get(id)
      return found && toInfo(found.value)
    },
    async roll(id, { overlapMs, by, expiresInDays }) {
      const old = (await records.get(id))?.value
      if (old === undefined) return { problem: 'unknown' }
      if (old.revokedAt !== undefined || old.expiresAt <= clock()) return { problem: 'ended' }
      if (old.replacedBy !== undefined) return { problem: 'replaced' }
      const { name, scopes, roles, servers, account, subject = `spk_${id}` } = old
      const held = account === undefined ? {} : { heldSince: old.heldSince ?? old.createdAt }
      const days = expiresInDays ?? (old.expiresAt - old.createdAt) / DAY_MS
      // The new one first: whatever fails then, the caller still has a key.
      const made = await create(
        { name, scopes, roles, servers, account, createdBy: by, expiresInDays: days },
        { replaces: id, subject, ...held },
      )
      const now = clock()
      const ended = await end(id, (kept) =>
        kept.replacedBy === undefined
          ? {
              ...kept,
              replacedBy: made.id,
              expiresAt: Math.min(kept.expiresAt, now + overlapMs),
              ...(overlapMs === 0 ? { revokedAt: now } : {}),
            }
          : undefined,
      )
      if (ended !== undefined) return { ...made, oldEndsAt: ended.expiresAt }
      // Somebody else was faster: nobody has seen this one.
      await records.takeOnce(made.id)
      return { problem: 'replaced' }
    },
    revoke: async (id) => (await end(id, (kept) => ({ ...kept, revokedAt: clock() }))) !== undefined,
    verifier: {
      // Whatever the scheme says: what looks like a key of ours is nobody else's to see, such as an issuer's that introspects tokens.
      claims: ({ value }) => value.startsWith('spk_'),
      verify,
    },
  }
}
