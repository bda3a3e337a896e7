/** What is kept of an API key, and what may be shown of it. @module */

import { z } from 'zod'
import { ROLE_PATTERN, SCOPE_PATTERN } from '../core/index.ts'
import { groupOfAccount } from '../people/index.ts'
import type { RecordOptions } from '../storage/index.ts'

export interface NewApiKey {
  readonly name: string
  readonly scopes: readonly string[]
  readonly roles?: readonly string[] | undefined
  /** Of a gateway: which of its servers the key is for. All of them unless told. */
  readonly servers?: readonly string[] | undefined
  readonly createdBy: string
  /** Of a person: it stands while their account does, and has its roles. Undefined: a key that stands for itself. */
  readonly account?: string | undefined
  /** 90 unless told; a part of a day is allowed. */
  readonly expiresInDays?: number | undefined
}

/** The last use, to the minute. */
export interface LastUse {
  readonly at: number
  /** The group of the address (`net/address-group.ts`): a network in IPv6. */
  readonly from: string
  /** What the client said that it is. */
  readonly client?: string | undefined
}

/** What may be shown of a key. Times are milliseconds since the epoch. */
export interface ApiKeyInfo {
  readonly id: string
  readonly name: string
  readonly scopes: readonly string[]
  readonly roles: readonly string[]
  readonly servers?: readonly string[] | undefined
  readonly createdBy: string
  /** Whose it is, and who calls with it; undefined for one that stands for itself. */
  readonly account?: string | undefined
  /** Since when it is that account's: of the first of the keys that replaced each other. Where it is not told, since it was made. */
  readonly heldSince?: number | undefined
  readonly createdAt: number
  readonly expiresAt: number
  readonly revokedAt?: number | undefined
  readonly lastUsed?: LastUse | undefined
  /** The id of the key that it came after, and of the one that came after it. */
  readonly replaces?: string | undefined
  readonly replacedBy?: string | undefined
  /** Who calls with it: the first of the keys that replaced each other, so that what names a caller goes on to mean it. */
  readonly subject?: string | undefined
}

export interface Kept extends ApiKeyInfo {
  readonly mac: string
}

export const DAY_MS = 86_400_000
// How long an ended key is still listed, and answers why it no longer works.
const AFTERLIFE_MS = 30 * DAY_MS

export const newApiKey: z.ZodType<NewApiKey> = z.strictObject({
  name: z.string().regex(/^[^\p{Cc}\p{Cf}]{1,64}$/u, 'has 1 to 64 printable characters'),
  scopes: z.array(z.string().regex(SCOPE_PATTERN, 'is not a scope (RFC 6749 §3.3)')).max(64),
  roles: z.array(z.string().regex(ROLE_PATTERN, 'has 1 to 64 letters, digits, and . _ : @ / -')).max(64).optional(),
  servers: z
    .array(z.string().regex(/^[\w.-]{1,64}$/, 'is not the name of a server'))
    .min(1)
    .max(64)
    .optional(),
  createdBy: z.string().min(1).max(128),
  account: z.string().min(1).max(64).optional(),
  expiresInDays: z.number().positive().max(3650).optional(),
})

/** Group and expiry of its record. No operator's name has a colon in it. */
export const recordOptionsOf = ({ createdBy, account, expiresAt, revokedAt = 0 }: Kept): RecordOptions => ({
  group: account === undefined ? createdBy : groupOfAccount(account),
  expiresAt: Math.max(expiresAt, revokedAt) + AFTERLIFE_MS,
})

/** The account of that name is another one where it was made later. */
export const isHeldBy = ({ heldSince, createdAt }: ApiKeyInfo, account: { readonly since: number }): boolean =>
  account.since <= (heldSince ?? createdAt)

export function toInfo(kept: Kept): ApiKeyInfo {
  const { mac: _, ...info } = kept
  return info
}
