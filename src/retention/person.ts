/**
 * Whose a record is. A person is known by one name everywhere: what `subjectOf` says of them, which is what the vault seals for. Records
 * say whose they are in a member of theirs or in their group; here is each way in which they do, and nothing else is anybody's.
 *
 * Pure. Fails closed for others: what does not name exactly this person is not theirs.
 *
 * @module
 */

import type { RecordKind, StoredRow } from '../storage/index.ts'

export interface Person {
  /** An account, a client that acts for itself, `ISSUER#SUBJECT`, or of whoever has none of these issuer and subject as JSON. */
  readonly subject: string
  /** The ids of their grants, of which codes and tokens only say that they belong to them. */
  readonly grants: readonly string[]
}

/** Who calls with a key that stands for itself, as `subjectOf` has it. */
export const subjectOfKey = (id: string): string => JSON.stringify(['key', id])

/** A record that names whose it is means nobody else, whatever its group looks like: people may be called what a group of others is. */
export function isOf({ subject, grants }: Person): (row: StoredRow) => boolean {
  const [issuer, key] = partsOf(subject) ?? []
  const keyId = issuer === 'key' ? key : undefined
  const account = `account:${subject}`
  const ofGrants = new Set(grants.map((id) => `grant:${id}`))

  function isTheirGroup(kind: RecordKind, group: string): boolean {
    switch (kind) {
      case 'stored_result':
      case 'personal_token':
        return group === subject
      case 'kept_resource':
      case 'stored_part':
        return group === `resources ${subject}` || group === `results ${subject}`
      case 'named_secret':
      case 'audit_arguments':
        return group === `user:${subject}`
      case 'oauth_artifact':
        return ofGrants.has(group)
      default:
        return group === account
    }
  }
  return function isTheirs({ kind, id, group, value }) {
    const said = (typeof value === 'object' && value !== null ? value : {}) as Readonly<Record<string, unknown>>
    if (kind === 'account') return id === subject
    // An account's keys are in its group. Of one that stands for itself, all that have taken its place.
    if (kind === 'api_key')
      return keyId === undefined ? group === account : said['account'] === undefined && (`spk_${id}` === keyId || said['subject'] === keyId)
    if (kind === 'one_time_link' && isFor(said['purpose'], subject)) return true
    const named = said['subject'] ?? said['user'] ?? said['account']
    return typeof named === 'string' ? named === subject : group !== undefined && isTheirGroup(kind, group)
  }
}

const isFor = (purpose: unknown, subject: string): boolean =>
  typeof purpose === 'object' && purpose !== null && 'name' in purpose && purpose.name === subject

/** Issuer and subject of whoever has no other name. */
export function partsOf(text: string): readonly [string, string] | undefined {
  if (!text.startsWith('["')) return undefined
  try {
    const parts: unknown = JSON.parse(text)
    return Array.isArray(parts) && parts.length === 2 && parts.every((part) => typeof part === 'string')
      ? (parts as unknown as [string, string])
      : undefined
  } catch {
    return undefined
  }
}
