/**
 * The `rateLimit` block of a server as its author writes it, and the strict schema that it must satisfy: a word that is not
 * known, or a figure that is not a whole number, does not start the server.
 *
 * @module
 */

import { z } from 'zod'
import { checkOptions, type Entry, type Limit } from '../core/index.ts'
import { isMoreGenerous, type Limits } from './limit-budgets.ts'
import type { LimitHandler } from './limit-handler.ts'

export interface RateOptions {
  /** How many requests are let through in one window. 0: none. */
  readonly max: number
  /** Length of a window; that of the block that it stands in unless told, else a minute. */
  readonly windowMs?: number | undefined
}

export interface RateLimitOptions {
  /** Length of a window; a minute unless told. */
  readonly windowMs?: number | undefined
  /** How many requests of each address, and of each principal, are let through in one window; 1,200 unless told. 0: none. */
  readonly max?: number | undefined
  /**
   * What `max` counts: each network address, each principal, or both, and then whichever is spent first. Default `both`.
   * With `principal` nothing holds back a caller who has not signed in; with `address` people behind one address share it.
   */
  readonly by?: 'address' | 'principal' | 'both' | undefined
  /** `RateLimit` and `RateLimit-Policy` on every answer. Default true. `Retry-After` is on a refusal whatever is said here. */
  readonly standardHeaders?: boolean | undefined
  /** `X-RateLimit-Limit`, `-Remaining` and `-Reset` on every answer. Default false. */
  readonly legacyHeaders?: boolean | undefined
  /** How HTTP writes the refusal. What is refused stays refused, and is on record before this runs. */
  readonly handler?: LimitHandler | undefined
  /** What each principal may ask of one tool, unless the tool has a `rateLimit` of its own. */
  readonly tools?: RateOptions | undefined
  /** What a principal may ask through one client, by client id; an API key is a client of its own. */
  readonly clients?: Readonly<Record<string, RateOptions>> | undefined
  /** In place of `max` for a principal with that role; with several, the one that lets most through. */
  readonly roles?: Readonly<Record<string, RateOptions>> | undefined
  /** In place of `max` and of the roles', by account. */
  readonly users?: Readonly<Record<string, RateOptions>> | undefined
}

/** Which header fields tell of a budget. */
export interface LimitHeaders {
  readonly standard: boolean
  readonly legacy: boolean
}

export interface RateLimits {
  readonly limits: Limits
  readonly headers: LimitHeaders
  readonly handler: LimitHandler | undefined
  /** What is allowed but should be looked at, a line each. */
  readonly warnings: readonly string[]
}

const WINDOW_MS = 60_000
const MAX = 1_200
/** A structured field holds no larger integer (RFC 9651 §3.3.1). */
const LARGEST = 999_999_999_999_999

const max = z.int().min(0).max(LARGEST)
const windowMs = z.int().min(1).max(LARGEST)

/** One rate, wherever it is written: in the block, or with a tool. */
export const rateSchema: z.ZodType<RateOptions> = z.strictObject({ max, windowMs: windowMs.optional() })
const named = z.record(z.string().min(1).max(256), rateSchema)

const schema: z.ZodType<RateLimitOptions> = z.strictObject({
  windowMs: windowMs.optional(),
  max: max.optional(),
  by: z.enum(['address', 'principal', 'both']).optional(),
  standardHeaders: z.boolean().optional(),
  legacyHeaders: z.boolean().optional(),
  handler: z.custom<LimitHandler>((value) => typeof value === 'function', 'must be a function of the request and the response').optional(),
  tools: rateSchema.optional(),
  clients: named.optional(),
  roles: named.optional(),
  users: named.optional(),
})

/** `at`: what the problems' paths begin with. @throws {ConfigError} naming every problem. */
export function toLimits(given: RateLimitOptions = {}, at = 'rateLimit'): RateLimits {
  const options = checkOptions(at, schema, given)
  const common = toLimit({ max: options.max ?? MAX }, options.windowMs)
  const by = options.by ?? 'both'
  const limits: Limits = {
    address: by === 'principal' ? undefined : common,
    principal: by === 'address' ? undefined : common,
    tool: options.tools && toLimit(options.tools, options.windowMs),
    clients: toNamed(options.clients, options.windowMs),
    roles: toNamed(options.roles, options.windowMs),
    users: toNamed(options.users, options.windowMs),
  }
  return {
    limits,
    headers: { standard: options.standardHeaders ?? true, legacy: options.legacyHeaders ?? false },
    handler: options.handler,
    warnings: warningsOf(limits),
  }
}

export const toLimit = ({ max, windowMs }: RateOptions, ofBlock: number = WINDOW_MS): Limit => ({ max, windowMs: windowMs ?? ofBlock })

function toNamed(rates: RateLimitOptions['roles'], ofBlock: number | undefined): Limits['roles'] {
  return rates && Object.fromEntries(Object.entries(rates).map(([name, rate]) => [name, toLimit(rate, ofBlock)]))
}

function warningsOf({ address, principal, roles, users }: Limits): string[] {
  const warnings: string[] = []
  if ((address ?? principal)?.max === 0) warnings.push('rateLimit.max: 0 lets nothing through')
  if (!address) warnings.push('rateLimit.by: callers who have not signed in are not counted; something in front of this server should')
  for (const [kind, limits] of Object.entries({ roles, users })) {
    for (const [name, limit] of Object.entries(limits ?? {})) {
      if (address && isMoreGenerous(limit, address))
        warnings.push(
          `rateLimit.${kind}.${name}: lets more through than rateLimit.max, which holds for each address all the same: say by: 'principal', or raise max`,
        )
    }
  }
  return warnings
}

/** Tools that nobody could ever call: one use costs more than a whole window holds. A line each. */
export function costProblems({ address, principal, client, tool, roles, users }: Limits, entries: readonly Entry[]): string[] {
  const most = (limits: readonly (Limit | undefined)[]): number =>
    Math.max(...limits.map((limit) => limit?.max ?? Number.POSITIVE_INFINITY))
  const ofPrincipal = most([principal, ...Object.values(roles ?? {}), ...Object.values(users ?? {})])
  return entries.flatMap(({ kind, name, limits }) => {
    const cost = limits?.cost ?? 1
    const room = Math.min(ofPrincipal, most([address]), most([client]), limits?.rate?.max ?? most([tool]))
    return cost > 1 && cost > room ? [`${kind} ${name}: one use costs ${cost}, and a whole window holds ${room}`] : []
  })
}
