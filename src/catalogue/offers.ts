/**
 * What somebody could use once they are granted some scopes: told to them before they grant it. Decided by the rule behind every call
 * (`permits.ts`), so that a private entry is named to nobody whom a list would not show it to. Pure.
 *
 * Public entries are left out: they need no grant.
 *
 * @module
 */

import type { Entry, Offer, Principal, Redactor } from '../core/index.ts'
import type { Permits } from './permits.ts'

/** The names are redacted as they are in lists. */
export function offersTo(principal: Principal, entries: readonly Entry[], permits: Permits, redactor: Pick<Redactor, 'text'>): Offer[] {
  return entries.flatMap((entry) => {
    const { kind, name, permission } = entry
    if (!('scopes' in permission) || permission.scopes.length === 0 || !permits(principal, entry).permitted) return []
    return [{ kind, name: redactor.text(name), scopes: permission.scopes }]
  })
}
