/**
 * All that is readable and somebody's: for whoever has asked for their data. What is sealed is opened where it is data; what grants
 * access (tokens, hashes of passwords, seeds) is named, and not given out.
 *
 * @module
 */

import type { ChainedRecord, RecordKind, Store, StoredRow } from '../storage/index.ts'
import type { Vault } from '../vault/index.ts'
import { type ClassName, classOf } from './classes.ts'
import { auditOf, rowsOf } from './report.ts'

export interface ExportParts {
  readonly store: Store
  readonly vault: Vault
}

export type Exported =
  | {
      readonly class: ClassName
      readonly kind: RecordKind
      readonly id: string
      readonly expiresAt?: number | undefined
      readonly value: unknown
    }
  | { readonly class: 'auditRecords'; readonly kind: 'audit'; readonly id: string; readonly value: ChainedRecord['record'] }

/** Members whose value lets somebody in, or is good for nothing but that. */
const secrets: ReadonlySet<string> = new Set(['hash', 'mac', 'macs', 'seed', 'secret', 'lastStep'])
/** What is sealed there is data, at this field, and no way in. */
const opened: ReadonlyMap<RecordKind, string> = new Map<RecordKind, string>([
  ['audit_arguments', 'arguments'],
  ['task', 'sealed'],
  ['kept_resource', 'sealed'],
  ['stored_result', 'sealed'],
  ['stored_part', 'bytes'],
  ['personal_token', 'value'],
])

export async function* exportOf({ store, vault }: ExportParts, subject: string): AsyncGenerator<Exported> {
  for await (const row of rowsOf(store, subject)) {
    const { kind, id, expiresAt } = row
    // What a MAC of a secret is in is no secret, and says nothing either.
    yield { class: classOf(kind) as ClassName, kind, id, expiresAt, value: await readable(row, subject, { store, vault }) }
  }
  for await (const { record } of auditOf(store.audit, subject)) yield { class: 'auditRecords', kind: 'audit', id: record.id, value: record }
}

async function readable({ kind, id, value }: StoredRow, subject: string, { store, vault }: ExportParts): Promise<unknown> {
  const whole = value === undefined ? (await store.records(kind).get(id))?.value : value
  if (typeof whole !== 'object' || whole === null) return whole
  const shown: Record<string, unknown> = withoutSecrets(whole)
  const { sealed } = whole as { readonly sealed?: unknown }
  if (typeof sealed !== 'string') return shown
  const field = opened.get(kind)
  const bytes = field === undefined ? undefined : await vault.open(sealed, { kind, id, field, subject })
  return {
    ...shown,
    sealed: field === undefined ? '(a secret: not exported)' : bytes === undefined ? '(cannot be opened)' : contentOf(bytes, field),
  }
}

function withoutSecrets(value: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      secrets.has(name) ? '(a secret: not exported)' : isPlain(member) ? withoutSecrets(member) : member,
    ]),
  )
}
const isPlain = (value: unknown): value is object => typeof value === 'object' && value !== null && !Array.isArray(value)

/** JSON as what it says, text as text, anything else in base64. */
function contentOf(bytes: Buffer, field: string): unknown {
  const text = bytes.toString('utf8')
  if (!Buffer.from(text).equals(bytes)) return { base64: bytes.toString('base64') }
  // A part of something is a text, whatever it looks like.
  if (field === 'bytes') return text
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
