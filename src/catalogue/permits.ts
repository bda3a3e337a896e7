/**
 * Whether a principal may use an entry: the one rule behind every call and every list. Looks at who and what, never at
 * arguments. Pure; fails closed: an access that is not named here is refused.
 *
 * @module
 */

import type { Permission, Principal } from '../core/index.ts'

export type Verdict =
  | { readonly permitted: true }
  /** Not to be told apart from a name that does not exist. */
  | { readonly permitted: false; readonly lacks: 'existence' }
  | { readonly permitted: false; readonly lacks: 'scope'; readonly missing: readonly string[] }
  | { readonly permitted: false; readonly lacks: 'role'; readonly anyOf: readonly string[] }

const yes: Verdict = { permitted: true }
const hidden: Verdict = { permitted: false, lacks: 'existence' }

export function permits(principal: Principal, permission: Permission): Verdict {
  switch (permission.access) {
    case 'public':
      return yes
    case 'protected':
      return holds(principal, permission)
    case 'private': {
      // `users` are accounts: a key, or an account of this machine, that happens to have the name of one is not that person.
      const isUser = principal.credential === 'token' && permission.users.includes(principal.subject)
      const named = isUser || permission.clients.includes(principal.clientId)
      return named ? holds(principal, permission) : hidden
    }
    case 'denied':
      return hidden
  }
}

function holds({ scopes, roles }: Principal, needed: { readonly scopes: readonly string[]; readonly roles: readonly string[] }): Verdict {
  for (const scope of needed.scopes) {
    if (!scopes.includes(scope))
      return { permitted: false, lacks: 'scope', missing: needed.scopes.filter((each) => !scopes.includes(each)) }
  }
  if (needed.roles.length > 0 && !needed.roles.some((role) => roles.includes(role))) {
    return { permitted: false, lacks: 'role', anyOf: needed.roles }
  }
  return yes
}
