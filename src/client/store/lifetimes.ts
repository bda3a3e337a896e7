/**
 * How long each class of record is kept. `docs/retention.md` is this table with words around it, and a test holds both together. Pure.
 *
 * Fails towards keeping: a kind that is not known here is one of a newer version, and stays; of what does not open it is not known what
 * it is, and it stays as long as that which stays longest.
 *
 * @module
 */

import { kindOf, type RecordKind } from './names.ts'
import type { OpenRecord } from './sealed-record.ts'

export const DAY_MS = 86_400_000

export interface Lifetime {
  readonly what: string
  /** In words. */
  readonly lifetime: string
  /** None: what does not open. */
  readonly kept: readonly RecordKind[]
  readonly unusedDays: number
  /** In place of those, once it has ended and cannot be renewed. */
  readonly endedDays?: number
  /** To drop it is to believe anew whoever comes first. */
  readonly isTrust?: boolean
}

export type LifetimeName = 'signIns' | 'registrations' | 'definitionPins' | 'encryptionPins' | 'unreadable'

export const lifetimes: Readonly<Record<LifetimeName, Lifetime>> = {
  signIns: {
    what: 'The tokens of an account at a server, of a person or of a program.',
    lifetime: '90d after the last use; 7d where they have ended and cannot be renewed',
    kept: ['sign-in', 'machine-token'],
    unusedDays: 90,
    endedDays: 7,
  },
  registrations: {
    what: 'As what this program is registered at an authorization server.',
    lifetime: '180d after the last use; 7d where its secret has ended',
    kept: ['registration'],
    unusedDays: 180,
    endedDays: 7,
  },
  definitionPins: {
    what: 'The definitions that an account accepted of a server.',
    lifetime: '365d after the last use, and as long as that account has a sign-in there',
    kept: ['pins'],
    unusedDays: 365,
    isTrust: true,
  },
  encryptionPins: {
    what: 'Who vouches for the keys of a server, and which fields are encrypted.',
    lifetime: '365d after the last use, and as long as that account has a sign-in there',
    kept: ['encryption'],
    unusedDays: 365,
    isTrust: true,
  },
  unreadable: { what: 'What no key opens that is there.', lifetime: '365d after it was written', kept: [], unusedDays: 365 },
}

/** The least that anything is kept after its last use: what is younger need not be opened to know that. */
export const LEAST_MS: number = 7 * DAY_MS

/** Undefined: a kind that is not known here. */
export const classOf = (record: OpenRecord | 'unreadable'): LifetimeName | undefined =>
  record === 'unreadable'
    ? 'unreadable'
    : (Object.keys(lifetimes) as LifetimeName[]).find((name) => lifetimes[name].kept.includes(kindOf(record.name) as RecordKind))

/** In milliseconds since the epoch; undefined: for ever. Whether something else needs it is not in it. */
export function keptUntil(record: OpenRecord | 'unreadable', lastUsedAt: number): number | undefined {
  const name = classOf(record)
  if (name === undefined) return undefined
  const { unusedDays, endedDays } = lifetimes[name]
  const unused = lastUsedAt + unusedDays * DAY_MS
  if (endedDays === undefined || record === 'unreadable') return unused
  const { expiresAt, canBeRenewed } = read(record.value)
  // An authorization server does not say when a refresh token ends; the one that it refuses is removed there and then.
  if (expiresAt === undefined || canBeRenewed) return unused
  return Math.min(unused, Math.max(expiresAt, lastUsedAt) + endedDays * DAY_MS)
}

/** Of what does not parse nothing is known, and nobody can renew it: it goes when it is unused. */
function read(value: string): { readonly expiresAt?: number; readonly canBeRenewed: boolean } {
  try {
    const { expiresAt, refreshToken } = JSON.parse(value) as { expiresAt?: unknown; refreshToken?: unknown }
    return { ...(Number.isFinite(expiresAt) && { expiresAt: expiresAt as number }), canBeRenewed: refreshToken !== undefined }
  } catch {
    return { canBeRenewed: false }
  }
}
