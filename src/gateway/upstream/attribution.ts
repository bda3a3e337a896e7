/**
 * Whose a message is that an upstream sends unasked: a log message, or a question (T13: never somebody else's). On HTTP the
 * stream that it came on belongs to one call. On stdio all messages share one channel and nothing in them says which call they
 * belong to: what a request carries as `progressToken` is the upstream's own, for progress on that very request.
 *
 * So on stdio a question is passed on only while all calls that could have caused it are of one and the same caller, and a log
 * message only while there is one such call. A call that was given up counts on, for a while: the upstream may still be at it.
 *
 * Fails closed: what could be another caller's is nobody's.
 *
 * @module
 */

import type { Clock, Principal } from '../../core/index.ts'
import type { Caller, ExchangeTable } from './exchange.ts'

export interface Attribution {
  /** The one call that this can belong to. `via`: the call whose stream it came on. */
  callOf(via: number | undefined): number | undefined
  /** The calls of the one caller that this can belong to, the youngest first. */
  callsOfOneCaller(via: number | undefined): readonly number[]
  /** A call was given up before the upstream had answered it. */
  givenUp(caller: Caller | undefined): void
}

/** Longer than any question waits for its answer. */
const GIVEN_UP_MS = 15 * 60_000
/** There are several callers long before. */
const MAX_GIVEN_UP = 1_000

export function createStreamAttribution(table: ExchangeTable): Attribution {
  const callOf = (via: number | undefined): number | undefined =>
    via !== undefined && table.get(via)?.caller !== undefined ? via : undefined
  return {
    callOf,
    callsOfOneCaller(via) {
      const call = callOf(via)
      return call === undefined ? [] : [call]
    },
    // Its stream ended with it.
    givenUp() {},
  }
}

export function createChannelAttribution(table: ExchangeTable, clock: Clock): Attribution {
  const givenUp = new Map<string, { readonly principal: Principal; readonly until: number }>()

  /** Whether everybody who has something running is this one. */
  function isAlone(principal: Principal, calls: number): boolean {
    const now = clock()
    for (const [key, other] of givenUp) {
      if (other.until <= now) givenUp.delete(key)
      else if (!isSame(principal, other.principal)) return false
    }
    for (const [, { caller }] of table.entries()) if (caller && !isSame(principal, caller.principal)) return false
    // Callers without a credential are one principal and many people.
    return principal.credential !== 'none' || (calls === 1 && !givenUp.has(keyOf(principal)))
  }

  return {
    callOf() {
      let only: number | undefined
      for (const [id, { caller }] of table.entries()) {
        if (!caller) continue
        if (only !== undefined) return undefined
        only = id
      }
      const caller = only === undefined ? undefined : table.get(only)?.caller
      return caller && isAlone(caller.principal, 1) ? only : undefined
    },
    callsOfOneCaller() {
      const calls: number[] = []
      let first: Caller | undefined
      for (const [id, { caller }] of table.entries()) {
        if (!caller) continue
        first ??= caller
        calls.push(id)
      }
      return first && isAlone(first.principal, calls.length) ? calls.reverse() : []
    },
    givenUp(caller) {
      if (!caller) return
      const { principal } = caller
      const key = keyOf(principal)
      givenUp.delete(key)
      if (givenUp.size >= MAX_GIVEN_UP) givenUp.delete(givenUp.keys().next().value as string)
      givenUp.set(key, { principal, until: clock() + GIVEN_UP_MS })
    },
  }
}

const keyOf = ({ issuer, subject, clientId }: Principal): string => JSON.stringify([issuer, subject, clientId])

/** One person with one client. */
const isSame = (one: Principal, other: Principal): boolean =>
  one.issuer === other.issuer && one.subject === other.subject && one.clientId === other.clientId
