/**
 * A request as an app hands it over: under its whole path again, and with its body, where a parser of the app has read that
 * before us. Only the bytes that came in show a key that stands twice in an object; where they are gone, the app's parser has
 * decided what such a body says, and what it decided is what is checked, bounded and executed here.
 *
 * @module
 */

import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'

/** What frameworks add to a request: Express its `originalUrl`, body parsers `body`, some hosts the bytes as `rawBody`. */
export type HandedOver = IncomingMessage & { readonly originalUrl?: unknown; readonly body?: unknown; readonly rawBody?: unknown }

const FORM = 'application/x-www-form-urlencoded'

export function toWhole(request: HandedOver): IncomingMessage {
  // Frameworks take the path they are mounted under off; ours are the paths that callers see. It has been given away to us.
  if (typeof request.originalUrl === 'string') request.url = request.originalUrl
  return request.readableDidRead ? withBody(request, bodyOf(request)) : request
}

/** Nothing for what cannot be written down: it is answered as an empty body is. */
function bodyOf({ body, rawBody, headers }: HandedOver): Buffer {
  for (const each of [rawBody, body]) if (each instanceof Uint8Array) return Buffer.from(each)
  if (typeof body === 'string') return Buffer.from(body)
  if (typeof body !== 'object' || body === null) return Buffer.alloc(0)
  return Buffer.from(headers['content-type']?.startsWith(FORM) ? toForm(body) : JSON.stringify(body))
}

/** A field that came several times is a list; anything deeper is no form of ours. */
function toForm(body: object): string {
  const form = new URLSearchParams()
  for (const [name, value] of Object.entries(body))
    for (const each of Array.isArray(value) ? value : [value]) if (typeof each === 'string') form.append(name, each)
  return form.toString()
}

function withBody(request: IncomingMessage, body: Buffer): IncomingMessage {
  const { method, url, rawHeaders, httpVersion, httpVersionMajor, httpVersionMinor, socket } = request
  const { 'transfer-encoding': _, ...headers } = request.headers
  headers['content-length'] = String(body.length)
  // A parser that decompressed says so in what it leaves: the bytes are plain.
  delete headers['content-encoding']
  const stream = Readable.from(body.length === 0 ? [] : [body], { objectMode: false })
  return Object.assign(stream, {
    method,
    url,
    headers,
    rawHeaders,
    httpVersion,
    httpVersionMajor,
    httpVersionMinor,
    socket,
    complete: true,
    aborted: false,
  }) as unknown as IncomingMessage
}
