/**
 * API keys: shown once, kept as an HMAC with a pepper from the key ring (190 random bits need no slow hash), scoped,
 * expiring, revocable. What is wrong with a key is told only to whoever presents all of it: an unknown id and a wrong
 * secret answer alike.
 *
 * Stands on store and key ring alone: the CLI uses it beside a running server.
 *
 * @module
 */

import { timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import { allow, type Clock, type Credential, checkOptions, deny, SCOPE_PATTERN, type TokenVerifier } from '../core/index.ts'
import type { Bus, Store } from '../storage/index.ts'
import type { KeyRing } from '../vault/index.ts'
import { generateKey, parseKey } from './api-key-format.ts'

export interface NewApiKey {
  readonly name: string
  readonly scopes: readonly string[]
  readonly roles?: readonly string[] | undefined
  readonly createdBy: string
  /** 90 unless told; a part of a day is allowed. */
  readonly expiresInDays?: number | undefined
}

/** What may be shown of a key. Times are milliseconds since the epoch. */
export interface ApiKeyInfo {
  readonly id: string
  readonly name: string
  readonly scopes: readonly string[]
  readonly roles: readonly string[]
  readonly createdBy: string
  readonly createdAt: number
  readonly expiresAt: number
  readonly revokedAt?: number | undefined
}

export interface ApiKeys {
  /**
   * The only time that the key itself is seen.
   * @throws {ConfigError} if a value is missing or out of range.
   */
  create(key: NewApiKey): Promise<{ readonly id: string; readonly key: string; readonly expiresAt: number }>
  list(): Promise<readonly ApiKeyInfo[]>
  /** False where there is no such key, or it was revoked before. */
  revoke(id: string): Promise<boolean>
  readonly verifier: TokenVerifier
}

interface Kept extends ApiKeyInfo {
  readonly mac: string
}

const newKey: z.ZodType<NewApiKey> = z.strictObject({
  name: z.string().regex(/^[^\p{Cc}\p{Cf}]{1,64}$/u, 'has 1 to 64 printable characters'),
  scopes: z.array(z.string().regex(SCOPE_PATTERN, 'is not a scope (RFC 6749 §3.3)')).max(64),
  roles: z
    .array(z.string().regex(/^[\w.:@/-]{1,64}$/, 'has 1 to 64 letters, digits, and . _ : @ / -'))
    .max(64)
    .optional(),
  createdBy: z.string().min(1).max(128),
  expiresInDays: z.number().positive().max(3650).optional(),
})

const DAY_MS = 86_400_000
// How long an ended key is still listed, and answers why it no longer works.
const AFTERLIFE_MS = 30 * DAY_MS

export interface ApiKeysOptions {
  readonly store: Store
  readonly keyRing: KeyRing
  readonly clock: Clock
  /** Told when a key is revoked; another process learns it from the store. */
  readonly bus?: Bus | undefined
}

export function createApiKeys({ store, keyRing, clock, bus }: ApiKeysOptions): ApiKeys {
  const records = store.records<Kept>('api_key')
  const macOf = (key: string): Buffer => keyRing.mac('api-key', key)

  async function create({ name, scopes, roles = [], createdBy, expiresInDays = 90 }: NewApiKey) {
    const { id, key } = generateKey()
    const createdAt = clock()
    const expiresAt = createdAt + Math.round(expiresInDays * DAY_MS)
    const kept: Kept = { id, name, scopes, roles, createdBy, createdAt, expiresAt, mac: macOf(key).toString('base64url') }
    const won = await records.putIfAbsent(id, kept, { group: createdBy, expiresAt: expiresAt + AFTERLIFE_MS })
    return won ? { id, key, expiresAt } : undefined
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
    const shown = `spk_${id}`
    const principal = Object.freeze({
      issuer: 'key',
      subject: shown,
      clientId: shown,
      credential: 'key' as const,
      scopes: kept.scopes,
      roles: kept.roles,
      credentialId: shown,
    })
    return allow({ principal, expiresAt: kept.expiresAt })
  }
  return {
    async create(options) {
      const key = checkOptions('key', newKey, options)
      // An id has 40 bits: two keys of one id are unlikely, not impossible.
      for (;;) {
        const created = await create(key)
        if (created !== undefined) return created
      }
    },
    async list() {
      const infos: ApiKeyInfo[] = []
      for (let after: string | undefined; ; ) {
        const page = await records.list({ after })
        for (const {
          value: { mac: _, ...info },
        } of page)
          infos.push(info)
        after = page.at(-1)?.id
        if (page.length < 1000) return infos
      }
    },
    async revoke(id) {
      for (;;) {
        const found = await records.get(id)
        if (found === undefined || found.value.revokedAt !== undefined) return false
        const revokedAt = clock()
        const options = { group: found.value.createdBy, expiresAt: Math.max(found.value.expiresAt, revokedAt) + AFTERLIFE_MS }
        if (await records.compareAndSet(id, found.version, { ...found.value, revokedAt }, options)) break
      }
      bus?.publish('credentials', `key:${id}`)
      return true
    },
    verifier: {
      claims: ({ scheme, value }) => (scheme === 'bearer' || scheme === 'api_key') && value.startsWith('spk_'),
      verify,
    },
  }
}
