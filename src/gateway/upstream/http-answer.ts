/**
 * Reads one HTTP answer: a single JSON message, or a stream of them (SSE). Bounded as it comes in; nothing is buffered
 * beyond one message.
 *
 * @module
 */

import { TextDecoder } from 'node:util'
import { createParser, type EventSourceParser } from 'eventsource-parser'
import type { Dispatcher } from 'undici'
import { createWork } from '../../core/index.ts'
import { MAX_MESSAGE_BYTES } from './link.ts'

export interface AnswerListener {
  /** Headers are here. False: the body is not wanted. */
  readonly started: (status: number, headers: Readonly<Record<string, string | string[] | undefined>>) => boolean
  /** One message, parsed. Of a stream there may be several. */
  readonly message: (message: unknown, bytes: number, status: number) => void
  readonly garbled: () => void
  readonly tooLarge: () => void
  /** So much is being read, of all upstreams together, that there is no room for this. */
  readonly crowded: () => void
  /** The answer is complete. `lastEventId`: where a broken-off stream could be resumed. */
  readonly ended: (
    status: number,
    stream: { readonly lastEventId: string | undefined; readonly retryMs: number | undefined } | undefined,
  ) => void
  readonly failed: (error: NodeJS.ErrnoException) => void
}

export interface Answer {
  readonly handler: Dispatcher.DispatchHandler
  /** Ends the request and lets go of what came of it; the listener hears nothing more. */
  abort(): void
}

/** Of answers that are larger than most, each takes its room as it comes in. */
const SMALL_BYTES = 1024 * 1024
const STEP_BYTES = 4 * 1024 * 1024
const reading = createWork()

/** The one reason for which we end a request ourselves. */
class Closed extends Error {
  override readonly name = 'Closed'
}

export function readAnswer(listener: AnswerListener): Answer {
  let controller: Dispatcher.DispatchController | undefined
  let aborted = false
  let status = 0
  let kind: 'json' | 'stream' | 'other' = 'other'
  let chunks: Buffer[] = []
  let bytes = 0
  let room = SMALL_BYTES
  let leaves: (() => void)[] = []
  let parser: EventSourceParser | undefined
  let decoder: TextDecoder | undefined
  let lastEventId: string | undefined
  let retryMs: number | undefined

  function leave(): void {
    for (const each of leaves) each()
    leaves = []
    room = SMALL_BYTES
  }
  /** Whether there is room for what has come. */
  function enter(): boolean {
    while (bytes > room) {
      const left = reading.enter(STEP_BYTES)
      if (!left) return false
      leaves.push(left)
      room += STEP_BYTES
    }
    return true
  }
  function abort(): void {
    aborted = true
    leave()
    chunks = []
    parser = undefined
    controller?.abort(new Closed())
  }
  function openStream(): void {
    decoder = new TextDecoder()
    parser = createParser({
      onEvent({ data, id }) {
        const size = bytes
        bytes = 0
        leave()
        if (id !== undefined) lastEventId = id
        // 2025-11-25: a first event without data gives only an id to resume from.
        if (data === '') return
        deliver(data, size)
      },
      onRetry(ms) {
        retryMs = ms
      },
    })
  }
  function deliver(text: string, size: number): void {
    let message: unknown
    try {
      message = JSON.parse(text)
    } catch {
      return listener.garbled()
    }
    listener.message(message, size, status)
  }

  const handler: Dispatcher.DispatchHandler = {
    onRequestStart(given) {
      controller = given
      if (aborted) abort()
    },
    onResponseStart(_, statusCode, headers) {
      // Informational answers come before the one that counts.
      if (statusCode < 200) return
      status = statusCode
      const type = String(headers['content-type'] ?? '')
        .split(';', 1)[0]
        ?.trim()
        .toLowerCase()
      // We ask for no encoding: one that comes all the same is not read.
      if (headers['content-encoding'] === undefined)
        kind = type === 'text/event-stream' ? 'stream' : type === 'application/json' ? 'json' : 'other'
      if (!listener.started(statusCode, headers)) return abort()
      if (kind === 'stream') openStream()
    },
    onResponseData(_, chunk) {
      if (aborted) return
      bytes += chunk.length
      if (bytes > MAX_MESSAGE_BYTES) {
        abort()
        return listener.tooLarge()
      }
      if (!enter()) {
        abort()
        return listener.crowded()
      }
      if (kind === 'stream') parser?.feed((decoder as TextDecoder).decode(chunk, { stream: true }))
      else if (kind === 'json') chunks.push(chunk)
    },
    onResponseEnd() {
      if (aborted) return
      leave()
      if (kind === 'json' && chunks.length > 0) {
        const text = (chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)).toString()
        chunks = []
        deliver(text, bytes)
      }
      listener.ended(status, kind === 'stream' ? { lastEventId, retryMs } : undefined)
    },
    onResponseError(_, error) {
      leave()
      if (!aborted) listener.failed(error as NodeJS.ErrnoException)
    },
  }
  return { handler, abort }
}
