/** Scopes as a person reads them, and which of the asked ones can be given at all. Pure. @module */

import type { ScopeHierarchy } from '../core/index.ts'
import { texts } from './pages/texts.ts'

export const OFFLINE_ACCESS = 'offline_access'

/** Words with spaces in between (RFC 6749 §3.3), each once; what is no text names none. */
export const namedScopes = (text: unknown): string[] =>
  typeof text === 'string' ? [...new Set(text.split(' ').filter((scope) => scope !== ''))] : []

/** From what harms least to what harms most. */
const scopeGroups = ['read', 'change', 'run'] as const
export type ScopeGroupName = (typeof scopeGroups)[number]

export interface ScopeGroup {
  readonly name: ScopeGroupName
  readonly scopes: readonly string[]
  /** One for each of `scopes`. */
  readonly sentences: readonly string[]
  /** Those of `scopes` that an operator described: whoever is asked can give or refuse each for itself. */
  readonly described: readonly string[]
}

const sentence = (scope: string, { describe }: ScopeHierarchy): string => {
  const { standard, other } = texts.scopes
  return describe(scope) ?? (Object.hasOwn(standard, scope) ? standard[scope] : undefined) ?? other(scope)
}

/** What is allowed with it is said with it: nobody is to find out later what a scope implied. */
function sentenceOf(scope: string, hierarchy: ScopeHierarchy): string {
  const implied = hierarchy.impliedBy(scope).map((each) => sentence(each, hierarchy))
  const own = sentence(scope, hierarchy)
  return implied.length === 0 ? own : texts.scopes.includes(own, implied)
}

/** What a scope's name says of itself, and no more than that: other names count as what harms most. */
const reads = /:read$/
const changes = /:(?:write|create|add|append|edit|update|send|comment)$/

/** Where a scope belongs, with all that it implies. */
function groupOf(scope: string, hierarchy: ScopeHierarchy): ScopeGroupName {
  const all = [scope, ...hierarchy.impliedBy(scope)]
  if (all.every((each) => reads.test(each))) return 'read'
  return all.every((each) => reads.test(each) || changes.test(each)) ? 'change' : 'run'
}

/** Only groups that have a scope, from the least harm to the most. */
export function groupScopes(scopes: readonly string[], hierarchy: ScopeHierarchy): ScopeGroup[] {
  return scopeGroups.flatMap((name) => {
    const own = scopes.filter((scope) => groupOf(scope, hierarchy) === name)
    if (own.length === 0) return []
    const described = own.filter((scope) => hierarchy.describe(scope) !== undefined)
    return [{ name, scopes: own, sentences: own.map((scope) => sentenceOf(scope, hierarchy)), described }]
  })
}

/**
 * What a request for `asked` is a request for (RFC 6749 §3.3): the known part of it, and all of `shown` where it names
 * no permission at all. Undefined where it names only unknown ones: that is an error, not a request for everything.
 */
export function requestedScopes(asked: string | undefined, known: readonly string[], shown: readonly string[]): string | undefined {
  const named = namedScopes(asked)
  const offline = named.includes(OFFLINE_ACCESS) ? [OFFLINE_ACCESS] : []
  const permissions = named.filter((scope) => scope !== OFFLINE_ACCESS)
  const possible = permissions.length === 0 ? shown : permissions.filter((scope) => known.includes(scope))
  return possible.length === 0 ? undefined : [...possible, ...offline].join(' ')
}
