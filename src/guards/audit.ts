/**
 * One record for each decision, whatever happened.
 *
 *   every exit of the pipeline → [audit] → wire
 *
 * Holds who, what, which rule and which facts; never an argument, a result, a header or a credential. Arguments that are to be
 * kept are kept apart (`guards/audit-arguments`). A record that cannot be kept refuses new work (`guards/audit-trail`), it is not dropped.
 *
 * @module
 */

import {
  type Clock,
  createDecisionId,
  type Decision,
  type Denial,
  type Partway,
  type Redactor,
  type Released,
  type Taken,
  userInRecord,
} from '../core/index.ts'
import type { AuditRecord } from '../storage/index.ts'
import type { ToKeep } from './audit-arguments.ts'
import { causeOf } from './shown.ts'

/** How a request ended. `crashed` is our own bug: opaque outside, complete here. */
export type Outcome = Decision<Released> | 'crashed'

export interface AuditOptions {
  readonly record: (record: AuditRecord, toKeep?: ToKeep) => void
  /** What is kept of the arguments, apart from the record. Nothing unless told. */
  readonly toKeep?: ((request: Partway, denial: Denial | undefined) => ToKeep | undefined) | undefined
  readonly redactor: Redactor
  readonly clock: Clock
}

export type Audit = (id: string, request: Partway, outcome: Outcome, sentence: string | undefined, cause?: unknown) => void

export function createAudit({ record, toKeep, redactor, clock }: AuditOptions): Audit {
  return function audit(id, request, outcome, sentence, cause) {
    const { principal, message, entry } = request
    const denial = outcome !== 'crashed' && !outcome.allowed ? outcome.denial : undefined
    const made: AuditRecord = {
      id,
      at: request.receivedAt,
      decision: outcome === 'crashed' ? 'error' : denial ? 'deny' : 'allow',
      reason: outcome === 'crashed' ? 'crashed' : denial ? denial.reason : reasonOf((outcome as { value: Released }).value),
      action: message?.method ?? 'request',
      target: entry?.name,
      server: entry?.origin.server,
      subject: principal?.subject,
      issuer: principal?.issuer,
      user: principal && userInRecord(principal),
      clientId: principal?.clientId,
      clientName: message?.client?.name,
      credential: principal?.credential,
      credentialId: principal?.credentialId,
      transport: request.transport,
      address: request.address,
      version: message?.version,
      rule: entry?.rule,
      sentence,
      facts: denial ? factsOf(request, denial) : undefined,
      within: message?.within?.decision,
      durationMs: clock() - request.receivedAt,
      hostToolUseId: text(message?.meta['claudecode/toolUseId']),
      traceparent: text(message?.meta['traceparent']),
      cause: cause === undefined ? undefined : causeOf(cause, redactor),
    }
    record(made, toKeep?.(request, denial))
    if (request.taken) record(leakOf(made, request.taken, createDecisionId(request.receivedAt)))
  }
}

/** What came back held secrets, which have not left. One record for each call, however many there were. */
function leakOf(
  { at, target, server, subject, issuer, user, clientId, transport, id: call }: AuditRecord,
  taken: Taken,
  id: string,
): AuditRecord {
  const kinds = [...taken.keys()].sort()
  const count = [...taken.values()].reduce((sum, each) => sum + each, 0)
  const who = { subject, issuer, user, clientId, transport }
  return {
    id,
    at,
    decision: 'allow',
    reason: 'redacted',
    action: 'secret.found',
    target,
    server,
    ...who,
    facts: { call, kinds, count },
    durationMs: 0,
  }
}

const reasonOf = ({ kind, isError }: Released): string => (kind === 'error' ? 'upstream_error' : isError ? 'tool_error' : 'allowed')

/** What a caller may put into a record: short, and printable. */
const text = (value: unknown): string | undefined => (typeof value === 'string' && /^[\x20-\x7e]{1,256}$/.test(value) ? value : undefined)

/** What was needed and is had without being granted by name: another scope implies it. */
function impliedOf(needed: readonly string[], granted: readonly string[], denial: Denial): readonly string[] {
  const missing = denial.reason === 'insufficient_scope' ? denial.required : denial.reason === 'not_permitted' ? denial.missing : undefined
  return missing ? needed.filter((scope) => !granted.includes(scope) && !missing.includes(scope)) : []
}

function factsOf({ principal, entry }: Partway, denial: Denial): AuditRecord['facts'] {
  switch (denial.reason) {
    case 'insufficient_scope':
    case 'not_permitted':
    case 'unknown_name': {
      const permission = entry?.permission
      const needs = permission && 'scopes' in permission ? { neededScopes: permission.scopes, neededRoles: permission.roles } : {}
      const implied = impliedOf(needs.neededScopes ?? [], principal?.scopes ?? [], denial)
      return {
        access: permission?.access ?? 'no such name',
        ...needs,
        grantedScopes: principal?.scopes ?? [],
        ...(implied.length > 0 && { impliedScopes: implied }),
        grantedRoles: principal?.roles ?? [],
        ...(principal?.servers && { grantedServers: principal.servers }),
      }
    }
    case 'condition_not_met':
      return { condition: entry?.condition?.source ?? '' }
    case 'rate_limited':
      return { policy: denial.policy, max: denial.limit, windowSeconds: denial.windowSeconds, retryAfterSeconds: denial.retryAfterSeconds }
    case 'unauthenticated':
      return { problem: denial.problem }
    case 'flow_spent':
      return { limitTokens: denial.limitTokens, windowSeconds: denial.windowSeconds, retryAfterSeconds: denial.retryAfterSeconds }
    case 'invalid_arguments':
    case 'invalid_result':
      return { path: denial.path, rule: denial.rule }
    case 'sandbox_refused':
      return { permission: denial.permission }
    case 'sandbox_stopped':
      return { why: denial.why }
    case 'body_too_large':
    case 'result_too_large':
      return { limitBytes: denial.limitBytes }
    case 'malformed_json':
    case 'malformed_message':
    case 'header_mismatch':
    case 'invalid_params':
      return { problem: denial.problem }
    default:
      return undefined
  }
}
