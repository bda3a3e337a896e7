/**
 * What an HTTP upstream says without being asked: the GET stream of 2025-11-25, `subscriptions/listen` of 2026-07-28,
 * and the rest of an answer whose stream broke off. A stream that ends is opened again, later and later; a server that
 * offers none is left alone.
 *
 * @module
 */

import type { Pool } from 'undici'
import type { Clock } from '../../core/index.ts'
import type { Exchange } from './exchange.ts'
import { type Answer, readAnswer } from './http-answer.ts'
import type { Headers } from './http-headers.ts'
import type { ListKind } from './link.ts'
import type { Receiver } from './receive.ts'
import { listenExchange } from './subscription.ts'

export interface ListenerOptions {
  readonly pool: Pool
  readonly path: string
  readonly receive: Receiver
  readonly odd: (kind: string) => void
  readonly headers: () => Headers
}

export interface Listener {
  /** `reopened` is told when a stream came back: what was said in between is lost. */
  openGet(reopened: () => void): void
  openSubscription(changes: readonly ListKind[], send: (exchange: Exchange) => number, reopened: () => void, clock: Clock): void
  /** Reads the rest of a broken-off answer (2025-11-25 transports §Resumability), while it is `wanted`. */
  resume(lastEventId: string, afterMs: number, wanted: () => boolean, failed: () => void): void
  /** Ends the session; waits a second at most. */
  deleteSession(): Promise<void>
  close(): void
}

const RETRY_FIRST_MS = 1000
const RETRY_LAST_MS = 60_000
const RESUMES = 20

export function createListener({ pool, path, receive, odd, headers }: ListenerOptions): Listener {
  let closed = false
  let retryMs = RETRY_FIRST_MS
  const timers = new Set<NodeJS.Timeout>()
  const streams = new Set<Answer>()

  function later(ms: number, act: () => void): void {
    const timer = setTimeout(() => {
      timers.delete(timer)
      if (!closed) act()
    }, ms)
    timer.unref()
    timers.add(timer)
  }
  function laterAgain(act: () => void): void {
    later(retryMs, act)
    retryMs = Math.min(retryMs * 2, RETRY_LAST_MS)
  }

  function get(extra: Headers, done: (status: number, stream: { lastEventId: string | undefined; retryMs: number | undefined } | undefined) => void): void {
    const finish: typeof done = (status, stream) => {
      streams.delete(answer)
      if (!closed) done(status, stream)
    }
    const answer = readAnswer({
      started(status, { 'content-type': type }) {
        if (status === 200 && String(type).startsWith('text/event-stream')) {
          retryMs = RETRY_FIRST_MS
          return true
        }
        finish(status === 200 ? 405 : status, undefined)
        return false
      },
      message: (message, bytes) => receive(message, bytes),
      garbled: () => odd('an event that is not JSON'),
      tooLarge: () => finish(0, undefined),
      ended: finish,
      failed: () => finish(0, undefined),
    })
    streams.add(answer)
    const { 'content-type': _, ...rest } = headers()
    pool.dispatch({ path, method: 'GET', headers: { ...rest, accept: 'text/event-stream', ...extra } }, answer.handler)
  }

  return {
    openGet(reopened) {
      const open = (first: boolean): void => {
        get({}, (status) => {
          // Any refusal counts as 405: the server offers no stream.
          if (status >= 400) return
          laterAgain(() => open(false))
        })
        if (!first) reopened()
      }
      open(true)
    },
    openSubscription(changes, send, reopened, clock) {
      const open = (first: boolean): void => {
        const openedAt = clock()
        const exchange = listenExchange(changes, clock, (decision) => {
          // A JSON-RPC error: it does not want to.
          if (closed || (decision.allowed && decision.value.kind === 'error')) return
          if (clock() - openedAt > RETRY_LAST_MS) retryMs = RETRY_FIRST_MS
          laterAgain(() => open(false))
        })
        send(exchange)
        if (!first) reopened()
      }
      open(true)
    },
    resume(lastEventId, afterMs, wanted, failed) {
      let left = RESUMES
      const next = (id: string, ms: number): void => {
        later(Math.min(Math.max(ms, 0), RETRY_LAST_MS), () => {
          if (!wanted()) return
          get({ 'last-event-id': id }, (status, stream) => {
            if (!wanted()) return
            if (stream && left-- > 0) next(stream.lastEventId ?? id, stream.retryMs ?? afterMs)
            else failed()
          })
        })
      }
      next(lastEventId, afterMs)
    },
    deleteSession() {
      return new Promise((done) => {
        const answer = readAnswer({ started: () => true, message() {}, garbled() {}, tooLarge: done, ended: () => done(), failed: () => done() })
        const timer = setTimeout(() => {
          answer.abort()
          done()
        }, 1000)
        timer.unref()
        pool.dispatch({ path, method: 'DELETE', headers: headers() }, answer.handler)
      })
    },
    close() {
      closed = true
      for (const timer of timers) clearTimeout(timer)
      for (const stream of streams) stream.abort()
    },
  }
}
