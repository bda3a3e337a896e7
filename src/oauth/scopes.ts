/** Scopes as a person reads them, and which of the asked ones can be given at all. Pure. @module */

import type { ScopeHierarchy } from '../core/index.ts'

export const OFFLINE_ACCESS = 'offline_access'

/** Words with spaces in between (RFC 6749 §3.3), each once; what is no text names none. */
export const namedScopes = (text: unknown): string[] =>
  typeof text === 'string' ? [...new Set(text.split(' ').filter((scope) => scope !== ''))] : []

export interface ScopeGroup {
  readonly name: 'read' | 'change'
  readonly scopes: readonly string[]
  readonly sentences: readonly string[]
}

const sentences: Record<string, string> = {
  'tools:read': 'Use the tools that only read',
  'tools:execute': 'Use the other tools: they may change or delete things, or run code',
  'prompts:read': 'See and use the prepared prompts',
  'resources:read': 'Open the resources: files and other data that the server offers',
}

const sentence = (scope: string, { describe }: ScopeHierarchy): string =>
  describe(scope) ?? (Object.hasOwn(sentences, scope) ? sentences[scope] : undefined) ?? `Use what needs the permission “${scope}”`

/** What is allowed with it is said with it: nobody is to find out later what a scope implied. */
function sentenceOf(scope: string, hierarchy: ScopeHierarchy): string {
  const implied = hierarchy.impliedBy(scope).map((each) => sentence(each, hierarchy))
  const own = sentence(scope, hierarchy)
  return implied.length === 0 ? own : `${own}. This includes: ${implied.join('; ')}`
}

/** A scope that we do not know the meaning of counts as one that changes things, unless its name says that it reads, and all that it implies do. */
export function groupScopes(scopes: readonly string[], hierarchy: ScopeHierarchy): ScopeGroup[] {
  const onlyReads = (scope: string): boolean => [scope, ...hierarchy.impliedBy(scope)].every((each) => each.endsWith(':read'))
  const reads = scopes.filter(onlyReads)
  const changes = scopes.filter((scope) => !onlyReads(scope))
  const sentencesOf = (group: readonly string[]): string[] => group.map((scope) => sentenceOf(scope, hierarchy))
  const groups: ScopeGroup[] = []
  if (reads.length > 0) groups.push({ name: 'read', scopes: reads, sentences: sentencesOf(reads) })
  if (changes.length > 0) groups.push({ name: 'change', scopes: changes, sentences: sentencesOf(changes) })
  return groups
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
