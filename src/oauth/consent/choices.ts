/**
 * What a person ticked, and what is granted by it. A permission is granted where its group is ticked and, if it has a box of its own, that
 * too. What is not ticked is not had by another way either: whatever implies it is refused with it. Pure.
 *
 * @module
 */

import type { ScopeHierarchy } from '../../core/index.ts'
import { isLasting, type Lasting } from '../grant-time.ts'
import type { ScopeGroup } from '../scopes.ts'

export interface Choices {
  readonly groups: ReadonlySet<string>
  /** Of those that have a box of their own. */
  readonly scopes: ReadonlySet<string>
  readonly lasts: Lasting
}

/** How the page looks at first. */
export const proposed = (groups: readonly ScopeGroup[]): Choices => ({
  groups: new Set(groups.map(({ name }) => name)),
  scopes: new Set(groups.flatMap(({ described }) => described)),
  lasts: 'month',
})

/** A form that does not say how long means the shortest. */
export function choicesOf(form: URLSearchParams): Choices {
  const lasts = form.get('lasts')
  return { groups: new Set(form.getAll('group')), scopes: new Set(form.getAll('scope')), lasts: isLasting(lasts) ? lasts : 'hour' }
}

export function grantedBy(
  groups: readonly ScopeGroup[],
  { groups: tickedGroups, scopes: tickedScopes }: Choices,
  { impliedBy }: Pick<ScopeHierarchy, 'impliedBy'>,
): { readonly granted: readonly string[]; readonly refused: readonly string[] } {
  const asked = groups.flatMap(({ scopes }) => scopes)
  const ticked = groups.flatMap(({ name, scopes, described }) =>
    tickedGroups.has(name) ? scopes.filter((scope) => !described.includes(scope) || tickedScopes.has(scope)) : [],
  )
  const unticked = asked.filter((scope) => !ticked.includes(scope))
  const granted = ticked.filter((scope) => !impliedBy(scope).some((each) => unticked.includes(each)))
  return { granted, refused: asked.filter((scope) => !granted.includes(scope)) }
}
