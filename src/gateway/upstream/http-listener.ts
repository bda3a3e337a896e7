/**
 * What an HTTP upstream of 2025-11-25 says beside its answers: the GET stream, and the rest of an answer whose stream
 * broke off. A stream that ends is opened again, later and later; a server that offers none is left alone.
 *
 * @module
 */

import type { Pool } from 'undici'
import type { Clock } from '../../core/index.ts'
import { type Answer, readAnswer } from './http-answer.ts'
import type { Headers } from './http-headers.ts'
import type { Odd } from './oddities.ts'
import type { Receiver } from './receive.ts'
import { RETRY_FIRST_MS, RETRY_LAST_MS } from './subscription.ts'

export interface ListenerOptions {
  readonly pool: Pool
  readonly path: string
  readonly receive: Receiver
  readonly odd: Odd
  /** Hands over what a request carries; never where there is nothing to be had. */
  readonly headers: (use: (headers: Headers) => void) => void
  readonly clock: Clock
}

export interface Listener {
  /** Once, unless the server refused it; `reopened` is told when the stream came back: what was said in between is lost. */
  openGet(reopened: () => void): void
  /** Reads the rest of the broken-off answer to a request (2025-11-25 transports §Resumability), while it is `wanted`. */
  resume(request: number, lastEventId: string, afterMs: number, wanted: () => boolean, failed: () => void): void
  /** Ends the session; waits a second at most. */
  deleteSession(): Promise<void>
  close(): void
}

const RESUMES = 20

export function createListener({ pool, path, receive, odd, headers, clock }: ListenerOptions): Listener {
  let closed = false
  let isOpen = false
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

  function get(
    extra: Headers,
    via: number | undefined,
    done: (status: number, stream: { lastEventId: string | undefined; retryMs: number | undefined } | undefined) => void,
  ): void {
    const finish: typeof done = (status, stream) => {
      streams.delete(answer)
      if (!closed) done(status, stream)
    }
    const answer = readAnswer({
      started(status, { 'content-type': type }) {
        if (status === 200 && String(type).startsWith('text/event-stream')) return true
        finish(status === 200 ? 405 : status, undefined)
        return false
      },
      message: (message, bytes) => receive(message, bytes, via),
      garbled: () => odd('an event that is not JSON'),
      tooLarge: () => finish(0, undefined),
      crowded: () => finish(0, undefined),
      ended: finish,
      failed: () => finish(0, undefined),
    })
    streams.add(answer)
    headers((given) => {
      const { 'content-type': _, ...rest } = given
      if (!closed) pool.dispatch({ path, method: 'GET', headers: { ...rest, accept: 'text/event-stream', ...extra } }, answer.handler)
    })
  }

  return {
    openGet(reopened) {
      if (isOpen) return
      isOpen = true
      const open = (): void => {
        const startedAt = clock()
        get({}, undefined, (status) => {
          // Any refusal counts as 405: the server offers no stream.
          if (status >= 400) {
            isOpen = false
            return
          }
          if (clock() - startedAt > RETRY_LAST_MS) retryMs = RETRY_FIRST_MS
          later(retryMs, () => {
            open()
            reopened()
          })
          retryMs = Math.min(retryMs * 2, RETRY_LAST_MS)
        })
      }
      open()
    },
    resume(request, lastEventId, afterMs, wanted, failed) {
      let left = RESUMES
      const next = (id: string, ms: number): void => {
        later(Math.min(Math.max(ms, 0), RETRY_LAST_MS), () => {
          if (!wanted()) return
          get({ 'last-event-id': id }, request, (_, stream) => {
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
        const answer = readAnswer({
          started: () => true,
          message() {},
          garbled() {},
          tooLarge: done,
          crowded: done,
          ended: () => done(),
          failed: () => done(),
        })
        const timer = setTimeout(() => {
          answer.abort()
          done()
        }, 1000)
        timer.unref()
        headers((given) => pool.dispatch({ path, method: 'DELETE', headers: given }, answer.handler))
      })
    },
    close() {
      closed = true
      for (const timer of timers) clearTimeout(timer)
      for (const stream of streams) stream.abort()
    },
  }
}
