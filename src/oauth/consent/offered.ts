/** The names behind each permission: what this person could use with it through the client, now. Pure. @module */

import type { Offer, ScopeHierarchy } from '../../core/index.ts'
import { type Offered, plain } from '../pages/index.ts'

const offeredKinds: readonly Offered['kind'][] = ['tool', 'prompt', 'resource']

/** A page stays readable, and short enough to send, whatever an upstream lists. */
const MAX_NAMES = 200

export function offeredBy(scope: string, offers: readonly Offer[], { covers }: Pick<ScopeHierarchy, 'covers'>): Offered[] {
  const own = offers.filter(({ scopes }) => scopes.some((needed) => covers([scope], needed)))
  return offeredKinds.flatMap((kind) => {
    const names = own.filter((offer) => (offer.kind === 'template' ? 'resource' : offer.kind) === kind).map(({ name }) => plain(name))
    return names.length === 0 ? [] : [{ kind, names: names.slice(0, MAX_NAMES), more: Math.max(0, names.length - MAX_NAMES) }]
  })
}
