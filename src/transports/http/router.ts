/**
 * Checks the door and hands each path to whom it belongs, whoever brings the request: a socket of ours, an app that we are
 * mounted in, or `fetch`. What reaches anything behind it has a Host we are served under and an Origin that may be here.
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { type Budget, type Denial, type Log, problemOf } from '../../core/index.ts'
import type { Limiter } from '../../guards/index.ts'
import { addressGroup } from '../../net/index.ts'
import type { Door } from './door.ts'
import type { Endpoint } from './endpoint.ts'
import { isPipelined, waitForTurn } from './pipelined.ts'
import type { Unsent } from './unsent.ts'

/** Pages and documents beside the MCP endpoint: the authorization server. */
export interface Mount {
  /** Undefined for a path that is not its own. `cors`: any origin may read it, without credentials. */
  route(pathname: string): { readonly cors: boolean } | undefined
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>
}

export interface Handlers {
  readonly door: Door
  /** What an address may ask in all, before anybody is identified (`guards/limit`). */
  readonly checkAddress: Limiter['checkAddress']
  readonly endpoint: Endpoint
  readonly mounts: readonly Mount[]
  readonly unsent: Unsent
  /** Who takes connections that are to become WebSockets. */
  readonly sockets?: Sockets | undefined
}

export interface Sockets {
  readonly upgrade: Router['upgrade']
  tick(): void
}

export interface Router {
  /** Answers; before `serve` and after `close` callers are told to come back. */
  readonly handle: (request: IncomingMessage, response: ServerResponse) => void
  /** A connection that is to become another protocol's. */
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void
  /** Whether a path is answered with anything but "not found". */
  owns(pathname: string): boolean
  serve(handlers: Handlers): void
  /** Resolves when nothing that was asked is still being answered or recorded. */
  close(): Promise<void>
}

const TICK_MS = 5_000
const TOO_MANY: Denial = { reason: 'overloaded', problem: 'Too many requests wait on this connection: read the answers first.' }
const LATER = 'HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'

export function createRouter({ log }: { readonly log: Log }): Router {
  let handlers: Handlers | undefined
  let running = 0
  let idle: PromiseWithResolvers<void> | undefined
  const ticker = setInterval(() => {
    handlers?.endpoint.tick()
    handlers?.sockets?.tick()
    handlers?.unsent.tick()
  }, TICK_MS)
  ticker.unref()

  async function begin(request: IncomingMessage, response: ServerResponse, found?: Denial): Promise<void> {
    if (!handlers) {
      response.writeHead(503, { 'Retry-After': '1', 'Content-Length': '0' }).end()
      return
    }
    running++
    try {
      await route(handlers, request, response, found)
    } catch (error) {
      log('error', 'a request failed outside the pipeline', { problem: problemOf(error) })
      if (response.headersSent) response.destroy()
      else response.writeHead(500, { 'Content-Length': '0' }).end()
    } finally {
      if (--running === 0) idle?.resolve()
    }
  }

  return {
    handle(request, response) {
      if (!isPipelined(response)) void begin(request, response)
      else if (!waitForTurn(request, response, () => void begin(request, response))) void begin(request, response, TOO_MANY)
    },
    upgrade(request, socket, head) {
      if (handlers?.sockets) return handlers.sockets.upgrade(request, socket, head)
      socket.end(LATER)
    },
    owns: (pathname) =>
      handlers !== undefined && (pathname === handlers.door.path || handlers.mounts.some((each) => each.route(pathname) !== undefined)),
    serve(given) {
      handlers = given
    },
    async close() {
      clearInterval(ticker)
      // An app that we are mounted in may still pass requests on.
      handlers = undefined
      if (running > 0) await (idle ??= Promise.withResolvers()).promise
    },
  }
}

/** Without the query: no path of ours is told by one. */
export function pathOf({ url = '/' }: IncomingMessage): string {
  const query = url.indexOf('?')
  return query === -1 ? url : url.slice(0, query)
}

async function route(
  { door, checkAddress, endpoint, mounts, unsent }: Handlers,
  request: IncomingMessage,
  response: ServerResponse,
  found: Denial | undefined,
): Promise<void> {
  const pathname = pathOf(request)
  const isEndpoint = pathname === door.path
  const mount = isEndpoint ? undefined : mounts.find((each) => each.route(pathname))
  const isOpen = mount?.route(pathname)?.cors ?? false
  let denial = found ?? door.check(request, isOpen)
  let budget: Budget | undefined
  if (!denial) {
    const counted = await checkAddress(door.budgetOf(request))
    if (counted.allowed) budget = counted.value
    else denial = counted.denial
  }
  if (mount && !denial) {
    await mount.handle(request, response)
    return unsent.keep(response, addressGroup(door.addressOf(request)))
  }
  // Refusals of any path are answered and recorded by the one pipeline.
  return endpoint.handle(request, response, denial ?? (isEndpoint ? undefined : { reason: 'not_found' }), isOpen, budget)
}
