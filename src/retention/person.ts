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

/** Their subject is their group as it is. */
const ofSubject: ReadonlySet<RecordKind> = new Set<RecordKind>(['stored_result', 'stored_part', 'kept_resource'])

export function isOf({ subject, grants }: Person): (row: StoredRow) => boolean {
  const [issuer, key] = partsOf(subject) ?? []
  const keyId = issuer === 'key' ? key : undefined
  const groups = new Set([`account:${subject}`, `user:${subject}`, ...grants.map((id) => `grant:${id}`)])

  return function isTheirs({ kind, id, group, value }) {
    const said = (typeof value === 'object' && value !== null ? value : {}) as Readonly<Record<string, unknown>>
    if (kind === 'account') return id === subject
    // An account's keys are in its group. Of one that stands for itself, all that have taken its place.
    if (kind === 'api_key' && keyId !== undefined)
      return said['account'] === undefined && (`spk_${id}` === keyId || said['subject'] === keyId)
    if (group !== undefined && (groups.has(group) || isGroupOf(subject, kind, group))) return true
    if (kind === 'api_key') return false
    if (kind === 'one_time_link') return isFor(said['purpose'], subject)
    return said['subject'] === subject || said['user'] === subject || said['account'] === subject
  }
}

const isFor = (purpose: unknown, subject: string): boolean =>
  typeof purpose === 'object' && purpose !== null && 'name' in purpose && purpose.name === subject

/** `WORD WHO` or `WHO`, who being the subject, or issuer and subject of who calls. */
function isGroupOf(subject: string, kind: RecordKind, group: string): boolean {
  const [, word, who = ''] = /^([a-z]+ )?([^]*)$/.exec(group) ?? []
  const parts = partsOf(who)
  if (parts !== undefined) return who === subject || subjectOfParts(parts) === subject
  return who === subject && (word !== undefined || ofSubject.has(kind))
}

function partsOf(text: string): readonly [string, string] | undefined {
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

/** What `subjectOf` makes of a principal with these: whoever has no `user` is known by both. */
function subjectOfParts([issuer, subject]: readonly [string, string]): string {
  const hasNone = issuer === 'local' || issuer === 'anonymous' || (issuer === 'key' && subject.startsWith('spk_'))
  return hasNone ? JSON.stringify([issuer, subject]) : subject
}
