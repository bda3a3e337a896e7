/**
 * Whether there is budget left: each address, each principal, each client of a principal, each tool of a principal.
 *
 *   authenticate → read → [limit] → authorize → validate → approve → execute → release
 *
 * Runs after authentication so that a budget belongs to someone; what arrives before it counts against the address alone
 * (`checkAddress`, used at the door), once; the rest of what a dear tool costs is added here. A refused request counts too. Fails
 * closed: if the counters cannot answer, the request is refused.
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
  type Entry,
  type Guard,
  type Partway,
  type Principal,
  type Understood,
} from '../core/index.ts'
import type { Count, Counters } from '../storage/index.ts'
import { type Bucket, bucketOf, createBudgets, type Limits } from './limit-budgets.ts'

export interface LimitOptions {
  readonly limits: Limits
  readonly counters: Counters
  /**
   * Only a tool that exists for this caller gets a counter: invented names must not fill the memory that counts, and a
   * hidden name must not be told from an invented one by its budget.
   */
  readonly findTool: (name: string, principal: Principal) => Entry | undefined
}

export interface Limiter {
  readonly limit: Guard<Understood, Admitted>
  /**
   * For the door: before anybody is identified. Answers what the address has left; undefined where addresses are not counted.
   */
  checkAddress(address: string): Decision<Budget | undefined> | Promise<Decision<Budget | undefined>>
}

const within: Decision<Budget | undefined> = allow(undefined)

export function createLimiter({ limits, counters, findTool }: LimitOptions): Limiter {
  const budgetsOf = createBudgets(limits, findTool)
  const address = limits.address && bucketOf('address', '', limits.address)

  function judgeAddress(key: string, count: Count): Decision<Budget | undefined> {
    if (!address) return within
    if (count.count > address.max) return refuse(address, count)
    return allow({ ...toBudget(address, count), key })
  }

  /** Where the door has counted the request as one. */
  function addressOf({ budget }: Partway): Bucket | undefined {
    const key = budget?.key
    return address && key !== undefined ? { ...address, key } : undefined
  }

  return {
    limit(request) {
      const { buckets: own, cost } = budgetsOf(request)
      const door = cost > 1 ? addressOf(request) : undefined
      const buckets = door ? [...own, door] : own
      if (buckets.length === 0) return judge(request, buckets, [])
      const counts: (Count | Promise<Count>)[] = []
      let waits = false
      for (const bucket of buckets) {
        const count = counters.increment(bucket.key, bucket.windowMs, bucket === door ? cost - 1 : cost)
        // Memory answers at once; a store beyond this process does not.
        if (count instanceof Promise) waits = true
        counts.push(count)
      }
      return waits
        ? Promise.all(counts.map(async (count) => count)).then((all) => judge(request, buckets, all))
        : judge(request, buckets, counts as Count[])
    },
    checkAddress(from) {
      if (!address) return within
      const key = `address ${from}`
      const counted = counters.increment(key, address.windowMs)
      return counted instanceof Promise ? counted.then((count) => judgeAddress(key, count)) : judgeAddress(key, counted)
    },
  }
}

/** Refuses on the first spent budget; else tells the tightest: the one that the door told of is among them. */
function judge(request: Understood, buckets: readonly Bucket[], counts: readonly Count[]): Decision<Admitted> {
  const { budget } = request as Partway
  let tightest = -1
  let least = budget ? budget.remaining : Number.POSITIVE_INFINITY
  for (let at = 0; at < buckets.length; at++) {
    const bucket = buckets[at] as Bucket
    const remaining = bucket.max - (counts[at] as Count).count
    if (remaining < 0) return refuse(bucket, counts[at] as Count)
    if (remaining > least || (remaining === least && tightest !== -1)) continue
    least = remaining
    tightest = at
  }
  return allow(admit(request, tightest === -1 ? budget : toBudget(buckets[tightest] as Bucket, counts[tightest] as Count)))
}

const refuse = ({ policy, max, windowMs }: Bucket, count: Count): Decision<never> =>
  deny({ reason: 'rate_limited', policy, limit: max, windowSeconds: windowMs / 1000, retryAfterSeconds: secondsOf(count) })

const toBudget = ({ policy, max, windowMs }: Bucket, count: Count): Budget => ({
  policy,
  limit: max,
  windowSeconds: windowMs / 1000,
  remaining: Math.max(0, max - count.count),
  resetSeconds: secondsOf(count),
})

/** Rounded up: whoever comes back then finds a new window. */
const secondsOf = ({ resetMs }: Count): number => Math.ceil(resetMs / 1000)
