/**
 * The values of one server's entry while they are filled in: which of them are secrets, which are named secrets and stay references, and
 * what is wrong with them, each with its place in the file.
 *
 * @module
 */

import { secretsIn } from '../secrets/secrets-in.ts'
import type { Template } from '../secrets/template.ts'
import { type Env, expand } from './expand.ts'
import type { Findings } from './problems.ts'
import type { SourceFile } from './source-file.ts'

/** Keys below the entry: `['headers', 'Authorization']`. */
export type Place = readonly (string | number)[]

export interface EntryValues {
  /** `called`: what the value is for, which tells whether it is a secret. */
  fill(written: string, called: string, ...place: Place): string
  problem(place: Place, text: string): void
  warn(place: Place, text: string): void
  /** Values that are handed over and must never come back. */
  readonly secrets: Set<string>
  /** Variables, or headers in lower case, with named secrets in them. */
  readonly named: ReadonlyMap<string, Template>
}

export interface EntryValuesOptions {
  /** Of the entry, from the top of the file. */
  readonly path: readonly string[]
  readonly source: SourceFile
  readonly env: Env
  readonly findings: Findings
}

export function createEntryValues({ path, source, env, findings }: EntryValuesOptions): EntryValues {
  const secrets = new Set<string>()
  const named = new Map<string, Template>()
  const at = (place: Place): string => `${source.where([...path, ...place])}: ${[...path, ...place].join('.')}`
  const problem = (place: Place, text: string): void => void findings.problems.push(`${at(place)}: ${text}`)
  const warn = (place: Place, text: string): void => void findings.warnings.push(`${at(place)}: ${text}`)

  return {
    fill(written, called, ...place) {
      const takesSecrets = place.length === 2 && (place[0] === 'env' || place[0] === 'headers')
      const expanded = expand(written, env, source.dir, { takesSecrets, isHandedOver: true })
      const { text, template, problems, referred, fromFiles } = expanded
      if (template) named.set(place[0] === 'headers' ? called.toLowerCase() : called, template)
      for (const one of problems) problem(place, one)
      const found = template ? [] : secretsIn(called, text)
      for (const secret of [...found, ...fromFiles]) secrets.add(secret)
      if (found.length > 0 && !referred) warn(place, 'a secret is written out here; use ${env:NAME} or ${file:PATH}')
      return text
    },
    problem,
    warn,
    secrets,
    named,
  }
}
