/**
 * A credential that is none is no better than none at all: what fails to authenticate counts against the budget of those who bring
 * nothing (`door`, "nobody"), and is refused with it. Else whoever invents credentials would have that budget and, at the same
 * address, one more; the cost of looking at each stays the address's own.
 *
 *   [authenticate → strangers] → read → limit → …
 *
 * @module
 */

import type { Decision, Guard, Identified, Received } from '../core/index.ts'
import type { Limiter } from '../guards/index.ts'
import { addressGroup } from '../net/index.ts'

export function createStrangers(authenticate: Guard<Received, Identified>, { checkAddress }: Limiter): Guard<Received, Identified> {
  async function count(request: Received, refused: Decision<Identified>): Promise<Decision<Identified>> {
    // Without one it has been counted at the door; over stdio there is nobody else.
    if (request.credential === undefined || request.transport === 'stdio') return refused
    const counted = await checkAddress(`nobody ${addressGroup(request.address)}`)
    return counted.allowed ? refused : counted
  }
  const judge = (request: Received, identified: Decision<Identified>): Decision<Identified> | Promise<Decision<Identified>> =>
    identified.allowed ? identified : count(request, identified)

  return function identify(request) {
    const identified = authenticate(request)
    return identified instanceof Promise ? identified.then((each) => judge(request, each)) : judge(request, identified)
  }
}
