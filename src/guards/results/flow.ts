/**
 * What one flow has got in all, as estimated tokens of results: a session of a legacy client, else what one client asks for one person in
 * a window of time. Once it is spent, results become summaries, or further calls are refused before anything is done.
 *
 * Fails closed: counters that cannot answer throw, and nothing runs.
 *
 * @module
 */

import { type Approved, type Denial, deny, type Guard, type Principal, principalKey, type Validated } from '../../core/index.ts'
import type { Count, Counters } from '../../storage/index.ts'
import type { FlowBudget } from './options.ts'

export interface Flow {
  /** Whether what comes next is only summarised. */
  isSpent(principal: Principal, session: string | undefined): Promise<boolean>
  add(principal: Principal, session: string | undefined, tokens: number): Promise<void>
  /** Stands before `execute`: where a spent flow ends, no call begins. */
  before(approve: Guard<Validated, Approved>): Guard<Validated, Approved>
}

export function createFlow({ maxTokens, windowSeconds, whenSpent }: FlowBudget, counters: Counters): Flow {
  const count = (principal: Principal, session: string | undefined, tokens: number): Count | Promise<Count> =>
    counters.increment(keyOf(principal, session), windowSeconds * 1000, tokens)
  const toDenial = ({ resetMs }: Count): Denial => ({
    reason: 'flow_spent',
    limitTokens: maxTokens,
    windowSeconds,
    retryAfterSeconds: Math.ceil(resetMs / 1000),
  })

  return {
    isSpent: async (principal, session) => (await count(principal, session, 0)).count >= maxTokens,
    async add(principal, session, tokens) {
      await count(principal, session, tokens)
    },
    before(approve) {
      if (whenSpent !== 'stop') return approve
      return async (request) => {
        const { principal, message, session } = request
        if (message.method === 'tools/call') {
          const spent = await count(principal, session?.key, 0)
          if (spent.count >= maxTokens) return deny(toDenial(spent))
        }
        return approve(request)
      }
    },
  }
}

const keyOf = (principal: Principal, session: string | undefined): string =>
  session === undefined ? `flow ${principalKey(principal)} ${principal.clientId}` : `flow session ${session}`
