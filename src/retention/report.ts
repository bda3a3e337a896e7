/** What is kept of a person: how much, since when and until when. No contents. @module */

import type { AuditRecord, AuditStore, ChainedRecord, Store, StoredRow } from '../storage/index.ts'
import { type ClassName, classOf } from './classes.ts'
import { isOf, partsOf } from './person.ts'

export interface ClassReport {
  readonly class: ClassName
  readonly count: number
  readonly bytes: number
  /** Milliseconds since the epoch; undefined where records do not say. */
  readonly oldest: number | undefined
  /** When the last of it is gone; undefined: it has no end of its own. */
  readonly until: number | undefined
}

export interface ReportOptions {
  readonly store: Store
  readonly subject: string
  readonly auditRecordsMs: number
}

export async function reportOn({ store, subject, auditRecordsMs }: ReportOptions): Promise<readonly ClassReport[]> {
  const found = new Map<ClassName, ClassReport>()
  function add(name: ClassName, bytes: number, oldest: number | undefined, until: number | undefined): void {
    const before = found.get(name)
    found.set(name, {
      class: name,
      count: (before?.count ?? 0) + 1,
      bytes: (before?.bytes ?? 0) + bytes,
      oldest: before?.oldest === undefined || oldest === undefined ? (oldest ?? before?.oldest) : Math.min(before.oldest, oldest),
      until: before && (before.until === undefined || until === undefined) ? undefined : until && Math.max(before?.until ?? 0, until),
    })
  }
  for await (const row of rowsOf(store, subject)) {
    const name = classOf(row.kind)
    if (name) add(name, row.bytes, sinceWhen(row.value), row.expiresAt)
  }
  for await (const { record } of auditOf(store.audit, subject))
    add('auditRecords', JSON.stringify(record).length, record.at, record.at + auditRecordsMs)
  return [...found.values()].sort((one, other) => (one.class < other.class ? -1 : 1))
}

/** All that is theirs, but audit records. */
export async function* rowsOf(store: Store, subject: string): AsyncGenerator<StoredRow> {
  const grants: string[] = []
  for await (const { kind, id, group } of store.scan()) if (kind === 'grant' && group === `account:${subject}`) grants.push(id)
  const isTheirs = isOf({ subject, grants })
  for await (const row of store.scan()) if (row.kind !== 'forgetting' && isTheirs(row)) yield row
}

const PAGE = 1_000

/** What they did, newest first. */
export async function* auditOf(audit: AuditStore, subject: string): AsyncGenerator<ChainedRecord> {
  for (const name of namesInRecords(subject)) {
    for (let before: number | undefined; ; ) {
      const page = await audit.search({ subject: name, before, limit: PAGE })
      for (const each of page) if (isRecordOf(subject, each.record)) yield each
      before = page.at(-1)?.sequence
      if (page.length < PAGE) break
    }
  }
}

/** What `subject` may be in a record: whom another issuer vouches for has there what that issuer calls them. */
function namesInRecords(subject: string): readonly string[] {
  const [, name] = partsOf(subject) ?? []
  if (name !== undefined) return [name]
  const at = subject.indexOf('#')
  return at === -1 ? [subject] : [subject, subject.slice(at + 1)]
}

/** Records have issuer and subject, and `user` where that is another name: somebody of the same name elsewhere is somebody else. */
function isRecordOf(subject: string, { issuer = '', subject: name, user }: AuditRecord): boolean {
  const parts = partsOf(subject)
  if (parts !== undefined) return user === undefined && issuer === parts[0] && name === parts[1]
  return (user ?? name) === subject && !NAMELESS.has(issuer)
}
/** Whoever these vouch for has no other name, and is never an account (`subjectOf`). */
const NAMELESS: ReadonlySet<string> = new Set(['local', 'anonymous'])

/** The members that records say it in. */
function sinceWhen(value: unknown): number | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { since, createdAt, setAt, registeredAt, at, payload } = value as Readonly<Record<string, unknown>>
  const told = [since, createdAt, setAt, registeredAt, at].find((each) => typeof each === 'number')
  if (told !== undefined) return told as number
  const { iat } = (typeof payload === 'object' && payload !== null ? payload : {}) as { readonly iat?: unknown }
  return typeof iat === 'number' ? iat * 1000 : undefined
}
