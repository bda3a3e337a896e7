/**
 * The HTTP server in front of everything: binds loopback, checks the door, and hands each path to whom it belongs. What
 * reaches anything behind it has a Host we are served under and an Origin that may be here.
 *
 * @module
 */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Decision, Log } from '../../core/index.ts'
import type { Door } from './door.ts'
import type { Endpoint } from './endpoint.ts'

/** Pages and documents beside the MCP endpoint: the authorization server. */
export interface Mount {
  /** Undefined for a path that is not its own. `cors`: any origin may read it, without credentials. */
  route(pathname: string): { readonly cors: boolean } | undefined
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>
}

export interface Handlers {
  readonly door: Door
  /** What an address may ask in all, before anybody is identified (`guards/limit`). */
  readonly checkAddress: (address: string) => Decision<undefined> | Promise<Decision<undefined>>
  readonly endpoint: Endpoint
  readonly mounts: readonly Mount[]
}

export interface Front {
  readonly port: number
  /** Begins to answer. Until then callers are told to come back. */
  serve(handlers: Handlers): void
  /** Resolves when nobody is connected and nothing that was asked is still being answered or recorded. */
  close(): Promise<void>
}

const TICK_MS = 5_000

/**
 * Binds 127.0.0.1 and, where the machine has it, ::1 on one port (0: any free one). Nothing else: other interfaces want TLS.
 *
 * @throws {Error} with `code: 'EADDRINUSE'` where the port is taken.
 */
export async function createFront({ port, log }: { readonly port: number; readonly log: Log }): Promise<Front> {
  let handlers: Handlers | undefined
  const running = new Set<Promise<void>>()
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    if (!handlers) {
      response.writeHead(503, { 'Retry-After': '1', 'Content-Length': '0' }).end()
      return
    }
    const task: Promise<void> = route(handlers, request, response).catch((error: unknown) => {
      log('error', 'a request failed outside the pipeline', { problem: error instanceof Error ? error.message : 'unknown' })
      if (response.headersSent) response.destroy()
      else response.writeHead(500, { 'Content-Length': '0' }).end()
    })
    running.add(task)
    void task.finally(() => running.delete(task))
  }
  const v4 = await listen(onRequest, '127.0.0.1', port)
  const bound = (v4.address() as AddressInfo).port
  const servers = [v4]
  try {
    servers.push(await listen(onRequest, '::1', bound))
  } catch (error) {
    // A machine without IPv6 is served on IPv4 alone; a taken port is not ours to share.
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') {
      v4.close()
      throw error
    }
  }
  const ticker = setInterval(() => handlers?.endpoint.tick(), TICK_MS)
  ticker.unref()

  return {
    port: bound,
    serve(given) {
      handlers = given
    },
    async close() {
      clearInterval(ticker)
      await Promise.all(
        servers.map(
          (server) =>
            new Promise<void>((resolve) => {
              server.close(() => resolve())
              server.closeIdleConnections()
              // Streams that were told to end get a moment; what is left then is cut.
              setTimeout(() => server.closeAllConnections(), 2_000).unref()
            }),
        ),
      )
      await Promise.all(running)
    },
  }
}

async function route(
  { door, checkAddress, endpoint, mounts }: Handlers,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { url = '/' } = request
  const query = url.indexOf('?')
  const pathname = query === -1 ? url : url.slice(0, query)
  const mount = pathname === '/mcp' ? undefined : mounts.find((each) => each.route(pathname))
  let denial = door.check(request, mount?.route(pathname)?.cors ?? false)
  if (!denial) {
    const budget = await checkAddress(door.budgetOf(request))
    if (!budget.allowed) denial = budget.denial
  }
  if (mount && !denial) return mount.handle(request, response)
  // Refusals of any path are answered and recorded by the one pipeline.
  const origin = door.originOf(request.headers.host) ?? ''
  return endpoint.handle(request, response, origin, denial ?? (pathname === '/mcp' ? undefined : { reason: 'not_found' }))
}

function listen(onRequest: (request: IncomingMessage, response: ServerResponse) => void, host: string, port: number): Promise<Server> {
  // A caller that is slow to say what it wants holds a connection for no longer than this.
  const server = createServer(
    { headersTimeout: 10_000, requestTimeout: 60_000, keepAliveTimeout: 65_000, maxHeaderSize: 32_768 },
    onRequest,
  )
  server.maxHeadersCount = 128
  server.maxConnections = 4_096
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port, ipv6Only: host === '::1' }, () => {
      server.off('error', reject)
      resolve(server)
    })
  })
}
