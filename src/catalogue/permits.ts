/**
 * Whether a principal may use an entry: the one rule behind every call and every list. Looks at who and what, never at
 * arguments. A scope counts where it was granted, or one that implies it. Pure; fails closed: an access that is not named here is
 * refused.
 *
 * @module
 */

import { type Entry, OWN_ORIGIN, type Permission, type Principal, type ScopeHierarchy } from '../core/index.ts'

export type Verdict =
  | { readonly permitted: true }
  /** Not to be told apart from a name that does not exist. */
  | { readonly permitted: false; readonly lacks: 'existence' }
  | { readonly permitted: false; readonly lacks: 'scope'; readonly missing: readonly string[] }
  | { readonly permitted: false; readonly lacks: 'role'; readonly anyOf: readonly string[] }

const yes: Verdict = { permitted: true }
const hidden: Verdict = { permitted: false, lacks: 'existence' }

export type Permits = (principal: Principal, entry: Pick<Entry, 'permission' | 'origin'>) => Verdict

export function createPermits(hierarchy: ScopeHierarchy): Permits {
  return (principal, { permission, origin }) =>
    // Who was given a key for some servers has no business with what the others have.
    principal.servers === undefined || principal.servers.includes(origin.server) || origin.server === OWN_ORIGIN
      ? permits(principal, permission, hierarchy)
      : hidden
}

function permits(principal: Principal, permission: Permission, hierarchy: ScopeHierarchy): Verdict {
  switch (permission.access) {
    case 'public':
      return yes
    case 'protected':
      return holds(principal, permission, hierarchy)
    case 'private': {
      const isUser = principal.user !== undefined && permission.users.includes(principal.user)
      const named = isUser || permission.clients.includes(principal.clientId)
      return named ? holds(principal, permission, hierarchy) : hidden
    }
    case 'denied':
      return hidden
  }
}

function holds(
  { scopes, roles }: Principal,
  needed: { readonly scopes: readonly string[]; readonly roles: readonly string[] },
  { covers }: ScopeHierarchy,
): Verdict {
  for (const scope of needed.scopes) {
    if (!covers(scopes, scope)) return { permitted: false, lacks: 'scope', missing: needed.scopes.filter((each) => !covers(scopes, each)) }
  }
  if (needed.roles.length > 0 && !needed.roles.some((role) => roles.includes(role))) {
    return { permitted: false, lacks: 'role', anyOf: needed.roles }
  }
  return yes
}
