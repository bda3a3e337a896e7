/**
 * Whether there is budget left: each address, each principal, each client of a principal, each tool of a principal.
 *
 *   authenticate → read → [limit] → authorize → validate → approve → execute → release
 *
 * Runs after authentication so that a budget belongs to someone; what arrives before it counts against the address alone
 * (`checkAddress`, used at the door). Fails closed: if the counters cannot answer, the request is refused.
 *
 * @module
 */

import {
  type Admitted,
  admit,
  allow,
  type Budget,
  type Decision,
  deny,
  type Guard,
  type Principal,
  principalKey,
  type Understood,
} from '../core/index.ts'
import type { Count, Counters } from '../storage/index.ts'

/** At most `max` requests in each window of `windowSeconds`. */
export interface Limit {
  readonly max: number
  readonly windowSeconds: number
}

export interface LimitOptions {
  readonly limits: Readonly<Record<'address' | 'principal' | 'client' | 'tool', Limit>>
  readonly counters: Counters
  /**
   * Only a tool that exists for this caller gets a counter: invented names must not fill the memory that counts, and a
   * hidden name must not be told from an invented one by its budget.
   */
  readonly hasTool: (name: string, principal: Principal) => boolean
}

export interface Limiter {
  readonly limit: Guard<Understood, Admitted>
  /** For the door: before anybody is identified. Undefined where there is budget left. */
  checkAddress(address: string): Decision<undefined> | Promise<Decision<undefined>>
}

interface Bucket {
  readonly policy: 'address' | 'principal' | 'client' | 'tool'
  readonly key: string
}

export function createLimiter({ limits, counters, hasTool }: LimitOptions): Limiter {
  // A principal is one object for as long as its credential is cached: its keys are made once.
  const keys = new WeakMap<Principal, { principal: Bucket; client: Bucket; tools: Map<string, Bucket> }>()

  function bucketsOf({ principal, message }: Understood): Bucket[] {
    let own = keys.get(principal)
    if (!own) {
      const identity = principalKey(principal)
      own = {
        principal: { policy: 'principal', key: `principal ${identity}` },
        client: { policy: 'client', key: `client ${identity} ${JSON.stringify(principal.clientId)}` },
        tools: new Map(),
      }
      keys.set(principal, own)
    }
    const name = message.method === 'tools/call' ? message.params['name'] : undefined
    if (typeof name !== 'string' || !hasTool(name, principal)) return [own.principal, own.client]
    let tool = own.tools.get(name)
    if (!tool) own.tools.set(name, (tool = { policy: 'tool', key: `tool ${principalKey(principal)} ${JSON.stringify(name)}` }))
    return [own.principal, own.client, tool]
  }

  /** Refuses on the first spent budget; else tells the tightest. */
  function judge(request: Understood, buckets: readonly Bucket[], counts: readonly Count[]): Decision<Admitted> {
    let tightest: Budget | undefined
    for (const [at, { policy }] of buckets.entries()) {
      const { count, resetSeconds } = counts[at] as Count
      const { max, windowSeconds } = limits[policy]
      if (count > max) return deny({ reason: 'rate_limited', policy, limit: max, windowSeconds, retryAfterSeconds: resetSeconds })
      const remaining = max - count
      if (!tightest || remaining < tightest.remaining) tightest = { policy, limit: max, windowSeconds, remaining, resetSeconds }
    }
    return allow(admit(request, tightest))
  }

  return {
    limit(request) {
      const buckets = bucketsOf(request)
      const counts = buckets.map(({ policy, key }) => counters.increment(key, limits[policy].windowSeconds))
      // Memory answers at once; a store beyond this process does not.
      const waits = counts.some((count) => count instanceof Promise)
      return waits
        ? Promise.all(counts.map(async (count) => count)).then((all) => judge(request, buckets, all))
        : judge(request, buckets, counts as Count[])
    },
    checkAddress(address) {
      const { max, windowSeconds } = limits.address
      const judgeAddress = ({ count, resetSeconds }: Count): Decision<undefined> =>
        count > max
          ? deny({ reason: 'rate_limited', policy: 'address', limit: max, windowSeconds, retryAfterSeconds: resetSeconds })
          : allow(undefined)
      const counted = counters.increment(`address ${address}`, windowSeconds)
      return counted instanceof Promise ? counted.then(judgeAddress) : judgeAddress(counted)
    },
  }
}
