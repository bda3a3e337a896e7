/**
 * The request as the provider gets to see it: read within bounds, cleaned, and at the issuer's address whatever a proxy
 * said. What came in is never changed.
 *
 * @module
 */

import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'

export const MAX_BODY = 65_536

/** Undefined where the body is larger than `MAX_BODY`. */
export async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > MAX_BODY) return undefined
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > MAX_BODY) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

export interface Replay {
  readonly request: IncomingMessage
  /** What the issuer is called: the base of every URL that is handed out. */
  readonly issuer: string
  /** Path and query after the issuer's own path. */
  readonly url: string
  readonly body?: { readonly type: string; readonly text: string } | undefined
  /** Answers are JSON whatever `Accept` prefers. */
  readonly json: boolean
}

export function replay({ request, issuer, url, body, json }: Replay): IncomingMessage {
  const { protocol, host, pathname } = new URL(issuer)
  const text = Buffer.from(body?.text ?? '')
  const { 'transfer-encoding': _, ...headers } = request.headers
  Object.assign(headers, { host, 'x-forwarded-host': host, 'x-forwarded-proto': protocol.slice(0, -1) })
  if (json) headers.accept = 'application/json'
  delete headers['content-type']
  delete headers['content-length']
  if (body !== undefined) Object.assign(headers, { 'content-type': body.type, 'content-length': String(text.length) })

  const { method, rawHeaders, httpVersion, httpVersionMajor, httpVersionMinor, socket } = request
  const originalUrl = pathname.replace(/\/$/, '') + url
  const stream = Readable.from(text.length === 0 ? [] : [text], { objectMode: false })
  return Object.assign(stream, {
    method,
    url,
    originalUrl,
    headers,
    // As they came: whether a field was sent twice can be told by them alone.
    rawHeaders,
    httpVersion,
    httpVersionMajor,
    httpVersionMinor,
    socket,
  }) as unknown as IncomingMessage
}
