/**
 * `subscriptions/listen` towards a modern upstream (2026-07-28 subscriptions): a request that stays open as long as the
 * link. One that ends is opened again, later and later; an upstream that declines it is left alone.
 *
 * @module
 */

import type { Clock } from '../../core/index.ts'
import { NEEDS_TASKS } from '../../protocol/index.ts'
import type { Exchange } from './exchange.ts'
import type { Wanted } from './link.ts'

export interface SubscriptionOptions {
  readonly wanted: Wanted
  readonly clock: Clock
  /** Answers the id it went out under. */
  readonly send: (exchange: Exchange) => number
  /** Told when it was opened again: what was said in between is lost. */
  readonly reopened: () => void
}

export interface Subscription {
  /** Of the request that is open now. */
  readonly id: number
  close(): void
}

export const RETRY_FIRST_MS = 1000
export const RETRY_LAST_MS = 60_000

export function openSubscription({ wanted: { changes, uris, tasks }, clock, send, reopened }: SubscriptionOptions): Subscription {
  const lists = Object.fromEntries(changes.map((kind) => [`${kind}ListChanged`, true]))
  const notifications = {
    ...lists,
    ...(uris.length > 0 ? { resourceSubscriptions: uris } : {}),
    ...(tasks.length > 0 ? { taskIds: tasks } : {}),
  }
  let retryMs = RETRY_FIRST_MS
  let timer: NodeJS.Timeout | undefined
  let closed = false
  let id = 0

  function open(): void {
    const startedAt = clock()
    const settle: Exchange['settle'] = (decision) => {
      // A JSON-RPC error: it does not want to.
      if (closed || (decision.allowed && decision.value.kind === 'error')) return
      if (clock() - startedAt > RETRY_LAST_MS) retryMs = RETRY_FIRST_MS
      timer = setTimeout(() => {
        open()
        reopened()
      }, retryMs).unref()
      retryMs = Math.min(retryMs * 2, RETRY_LAST_MS)
    }
    id = send({
      method: 'subscriptions/listen',
      params: { notifications },
      mirrors: [],
      startedAt,
      deadlineAt: Infinity,
      caller: undefined,
      capabilities: tasks.length > 0 ? NEEDS_TASKS : undefined,
      settle,
    })
  }

  open()
  return {
    get id() {
      return id
    },
    close() {
      closed = true
      clearTimeout(timer)
    },
  }
}
