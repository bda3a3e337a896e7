/**
 * A record as it is stored: redacted, and written as JSON. What is recorded of one caller's calls of one tool is mostly the same, so
 * the last is kept for each, and only id and times are written anew.
 *
 * @module
 */

import type { Redactor } from '../core/index.ts'
import type { AuditRecord } from '../storage/index.ts'
import { redactRecord } from './audit-redaction.ts'

/** How many are kept; beyond that, all are forgotten and begun again. */
const MAX_KEPT = 1_000

interface Written {
  readonly record: AuditRecord
  /** How much the redactor knew then. */
  readonly known: number
  /** All but id and times. */
  readonly rest: string
}

export function createAuditText(redactor: Redactor): (record: AuditRecord) => string {
  /** By credential, and by target. */
  let kept = new Map<string, Map<string | undefined, Written>>()
  let count = 0

  function restOf(record: AuditRecord): string {
    const { id: _, at: __, durationMs: ___, ...rest } = redactRecord(record, redactor)
    return JSON.stringify(rest).slice(1)
  }
  function keep(credentialId: string, written: Written): void {
    const { target } = written.record
    if (!kept.get(credentialId)?.has(target) && ++count > MAX_KEPT) {
      kept = new Map()
      count = 1
    }
    let own = kept.get(credentialId)
    if (!own) kept.set(credentialId, (own = new Map()))
    own.set(target, written)
  }

  return function toText(record) {
    const { id, at, durationMs, credentialId } = record
    const beginning = `{"id":${JSON.stringify(id)},"at":${at},"durationMs":${durationMs},`
    if (credentialId === undefined || !isPlain(record)) return beginning + restOf(record)
    const { known } = redactor
    const last = kept.get(credentialId)?.get(record.target)
    if (last?.known === known && isSame(last.record, record)) return beginning + last.rest
    const rest = restOf(record)
    keep(credentialId, { record, known, rest })
    return beginning + rest
  }
}

/** What was refused or went wrong tells why, and seldom the same twice. */
const isPlain = ({ decision, facts, sentence, cause, repeated, within }: AuditRecord): boolean =>
  decision === 'allow' &&
  facts === undefined &&
  sentence === undefined &&
  cause === undefined &&
  repeated === undefined &&
  // Another one each time.
  within === undefined

/** Of two plain records: but for id and times. */
const isSame = (one: AuditRecord, other: AuditRecord): boolean =>
  one.reason === other.reason &&
  one.action === other.action &&
  one.target === other.target &&
  one.server === other.server &&
  one.subject === other.subject &&
  one.issuer === other.issuer &&
  one.user === other.user &&
  one.clientId === other.clientId &&
  one.clientName === other.clientName &&
  one.credential === other.credential &&
  one.credentialId === other.credentialId &&
  one.transport === other.transport &&
  one.address === other.address &&
  one.version === other.version &&
  one.rule === other.rule &&
  one.hostToolUseId === other.hostToolUseId &&
  one.traceparent === other.traceparent
