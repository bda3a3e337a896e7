/**
 * The MCP endpoint: every request on it becomes an exchange, goes through the pipeline, and is answered.
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Budget, type Clock, type Denial, principalKey, UnderWay } from '../../core/index.ts'
import { addressGroup } from '../../net/index.ts'
import type { Answer, Pipeline } from '../../pipeline/index.ts'
import { certificateOf } from './client-certificate.ts'
import { ANY_ORIGIN } from './cors.ts'
import type { Door } from './door.ts'
import { HttpExchange } from './exchange.ts'
import type { LimitAnswer } from './limit-answer.ts'
import type { Reading } from './read.ts'
import type { Unsent } from './unsent.ts'

export interface EndpointOptions {
  readonly pipeline: Pipeline
  readonly door: Door
  readonly reading: Reading
  readonly unsent: Unsent
  readonly clock: Clock
  /** How a spent budget is answered where the author of the server has said so. */
  readonly limitAnswer?: LimitAnswer | undefined
}

export interface Endpoint {
  /**
   * `denial`: what the door found already. `isOpen`: any page may read the refusal, as it may what was asked for.
   * `budget`: what the address has left, where that is to be told.
   */
  handle(request: IncomingMessage, response: ServerResponse, denial: Denial | undefined, isOpen: boolean, budget?: Budget): Promise<void>
  /** Keeps streams open and turns long waits into streams; called every few seconds. */
  tick(): void
}

const METHODS = ['POST', 'GET', 'DELETE', 'OPTIONS']
const ALLOW = ['Allow', METHODS.join(', ')]
/** A caller that would wait longer than this for the first byte gets a stream, where it accepts one. */
const PATIENCE_MS = 10_000
const none: readonly string[] = []

export function createEndpoint({ pipeline, door, reading, unsent, clock, limitAnswer }: EndpointOptions): Endpoint {
  const waiting = new UnderWay<number, HttpExchange>()
  let begun = 0

  function answer(exchange: HttpExchange, method: string | undefined, denial: Denial | undefined): Answer | Promise<Answer> {
    if (denial) return pipeline.refuse(exchange, denial)
    if (method === undefined || !METHODS.includes(method))
      return pipeline.refuse(exchange, { reason: 'method_not_allowed', allowed: METHODS })
    return pipeline.handle(exchange)
  }

  /**
   * In the legacy revisions a caller says in a message that it no longer waits for an answer. Whose request it may end:
   * its own, of the same session.
   */
  function cancelNamed({ message, principal, headers }: HttpExchange, { status }: Answer): void {
    if (message?.method !== 'notifications/cancelled' || message.era !== 'legacy' || status !== 202 || !principal) return
    const { requestId } = message.params
    if (requestId === undefined) return
    const session = headers['mcp-session-id']
    // Without one there is nothing that tells two programs of one person apart.
    if (session === undefined) return
    for (const other of waiting.values()) {
      if (other.id !== requestId || other.headers['mcp-session-id'] !== session || !other.principal) continue
      if (principalKey(other.principal) === principalKey(principal) && other.message?.method !== 'initialize') other.cancel()
    }
  }

  return {
    async handle(request, response, denial, isOpen, budget) {
      const { headers } = request
      // A page may ask: nothing is decided that needs a record. One that may not was refused by the door, and that is on record.
      if (request.method === 'OPTIONS' && !denial) {
        response.writeHead(204, [...door.cors.preflight(request), ...ALLOW]).end()
        return
      }
      const cors = isOpen ? ANY_ORIGIN : door.cors.answer(headers.origin)
      const exchange = new HttpExchange(
        request,
        response,
        door.resourceOf(headers.host),
        door.addressOf(request),
        clock(),
        cors,
        reading,
        budget,
      )
      exchange.certificate = certificateOf(request, door.certificates)
      const number = ++begun
      waiting.add(number, exchange)
      try {
        const answered = await answer(exchange, request.method, denial)
        cancelNamed(exchange, answered)
        const isSpent = limitAnswer !== undefined && answered.status === 429
        const shown = isSpent ? await limitAnswer(request, exchange.address, answered) : answered
        await exchange.answer(shown, sessionHeaders(exchange, answered, reading))
        if (response.writableLength > 0) unsent.keep(response, callerOf(exchange))
      } finally {
        waiting.take(number)
      }
    },
    tick() {
      const now = clock()
      for (const exchange of waiting.values()) {
        // Once it concerns an entry it has been authorized: what is left to say fits into a stream.
        if (!exchange.isStreaming && exchange.entry && exchange.receivedAt + PATIENCE_MS < now) exchange.open()
        exchange.keepAlive(now)
      }
    },
  }
}

const callerOf = ({ principal, address }: HttpExchange): string => (principal ? principalKey(principal) : addressGroup(address))

/** The id of the session that `initialize` has begun. */
function sessionHeaders({ message, principal }: HttpExchange, { status }: Answer, { sessions }: Reading): readonly string[] {
  if (message?.method !== 'initialize' || message.era === 'modern' || !principal || status !== 200) return none
  return ['Mcp-Session-Id', sessions.begin(principal, message)]
}
