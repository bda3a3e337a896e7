/** Scopes as a person reads them, and which of the asked ones can be given at all. Pure. @module */

export const OFFLINE_ACCESS = 'offline_access'

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

const sentenceOf = (scope: string): string => sentences[scope] ?? `Use what needs the permission “${scope}”`

/** A scope that we do not know the meaning of counts as one that changes things, unless its name says that it reads. */
export function groupScopes(scopes: readonly string[]): ScopeGroup[] {
  const reads = scopes.filter((scope) => scope.endsWith(':read'))
  const changes = scopes.filter((scope) => !scope.endsWith(':read'))
  const groups: ScopeGroup[] = []
  if (reads.length > 0) groups.push({ name: 'read', scopes: reads, sentences: reads.map(sentenceOf) })
  if (changes.length > 0) groups.push({ name: 'change', scopes: changes, sentences: changes.map(sentenceOf) })
  return groups
}

/**
 * What a request for `asked` is a request for (RFC 6749 §3.3): the known part of it, and all of `shown` where it names
 * no permission at all. Undefined where it names only unknown ones: that is an error, not a request for everything.
 */
export function requestedScopes(asked: string | undefined, known: readonly string[], shown: readonly string[]): string | undefined {
  const named = [...new Set((asked ?? '').split(' ').filter((scope) => scope !== ''))]
  const offline = named.includes(OFFLINE_ACCESS) ? [OFFLINE_ACCESS] : []
  const permissions = named.filter((scope) => scope !== OFFLINE_ACCESS)
  const possible = permissions.length === 0 ? shown : permissions.filter((scope) => known.includes(scope))
  return possible.length === 0 ? undefined : [...possible, ...offline].join(' ')
}
