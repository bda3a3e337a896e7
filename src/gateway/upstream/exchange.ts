/**
 * Requests that an upstream has not answered yet, under ids of our own: a caller's id never leaves us, so two callers
 * with the same id cannot get each other's answers.
 *
 * Every exchange is settled exactly once: by its answer, its deadline, its caller going away, or the loss of the upstream.
 *
 * @module
 */

import {
  type CallDetails,
  type Clock,
  type Decision,
  deny,
  type JsonObject,
  type Mirror,
  type Produced,
  UnderWay,
} from '../../core/index.ts'

/**
 * Whom a request is made for, as far as an upstream's way to them needs it. All that it put in `meta` is there; only what may
 * pass is passed on.
 */
export type Caller = Pick<CallDetails, 'principal' | 'meta' | 'capabilities' | 'logLevel' | 'notify' | 'onAbort'>

/** One request to an upstream. */
export interface Exchange {
  readonly method: string
  /** Without `_meta`. */
  readonly params: JsonObject
  /** Arguments to mirror into headers, on modern HTTP. */
  readonly mirrors: readonly Mirror[]
  /** The caller's `Mcp-Param-*` headers that none of `mirrors` accounts for: passed on to modern HTTP as they came. */
  readonly parameters?: Readonly<Record<string, string>> | undefined
  readonly startedAt: number
  /** Put off while the caller is asked something. */
  deadlineAt: number
  /** Undefined for a request of our own. Where the caller was asked something, the request that brought the answer. */
  caller: Caller | undefined
  /** What a request of our own says that its client can do, to a modern upstream: nothing, unless told. */
  readonly capabilities?: JsonObject | undefined
  settle: (decision: Decision<Produced>) => void
}

export interface ExchangeTable {
  /** Answers the id to send it under. */
  add(exchange: Exchange): number
  get(id: number): Exchange | undefined
  /** All that are open, the oldest first. */
  entries(): Iterable<readonly [id: number, exchange: Exchange]>
  /** Forgets and answers it. Undefined: it was settled already, or never asked. */
  take(id: number): Exchange | undefined
  /** Settles all with one denial. */
  drain(decision: Decision<Produced>): void
  readonly size: number
  close(): void
}

/** How late a deadline may be noticed. One timer for all: a timer for each call would cost more than the call. */
const SWEEP_MS = 50

/** `expired` is told each id that passed its deadline, so that the link can cancel it; the exchange is settled already. */
export function createExchangeTable(clock: Clock, expired: (id: number, exchange: Exchange) => void): ExchangeTable {
  const open = new UnderWay<number, Exchange>()
  let lastId = 0
  let timer: NodeJS.Timeout | undefined

  function sweep(): void {
    timer = undefined
    const now = clock()
    let left = false
    for (const [id, exchange] of open.entries()) {
      if (exchange.deadlineAt > now) {
        left ||= exchange.deadlineAt !== Infinity
        continue
      }
      open.take(id)
      exchange.settle(deny({ reason: 'deadline_exceeded', seconds: Math.max(1, Math.round((now - exchange.startedAt) / 1000)) }))
      expired(id, exchange)
    }
    if (left) timer ??= setTimeout(sweep, SWEEP_MS)
  }

  return {
    add(exchange) {
      const id = ++lastId
      open.add(id, exchange)
      if (exchange.deadlineAt !== Infinity) timer ??= setTimeout(sweep, SWEEP_MS)
      return id
    },
    get: (id) => open.get(id),
    entries: () => open.entries(),
    take: (id) => open.take(id),
    drain(decision) {
      for (const [id] of open.entries()) open.take(id)?.settle(decision)
    },
    get size() {
      return open.size
    },
    close() {
      clearTimeout(timer)
      timer = undefined
    },
  }
}
