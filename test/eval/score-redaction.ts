// How much of the rows of ../shared/data/secrets-pii.jsonl is found, by kind, and what is found that is none. Half of them (by a hash of the
// id) were read when the patterns were written. Of the other half the kinds that were missed were read, and patterns changed for them: it is
// no measure of what nobody has seen. For that there are `unseen-tokens.ts`.

import { createHash } from 'node:crypto'
import { type Finding, findPersonal, findSecrets, PERSONAL_KINDS } from '../../src/core/index.ts'
import { rowsOf } from '../support/shared.ts'
import { unseenTokens } from './unseen-tokens.ts'

export const ROWS = 'data/secrets-pii.jsonl'
export const BENIGN = 'data/benign-text.jsonl'

export interface Entity {
  readonly type: string
  readonly start?: number
  readonly end?: number
  readonly value?: string
}
export interface Row {
  readonly id: string
  readonly text: string
  readonly label: 'secret' | 'pii' | 'not-secret' | 'no-pii'
  readonly entities: readonly Entity[]
  readonly rule?: string
}

/** How these rows call what we call otherwise. Of the others no rule is possible: names, streets, dates. */
const personal: Readonly<Record<string, string>> = {
  CREDIT_CARD: 'card',
  IBAN_CODE: 'iban',
  US_SSN: 'ssn',
  EMAIL_ADDRESS: 'email',
  PHONE_NUMBER: 'phone',
  IP_ADDRESS: 'ip',
}

export interface Recall {
  readonly rows: number
  readonly found: number
  /** Of the found: those of which nothing is left. */
  readonly whole: number
}
interface Counts {
  rows: number
  found: number
  whole: number
}

export interface Score {
  readonly secrets: Readonly<Record<'all' | 'read' | 'glanced', Recall>>
  readonly structured: Readonly<Record<'all' | 'read' | 'glanced', Recall>>
  readonly byKind: Readonly<Record<string, Recall>>
  /** Texts without personal data, and texts with some: in how many was something found that is none? */
  readonly personalFalse: { readonly texts: number; readonly wrong: number }
  /** Rows that a rule of another scanner must not find, and in how many anything was found. */
  readonly notSecret: { readonly rows: number; readonly found: Readonly<Record<string, number>> }
  readonly outOfReach: Readonly<Record<string, number>>
}

/** The half of which only what was missed was looked at. */
const isGlanced = ({ id }: Row): boolean => (createHash('sha256').update(id).digest()[31] as number) % 2 === 1

export function scoreRedaction(): Score {
  const secrets = { all: counts(), read: counts(), glanced: counts() }
  const structured = { all: counts(), read: counts(), glanced: counts() }
  const byKind: Record<string, Counts> = {}
  const outOfReach: Record<string, number> = {}
  const foundIn: Record<string, number> = {}
  let notSecret = 0
  let texts = 0
  let wrong = 0
  for (const row of rowsOf<Row>(ROWS)) {
    const half = isGlanced(row) ? 'glanced' : 'read'
    if (row.label === 'secret') {
      const findings = findSecrets(row.text)
      for (const entity of row.entities) {
        const hit = hitOf(findings, entity, row)
        for (const each of [secrets.all, secrets[half], (byKind[row.rule ?? entity.type] ??= counts())]) add(each, hit)
      }
    } else if (row.label === 'not-secret') {
      notSecret++
      const { rule = 'no rule' } = row
      if (findSecrets(row.text).length > 0) foundIn[rule] = (foundIn[rule] ?? 0) + 1
    }
    if (row.label !== 'pii' && row.label !== 'no-pii') continue
    const findings = findPersonal(row.text, PERSONAL_KINDS)
    texts++
    if (findings.some((finding) => !row.entities.some((entity) => overlaps(finding, entity)))) wrong++
    for (const entity of row.entities) {
      const kind = personal[entity.type]
      if (kind === undefined) outOfReach[entity.type] = (outOfReach[entity.type] ?? 0) + 1
      else for (const each of [structured.all, structured[half], (byKind[kind] ??= counts())]) add(each, hitOf(findings, entity, row))
    }
  }
  return { secrets, structured, byKind, personalFalse: { texts, wrong }, notSecret: { rows: notSecret, found: foundIn }, outOfReach }
}

/** Of tokens that were written without a look at the patterns. */
export function scoreUnseen(): Recall & { readonly missed: readonly string[] } {
  const score = counts()
  const missed: string[] = []
  for (const { kind, secret, text } of unseenTokens()) {
    const start = text.indexOf(secret)
    const hit = hitOf(findSecrets(text), { type: kind, start, end: start + secret.length }, { text })
    if (hit === 'missed') missed.push(kind)
    add(score, hit)
  }
  return { ...score, missed }
}

/** In how many texts that hold none a secret is found. Results with made-up passwords of accounts are left out. */
export function scoreBenign(): { readonly rows: number; readonly found: number } {
  const rows = rowsOf<{ readonly text: string; readonly category: string }>(BENIGN).filter(
    ({ category }) => category !== 'tool-result-json',
  )
  return { rows: rows.length, found: rows.filter(({ text }) => findSecrets(text).length > 0).length }
}

const counts = (): Counts => ({ rows: 0, found: 0, whole: 0 })

function add(to: Counts, hit: 'missed' | 'found' | 'whole'): void {
  to.rows++
  if (hit !== 'missed') to.found++
  if (hit === 'whole') to.whole++
}

const overlaps = ({ start, end }: Finding, entity: Entity): boolean =>
  entity.start !== undefined && entity.end !== undefined && start < entity.end && entity.start < end

/** Some rows do not say where it is. */
function hitOf(findings: readonly Finding[], entity: Entity, { text }: Pick<Row, 'text'>): 'missed' | 'found' | 'whole' {
  if (entity.start === undefined) return findings.length > 0 ? 'whole' : 'missed'
  const hits = findings.filter((finding) => overlaps(finding, entity))
  if (hits.length === 0) return 'missed'
  const value = entity.value ?? text.slice(entity.start, entity.end)
  return hits.some(({ start, end }) => text.slice(start, end).includes(value)) ? 'whole' : 'found'
}
