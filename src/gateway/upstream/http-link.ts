/**
 * The Streamable HTTP transport towards an upstream: 2026-07-28, stateless, and 2025-11-25 and before, with sessions.
 * Every request is a POST of its own; what the server says unasked comes over a GET stream (legacy, `http-listener.ts`)
 * or `subscriptions/listen` (modern).
 *
 * Fails by settling: a connection that breaks denies the call that was on it; a server that cannot be reached loses the link.
 *
 * @module
 */

import { type Clock, type Decision, deny, type JsonObject, type Log, type Produced, UnderWay } from '../../core/index.ts'
import { createDialer } from '../../net/index.ts'
import { isObject, LATEST_LEGACY_VERSION } from '../../protocol/index.ts'
import { type CallCredentials, type CredentialHeaders, nothingToShow } from '../credentials/credentials.ts'
import { createStreamAttribution } from './attribution.ts'
import { type Caller, createExchangeTable, type Exchange } from './exchange.ts'
import { type Answer, readAnswer } from './http-answer.ts'
import { asksForCredential, type Headers, requestHeaders } from './http-headers.ts'
import { createListener } from './http-listener.ts'
import { type Dialect, isEmpty, type Link, type LinkEvents, missed, sentences, type Wanted } from './link.ts'
import { requestMeta } from './meta.ts'
import { createOddities } from './oddities.ts'
import { createQuestions } from './questions.ts'
import { createReceiver } from './receive.ts'
import { openSubscription, type Subscription } from './subscription.ts'

export interface Endpoint {
  readonly url: string
  /** From the configuration: credentials of ours for this upstream, and whatever else it needs. Lower-case names. */
  readonly headers: Readonly<Headers>
}

export interface HttpLinkOptions {
  readonly server: string
  readonly endpoint: Endpoint
  /** What requests carry beside the headers of the configuration; undefined: nothing, ever. */
  readonly credentials?: CallCredentials | undefined
  readonly events: LinkEvents
  readonly log: Log
  readonly clock: Clock
}

/** Errors of making a connection, as opposed to losing one: nothing was sent, and nothing can be until it comes back. */
const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'ERR_BLOCKED_ADDRESS',
])
/** Notifications and answers of ours under way at a time, and of those, answers to what it asks. A server need not answer either. */
const MAX_TELLING = 1000
const MAX_REPLYING = 32
const TELL_MS = 10_000
/** How long a stream may stay open after its answer came: ended by the server, its connection can be used again. */
const LINGER_MS = 1000

