/** What is done with personal data of each kind, as a rule says it and as it is compiled. @module */

import { PERSONAL_KINDS, type PersonalKind } from './personal/index.ts'

/**
 * `mask`: `[redacted:card]`. `hash`: the same value is always the same sign, which nobody without the server's key can find a value for.
 * `tokenise`: a sign that the server can turn into the value again. `drop`: nothing is left. `allow`: it stays.
 */
export type PersonalAction = 'mask' | 'hash' | 'tokenise' | 'drop' | 'allow'
export const PERSONAL_ACTIONS: readonly PersonalAction[] = ['mask', 'hash', 'tokenise', 'drop', 'allow']

export type PersonalPolicy = Readonly<Partial<Record<PersonalKind, PersonalAction>>>

/** Compiled. */
export interface PersonalRules {
  /** What it was compiled from, so that what it does not say can be said for everything at once. */
  readonly policy: PersonalPolicy
  /** Those that are not allowed. */
  readonly kinds: readonly PersonalKind[]
  readonly actions: Readonly<Record<string, Exclude<PersonalAction, 'allow'>>>
}

/** What `own` does not say, `common` says. */
export function compilePersonal(own: PersonalPolicy, common: PersonalPolicy = {}): PersonalRules {
  const both = { ...common, ...own }
  const kinds = PERSONAL_KINDS.filter((kind) => (both[kind] ?? 'allow') !== 'allow')
  return { policy: both, kinds, actions: Object.fromEntries(kinds.map((kind) => [kind, both[kind] as Exclude<PersonalAction, 'allow'>])) }
}
