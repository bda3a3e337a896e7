/**
 * The MCP endpoint: every request on it becomes an exchange, goes through the pipeline, and is answered.
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Clock, type Denial, principalKey } from '../../core/index.ts'
import type { Answer, Pipeline } from '../../pipeline/index.ts'
import type { Door } from './door.ts'
import { HttpExchange } from './exchange.ts'
import type { Reading } from './read.ts'

export interface EndpointOptions {
  readonly pipeline: Pipeline
  readonly door: Door
  readonly reading: Reading
  readonly clock: Clock
}

export interface Endpoint {
  /** `denial`: what the door found already. */
  handle(request: IncomingMessage, response: ServerResponse, origin: string, denial: Denial | undefined): Promise<void>
  /** Keeps streams open and turns long waits into streams; called every few seconds. */
  tick(): void
}

const METHODS = ['POST', 'GET', 'DELETE', 'OPTIONS']
/** A caller that would wait longer than this for the first byte gets a stream, where it accepts one. */
const PATIENCE_MS = 10_000
const EXPOSED = [
  'Access-Control-Expose-Headers',
  'WWW-Authenticate, Mcp-Session-Id, RateLimit, RateLimit-Policy, Retry-After',
  'Vary',
  'Origin',
]
const ALLOWED_HEADERS =
  'Authorization, X-API-Key, Content-Type, Accept, MCP-Protocol-Version, Mcp-Method, Mcp-Name, Mcp-Session-Id, Last-Event-ID'
const PREFLIGHT = ['Access-Control-Allow-Methods', METHODS.join(', '), 'Access-Control-Max-Age', '86400']
const none: readonly string[] = []

export function createEndpoint({ pipeline, door, reading, clock }: EndpointOptions): Endpoint {
  const waiting = new Set<HttpExchange>()

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
    for (const other of waiting) {
      if (other.id !== requestId || other.headers['mcp-session-id'] !== session || !other.principal) continue
      if (principalKey(other.principal) === principalKey(principal) && other.message?.method !== 'initialize') other.cancel()
    }
  }

  return {
    async handle(request, response, origin, denial) {
      const page = request.headers.origin
      const cors = page !== undefined && door.isAllowedForeign(page) ? ['Access-Control-Allow-Origin', page, ...EXPOSED] : none
      if (request.method === 'OPTIONS' && !denial) {
        const allowed =
          cors === none ? ['Allow', METHODS.join(', ')] : [...PREFLIGHT, 'Access-Control-Allow-Headers', allowedHeaders(request)]
        response.writeHead(204, [...cors, ...allowed]).end()
        return
      }
      const exchange = new HttpExchange(request, response, `${origin}/mcp`, clock(), cors, reading)
      waiting.add(exchange)
      try {
        const answered = await answer(exchange, request.method, denial)
        cancelNamed(exchange, answered)
        await exchange.answer(answered, sessionHeaders(exchange, answered, reading))
      } finally {
        waiting.delete(exchange)
      }
    },
    tick() {
      for (const exchange of waiting) {
        // Once it concerns an entry it has been authorized: what is left to say fits into a stream.
        if (!exchange.isStreaming && exchange.entry && exchange.receivedAt + PATIENCE_MS < clock()) exchange.open()
        exchange.keepAlive()
      }
    },
  }
}

/** The fields of the protocol, and those that mirror arguments: a tool names them, so that only their beginning is known here. */
function allowedHeaders({ headers }: IncomingMessage): string {
  const asked = (headers['access-control-request-headers'] ?? '').slice(0, 2_048).split(',')
  return [ALLOWED_HEADERS, ...asked.map((each) => each.trim()).filter((each) => /^mcp-param-[\w-]{1,128}$/i.test(each))].join(', ')
}

/** The id of the session that `initialize` has begun. */
function sessionHeaders({ message, principal }: HttpExchange, { status }: Answer, { sessions }: Reading): readonly string[] {
  if (message?.method !== 'initialize' || message.era === 'modern' || !principal || status !== 200) return none
  return ['Mcp-Session-Id', sessions.begin(principal, message)]
}