export function createHttpLink({ server, endpoint, credentials, events, log, clock }: HttpLinkOptions): Link {
  const url = new URL(endpoint.url)
  const path = url.pathname + url.search
  // The operator wrote this URL, so it may be on this machine or in this network; nothing but this host is ever dialled.
  const pool = createDialer({ allowPrivate: true, onlyHost: url.hostname }).pool(url.origin)
  let dialect: Dialect = { era: 'legacy', version: LATEST_LEGACY_VERSION, meta: undefined }
  let sessionId: string | undefined
  let ended = false
  let subscription: Subscription | undefined
  let heard: Wanted = { changes: [], uris: [], tasks: [] }
  let telling = 0

  const answers = new UnderWay<number, Answer>()
  const table = createExchangeTable(clock, (id, exchange) => abandon(id, exchange, 'the deadline passed'))
  const odd = createOddities(server, log)
  const attribution = createStreamAttribution(table)
  const questions = createQuestions({ table, attribution, clock, answer: tell, cancel, odd })
  const receive = createReceiver({
    server,
    table,
    attribution,
    questions,
    reply(message) {
      if (telling < MAX_REPLYING) tell(message)
      else odd('an answer to its requests, as it takes none')
    },
    events,
    odd,
    dialect: () => dialect,
  })
  const listener = createListener({
    pool,
    path,
    receive,
    odd,
    headers(use) {
      withCredential(undefined, (base) => use(requestHeaders(base, dialect, sessionId, undefined)), nothing)
    },
    clock,
  })

  /** Hands over what a request for `caller` carries, at once where it is known. */
  function withCredential(
    caller: Caller | undefined,
    use: (base: Readonly<Headers>, shown: CredentialHeaders) => void,
    refuse: (denial: Decision<Produced>) => void,
  ): void {
    withGiven(credentials ? credentials.present(caller?.principal) : nothingToShow, use, refuse)
  }
  function withGiven(
    given: ReturnType<CallCredentials['present']>,
    use: (base: Readonly<Headers>, shown: CredentialHeaders) => void,
    refuse: (denial: Decision<Produced>) => void,
  ): void {
    const take = (decided: Decision<CredentialHeaders>): void => {
      if (!decided.allowed) refuse(decided)
      else if (decided === nothingToShow) use(endpoint.headers, noHeaders)
      else use({ ...endpoint.headers, ...decided.value }, decided.value)
    }
    if (given instanceof Promise) given.then(take).catch(() => refuse(sentences.unreachable(server)))
    else take(given)
  }

  function settle(id: number, decision: Decision<Produced>): void {
    table.take(id)?.settle(decision)
  }

  function post(id: number, exchange: Exchange, again: boolean): void {
    const given = credentials ? credentials.present(exchange.caller?.principal) : nothingToShow
    // Most want nothing: no promise, and nothing made.
    if (given === nothingToShow) return postWith(id, exchange, again, endpoint.headers, noHeaders)
    withGiven(
      given,
      (base, shown) => {
        // The caller may have gone while a token was renewed.
        if (table.get(id)) postWith(id, exchange, again, base, shown)
      },
      (denial) => settle(id, denial),
    )
  }

  /** `shown`: what of `base` was a credential; undefined: one that takes the place of a refused one, and is the last. */
  function postWith(id: number, exchange: Exchange, again: boolean, base: Readonly<Headers>, shown: CredentialHeaders | undefined): void {
    const meta = requestMeta(exchange, id, dialect)
    const params = JSON.stringify(meta ? { ...exchange.params, _meta: meta } : exchange.params)
    const sentSession = sessionId
    let renewing = false
    let challenge: string | undefined
    let linger: NodeJS.Timeout | undefined
    const answer = readAnswer({
      started(status, headers) {
        const given = headers['mcp-session-id']
        if (
          exchange.method === 'initialize' &&
          dialect.era === 'legacy' &&
          typeof given === 'string' &&
          /^[\x21-\x7e]{1,1024}$/.test(given)
        )
          sessionId = given
        if (status === 404 && sentSession !== undefined && dialect.era === 'legacy' && again) renewing = true
        if (credentials && shown) challenge = asksForCredential(status, headers)
        return true
      },
      message(message, bytes, status) {
        if (renewing || challenge !== undefined) return
        if (status >= 400 && isObject(message)) {
          // 400 is what some servers of 2025 answer instead of 404.
          if (
            status === 400 &&
            sentSession !== undefined &&
            again &&
            isObject(message.error) &&
            /session/i.test(String(message.error.message))
          ) {
            renewing = true
            return
          }
          // A modern server's error may come without an id, where it could not read one.
          if (isObject(message.error)) return receive({ ...message, id }, bytes, id)
          return
        }
        receive(message, bytes, id)
        if (!table.get(id)) {
          linger ??= setTimeout(() => {
            answers.take(id)
            answer.abort()
          }, LINGER_MS).unref()
        }
      },
      garbled: () => settle(id, sentences.garbled(server)),
      tooLarge() {
        clearTimeout(linger)
        answers.take(id)
        settle(id, sentences.tooLarge())
      },
      crowded() {
        clearTimeout(linger)
        answers.take(id)
        settle(id, sentences.crowded())
      },
      ended(status, stream) {
        clearTimeout(linger)
        answers.take(id)
        if (renewing) return void renew(id, exchange, sentSession)
        if (challenge !== undefined && shown) return void present(id, exchange, again, { status, shown, challenge })
        if (!table.get(id)) return
        if (status < 200 || status >= 300) return settle(id, sentences.refused(server, status))
        if (stream?.lastEventId !== undefined && dialect.era === 'legacy')
          return listener.resume(
            id,
            stream.lastEventId,
            stream.retryMs ?? 1000,
            () => table.get(id) !== undefined,
            () => settle(id, sentences.brokenOff(server)),
          )
        settle(id, stream ? sentences.brokenOff(server) : sentences.garbled(server))
      },
      failed(error) {
        clearTimeout(linger)
        answers.take(id)
        if (!isUnreachable(error)) return settle(id, sentences.brokenOff(server))
        // Refused is this connection, and with it whatever comes next; others may still be answered.
        retire(`it cannot be reached (${error.code ?? error.name})`)
        settle(id, sentences.unreachable(server))
      },
    })
    answers.add(id, answer)
    dispatch(
      `{"jsonrpc":"2.0","id":${id},"method":"${exchange.method}","params":${params}}`,
      requestHeaders(base, dialect, sessionId, exchange),
      answer,
    )
  }

  /** The server refused what was shown to it: another credential, once, or why there is none. */
  async function present(
    id: number,
    exchange: Exchange,
    again: boolean,
    refused: { readonly status: number; readonly shown: CredentialHeaders; readonly challenge: string },
  ): Promise<void> {
    let renewed: Decision<CredentialHeaders> | undefined
    try {
      renewed = await credentials?.renew(exchange.caller?.principal, refused.shown, refused.challenge)
    } catch {
      renewed = undefined
    }
    if (!table.get(id)) return
    if (!renewed) return settle(id, sentences.refused(server, refused.status))
    if (!renewed.allowed) return settle(id, renewed)
    postWith(id, exchange, again, { ...endpoint.headers, ...renewed.value }, undefined)
  }

  /** The server forgot the session: a new one is made, once for all who noticed, and the request is sent again. */
  async function renew(id: number, exchange: Exchange, lost: string | undefined): Promise<void> {
    if (sessionId === lost) sessionId = undefined
    const renewed = sessionId !== undefined || (await events.renew())
    if (!table.get(id)) return
    if (renewed) post(id, exchange, false)
    else settle(id, sentences.unreachable(server))
  }

  function dispatch(body: string, headers: Headers, answer: Answer): void {
    try {
      pool.dispatch({ path, method: 'POST', headers, body }, answer.handler)
    } catch (error) {
      answer.handler.onResponseError?.(undefined as never, error as Error)
    }
  }

  /** A notification or an answer of ours: accepted or not, there is nothing to wait for. */
  function tell(message: JsonObject, caller?: Caller): void {
    if (ended) return
    if (telling >= MAX_TELLING) return odd('a notification to it, as it takes none')
    telling++
    const done = (): void => {
      clearTimeout(timer)
      telling--
    }
    const answer = readAnswer({ started: () => true, message() {}, garbled() {}, tooLarge: done, crowded: done, ended: done, failed: done })
    const timer = setTimeout(() => {
      answer.abort()
      done()
    }, TELL_MS).unref()
    withCredential(caller, (base) => dispatch(JSON.stringify(message), requestHeaders(base, dialect, sessionId, undefined), answer), done)
  }

  function cancel(id: number): void {
    const exchange = table.take(id)
    if (!exchange) return
    exchange.settle(deny({ reason: 'cancelled' }))
    if (!ended) abandon(id, exchange, 'the caller went away')
  }
  function abandon(id: number, exchange: Exchange, reason: string): void {
    // Modern: closing the request is the cancellation. Legacy: it has to be said, as a connection may break for other reasons.
    if (dialect.era === 'legacy' && exchange.method !== 'initialize')
      tell({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: id, reason } }, exchange.caller)
    answers.take(id)?.abort()
  }

  /** Takes no more requests, and lets those that are under way come to their end. */
  function retire(problem: string): void {
    if (ended) return
    ended = true
    events.lost(problem)
    listener.close()
    endSubscription()
    void pool.close().catch(() => {})
  }
  function endSubscription(): void {
    subscription?.close()
    if (subscription) drop(subscription.id)
  }
  function drop(id: number): void {
    table.take(id)
    answers.take(id)?.abort()
  }

  return {
    send(exchange) {
      if (ended) {
        exchange.settle(sentences.unreachable(server))
        return 0
      }
      const id = table.add(exchange)
      post(id, exchange, true)
      return id
    },
    cancel,
    notify: (method, params) => tell(params ? { jsonrpc: '2.0', method, params } : { jsonrpc: '2.0', method }),
    speak(next) {
      dialect = next
    },
    listen(wanted: Wanted) {
      if (ended) return
      heard = wanted
      if (dialect.era === 'legacy') {
        if (!isEmpty(wanted)) listener.openGet(() => missed(heard, events))
        return
      }
      const before = subscription
      subscription = isEmpty(wanted)
        ? undefined
        : openSubscription({ wanted, clock, send: (exchange) => this.send(exchange), reopened: () => missed(wanted, events) })
      before?.close()
      // The new one stands before the old one goes, so that nothing is missed in between.
      if (before) drop(before.id)
    },
    async close() {
      listener.close()
      endSubscription()
      if (!ended && sessionId !== undefined && dialect.era === 'legacy') await listener.deleteSession()
      if (!ended) {
        ended = true
        events.lost('it was closed')
      }
      table.drain(sentences.unreachable(server))
      table.close()
      for (const [id] of answers.entries()) drop(id)
      await pool.destroy().catch(() => {})
    },
  }
}

const noHeaders: CredentialHeaders = Object.freeze({})
const nothing = (): void => {}

const isUnreachable = (error: NodeJS.ErrnoException): boolean =>
  UNREACHABLE.has(error.code ?? '') || /^(?:ERR_TLS|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/.test(error.code ?? '')
