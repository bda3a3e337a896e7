/**
 * Which budgets a request counts against, and how much. Made once for each principal and each tool that it calls, so that
 * a request costs two look-ups.
 *
 * @module
 */

import { type Entry, type Limit, type Principal, principalKey, type Understood } from '../core/index.ts'

type Named = Readonly<Record<string, Limit>>

/** What is left out is not counted. */
export interface Limits {
  readonly address?: Limit | undefined
  readonly principal?: Limit | undefined
  /** Each client of a principal. */
  readonly client?: Limit | undefined
  /** Each tool of a principal, unless the tool has a budget of its own (`entry.limits.rate`). */
  readonly tool?: Limit | undefined
  /** In place of `client`, for the clients named. */
  readonly clients?: Named | undefined
  /** In place of `principal`, for those who have one of these roles: with several, the most generous. */
  readonly roles?: Named | undefined
  /** In place of both, for the accounts named. */
  readonly users?: Named | undefined
}

export interface Bucket extends Limit {
  readonly policy: 'address' | 'principal' | 'client' | 'tool'
  readonly key: string
}

export interface Budgets {
  readonly buckets: readonly Bucket[]
  /** What the request counts against each. */
  readonly cost: number
}

export function bucketOf(policy: Bucket['policy'], key: string, { max, windowMs }: Limit): Bucket {
  return { policy, key, max, windowMs }
}

export function createBudgets(
  limits: Limits,
  findTool: (name: string, principal: Principal) => Entry | undefined,
): (request: Understood) => Budgets {
  // A principal is one object for as long as its credential is cached, an entry until its server's entries change.
  const known = new WeakMap<Principal, { readonly any: Budgets; readonly tools: WeakMap<Entry, Budgets> }>()

  function forAny(principal: Principal): Budgets {
    // Callers without a credential are one principal, and must not use up each other's budget: their addresses have one each.
    if (principal.credential === 'none' && limits.address) return { buckets: [], cost: 1 }
    const identity = principalKey(principal)
    const own = principalLimit(limits, principal)
    const client = named(limits.clients, principal.clientId) ?? limits.client
    const buckets: Bucket[] = []
    if (own) buckets.push(bucketOf('principal', `principal ${identity}`, own))
    if (client) buckets.push(bucketOf('client', `client ${identity} ${JSON.stringify(principal.clientId)}`, client))
    return { buckets, cost: 1 }
  }

  function forTool({ buckets }: Budgets, principal: Principal, { name, limits: own }: Entry): Budgets {
    const cost = own?.cost ?? 1
    const limit = own?.rate ?? limits.tool
    if (!limit) return { buckets, cost }
    return { buckets: [...buckets, bucketOf('tool', `tool ${principalKey(principal)} ${JSON.stringify(name)}`, limit)], cost }
  }

  return function budgetsOf({ principal, message }) {
    let own = known.get(principal)
    if (!own) known.set(principal, (own = { any: forAny(principal), tools: new WeakMap() }))
    const name = message.method === 'tools/call' ? message.params['name'] : undefined
    const tool = typeof name === 'string' ? findTool(name, principal) : undefined
    if (!tool) return own.any
    let budgets = own.tools.get(tool)
    if (!budgets) own.tools.set(tool, (budgets = forTool(own.any, principal, tool)))
    return budgets
  }
}

function principalLimit({ principal: common, roles, users }: Limits, { user, roles: held }: Principal): Limit | undefined {
  const own = user === undefined ? undefined : named(users, user)
  if (own || !roles) return own ?? common
  let best: Limit | undefined
  for (const role of held) {
    const limit = named(roles, role)
    if (limit && (!best || isMoreGenerous(limit, best))) best = limit
  }
  return best ?? common
}

/** More in the long run; of two that are equal in that, more at once. */
export function isMoreGenerous(a: Limit, b: Limit): boolean {
  const difference = a.max * b.windowMs - b.max * a.windowMs
  return difference > 0 || (difference === 0 && a.max > b.max)
}

const named = (limits: Named | undefined, name: string): Limit | undefined =>
  limits !== undefined && Object.hasOwn(limits, name) ? limits[name] : undefined
