/**
 * Which arguments are kept beside the record of a decision, and how: where an operator has asked for it, as the caller sent them (what
 * crossed sealed stays sealed), redacted, bounded, and sealed with the caller's own data key. The record has a hash of the sealed text
 * alone: the chain holds whether they are still there or not, and while they are, they can be checked.
 *
 *   … [audit] ─ of ─▶ the trail's queue ─ keep ─▶ the store, before the record itself
 *
 * Fails closed: what cannot be kept is tried again, and meanwhile nothing new is begun (`guards/audit-trail`).
 *
 * @module
 */

import { createHash } from 'node:crypto'
import { type Denial, type Partway, type Redactor, subjectOf } from '../core/index.ts'
import type { Store } from '../storage/index.ts'
import { groupOfUser, type Place, type Vault } from '../vault/index.ts'

export interface AuditArgumentsOptions {
  readonly store: Store
  readonly vault: Vault
  readonly redactor: Redactor
  /** Whether they are kept where an entry does not say. */
  readonly keep: boolean
  readonly keepMs: number
}

/** What is to be kept of one request. */
export interface ToKeep {
  readonly subject: string
  readonly text: string
}

/** What the record says of it. */
export interface KeptHash {
  readonly argumentsHash: string
  readonly argumentsUntil: number
}

export interface KeptArguments {
  readonly sealed: string
  /** Whose: their data key opens it. */
  readonly subject: string
}

export interface AuditArguments {
  /** Undefined: nothing is to be kept. */
  of(request: Partway, denial: Denial | undefined): ToKeep | undefined
  keep(id: string, at: number, what: ToKeep): Promise<KeptHash>
}

const MAX_CHARACTERS = 16_384
/** What has arguments that a person or a model has chosen. */
const actions: ReadonlySet<string> = new Set(['tools/call', 'prompts/get'])
/** Refused for there being too many: they would fill the disk with what was never looked at. Or for what was sent in clear and must not be. */
const unkept: ReadonlySet<Denial['reason']> = new Set(['rate_limited', 'overloaded', 'encryption_required'])

export function createAuditArguments({ store, vault, redactor, keep: keepsAll, keepMs }: AuditArgumentsOptions): AuditArguments {
  const records = store.records<KeptArguments>('audit_arguments')
  return {
    of({ entry, principal, message }, denial) {
      if (!(entry?.keepsArguments ?? keepsAll)) return undefined
      if (!entry || !principal || !message || !actions.has(message.method) || (denial && unkept.has(denial.reason))) return undefined
      const { arguments: args } = message.params
      return args === undefined ? undefined : { subject: subjectOf(principal), text: bounded(redactor.json(args)) }
    },
    async keep(id, at, { subject, text }) {
      const sealed = await vault.seal(text, placeOfArguments(id, subject))
      const argumentsUntil = at + keepMs
      // There already: an append after it has failed, and is tried again.
      if (!(await records.putIfAbsent(id, { sealed, subject }, { group: groupOfUser(subject), expiresAt: argumentsUntil }))) {
        const found = await records.get(id)
        if (found) return { argumentsHash: hashOf(found.value.sealed), argumentsUntil }
      }
      return { argumentsHash: hashOf(sealed), argumentsUntil }
    },
  }
}

export const placeOfArguments = (id: string, subject: string): Place => ({ kind: 'audit_arguments', id, field: 'arguments', subject })
export const hashOf = (sealed: string): string => createHash('sha256').update(sealed).digest('hex')

/** Redacted first: a secret that is cut in two is not found. */
function bounded(text: string): string {
  return text.length <= MAX_CHARACTERS
    ? text
    : JSON.stringify({ cut: true, characters: text.length, begins: text.slice(0, MAX_CHARACTERS) })
}
