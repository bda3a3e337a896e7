/**
 * What a server answers over HTTP, bounded before anybody parses it: one JSON message, or a stream of them (SSE). What passes is
 * handed on as a new answer with the same meaning; anything that is neither has no body any more.
 *
 * Fails closed: a message that breaks a bound ends the answer, and nothing of it is handed on.
 *
 * @module
 */

import { Readable } from 'node:stream'
import { createParser, type EventSourceMessage } from 'eventsource-parser'
import { isJson, mediaType } from '../../net/index.ts'
import { isObject, parseJson } from '../../protocol/index.ts'
import { discard, readBounded } from '../documents.ts'
import { TransportError } from '../errors.ts'
import type { Answer } from '../network.ts'
import type { Inbound } from './inbound.ts'

const MAX_DEPTH = 64
const MAX_ITEMS = 1_000_000
/** How soon, and how late, a server may have its streams resumed. */
const MIN_RETRY_MS = 100
const MAX_RETRY_MS = 60_000

/** One message. @throws {TransportError} */
export function parseMessage(bytes: Buffer): unknown {
  const parsed = parseJson(bytes, { maxDepth: MAX_DEPTH, maxItems: MAX_ITEMS })
  if (parsed.allowed) return parsed.value
  throw new TransportError('malformed', 'The server sent JSON that is broken, repeats a key or is nested too deep.')
}

export const tooLarge = (maxBytes: number): TransportError =>
  new TransportError('too_large', `The server sent a message of more than ${maxBytes} bytes.`)

export interface BoundOptions {
  readonly maxBytes: number
  readonly inbound: Inbound
  /** Of the request that this answers; undefined where it was none. */
  readonly id: unknown
  /** A stream broke a bound; where it is not a stream, that is thrown. */
  readonly broken: (error: TransportError) => void
}

/** @throws {TransportError} */
export async function boundAnswer(answer: Answer, { maxBytes, inbound, id, broken }: BoundOptions): Promise<Response> {
  const { status, headers, body } = answer
  // None was asked for.
  if (headers.has('content-encoding')) {
    discard(answer)
    throw new TransportError('malformed', 'The server encoded its answer, unasked.')
  }
  const isOk = status >= 200 && status < 300
  for (const name of ['content-length', 'transfer-encoding']) headers.delete(name)
  const init = { status, headers }
  if (isJson(headers.get('content-type'))) {
    const bytes = await readBounded(answer, maxBytes)
    if (bytes === undefined) throw tooLarge(maxBytes)
    // An empty one may come with any status, which then says it all.
    const message = bytes.length === 0 ? undefined : parseMessage(bytes)
    // Nobody would wait for it: the request would end by its deadline.
    if (isOk && id !== undefined && (!isObject(message) || message['id'] !== id))
      throw new TransportError('malformed', 'The server answered another request than was sent.')
    if (message !== undefined) inbound.admits(message)
    return message === undefined ? new Response(null, init) : alreadyRead(message, bytes, init)
  }
  if (isOk && mediaType(headers.get('content-type')) === 'text/event-stream')
    return new Response((Readable.toWeb(body) as ReadableStream<Uint8Array>).pipeThrough(boundEvents(maxBytes, inbound, broken)), init)
  discard(answer)
  return new Response(null, init)
}

/** The SDK would put the bytes through a stream and parse them a second time, which is a tenth of what a call costs. */
const alreadyRead = (message: unknown, bytes: Buffer, init: ResponseInit): Response =>
  Object.defineProperties(new Response(null, init), {
    json: { value: async () => message },
    text: { value: async () => bytes.toString() },
  })

/** Events in, the same events out. Comments are dropped: they say nothing. */
function boundEvents(maxBytes: number, inbound: Inbound, broken: (error: TransportError) => void): TransformStream<Uint8Array, Uint8Array> {
  const decoder = new TextDecoder()
  let bytes = 0
  let out = ''
  const parser = createParser({
    onEvent(event) {
      bytes = 0
      const admitted = event.data === '' || inbound.admits(parseMessage(Buffer.from(event.data)))
      // What is dropped still counts for where a stream is resumed.
      out += toText(admitted ? event : { ...event, data: '' })
    },
    onRetry(ms) {
      out += `retry: ${Math.min(Math.max(ms, MIN_RETRY_MS), MAX_RETRY_MS)}\n\n`
    },
  })
  return new TransformStream({
    transform(chunk, controller) {
      try {
        bytes += chunk.byteLength
        if (bytes > maxBytes) throw tooLarge(maxBytes)
        parser.feed(decoder.decode(chunk, { stream: true }))
      } catch (error) {
        const problem =
          error instanceof TransportError ? error : new TransportError('malformed', 'The server sent a stream that cannot be read.')
        broken(problem)
        return controller.error(problem)
      }
      if (out !== '') controller.enqueue(Buffer.from(out))
      out = ''
    },
  })
}

function toText({ event, id, data }: EventSourceMessage): string {
  const lines = data.split('\n').map((line) => `data: ${line}\n`)
  return `${event === undefined ? '' : `event: ${event}\n`}${id === undefined ? '' : `id: ${id}\n`}${lines.join('')}\n`
}
