/**
 * Requests as the web's `Request`, answered as its `Response`, for apps on such a framework. Each goes through a connection
 * inside this process to the same HTTP server as all others: parsed by the same parser within the same bounds, held back when
 * nobody reads, and gone when the caller goes.
 *
 * @module
 */

import type { IncomingMessage, Server } from 'node:http'
import { type Duplex, duplexPair, Readable } from 'node:stream'
import { http } from '../../net/index.ts'
import { createHttpServer, type Incoming } from './listener.ts'

export interface FetchDetails {
  /** The caller's network address, which a `Request` does not tell: for limits and records. */
  readonly address?: string | undefined
}

export interface Fetcher {
  fetch(request: Request, details?: FetchDetails): Promise<Response>
  close(): void
}

/** Between two neighbours only (RFC 9110 §7.6.1); a length that were wrong would move the end of the message. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'content-length',
])
/** The Response of these takes no body, not even an empty one (Fetch §2.2.3). */
const BODILESS = new Set([101, 103, 204, 205, 304])

export function createFetcher(incoming: Incoming): Fetcher {
  const server = createHttpServer(incoming) as Server
  return {
    fetch: (request, details) => exchange(server, request, details?.address),
    close: () => server.closeAllConnections(),
  }
}

function exchange(server: Server, request: Request, address = 'unknown'): Promise<Response> {
  const { promise, resolve, reject } = Promise.withResolvers<Response>()
  const { protocol, pathname, search, host } = new URL(request.url)
  const outgoing = http.request({
    createConnection: () => connectTo(server, { remoteAddress: address, encrypted: protocol === 'https:' }),
    method: request.method,
    path: pathname + search,
    headers: headersOf(request, host),
    setHost: false,
  })
  const hangUp = (): void => void outgoing.destroy()
  request.signal.addEventListener('abort', hangUp, { once: true })
  outgoing.once('close', () => request.signal.removeEventListener('abort', hangUp))
  outgoing.once('response', (answer: IncomingMessage) => resolve(toResponse(answer, request.method)))
  outgoing.once('error', reject)
  if (request.body)
    Readable.fromWeb(request.body as Parameters<typeof Readable.fromWeb>[0])
      .on('error', hangUp)
      .pipe(outgoing)
  else outgoing.end()
  return promise
}

/** The near end of a connection whose far end the server serves. */
function connectTo(server: Server, described: { readonly remoteAddress: string; readonly encrypted: boolean }): Duplex {
  const [near, far] = duplexPair()
  near.once('close', () => far.destroy())
  far.once('close', () => near.destroy())
  Object.assign(far, described)
  server.emit('connection', far)
  return near
}

function headersOf(request: Request, host: string): string[] {
  const headers = ['Connection', 'close']
  if (!request.headers.has('host')) headers.push('Host', host)
  for (const [name, value] of request.headers) if (!HOP_BY_HOP.has(name)) headers.push(name, value)
  if (request.body) headers.push('Transfer-Encoding', 'chunked')
  return headers
}

function toResponse(answer: IncomingMessage, method: string): Response {
  const { statusCode: status = 500, statusMessage: statusText = '', rawHeaders } = answer
  const headers = new Headers()
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string
    // The length is the framework's to say again, and these two know it.
    if (!HOP_BY_HOP.has(name.toLowerCase()) || name.toLowerCase() === 'content-length') headers.append(name, rawHeaders[at + 1] as string)
  }
  const isBodiless = BODILESS.has(status) || method === 'HEAD'
  if (isBodiless) answer.resume()
  return new Response(isBodiless ? null : (Readable.toWeb(answer) as ReadableStream), { status, statusText, headers })
}
