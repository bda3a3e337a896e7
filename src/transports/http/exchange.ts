/**
 * One HTTP request on the MCP endpoint, from its head to its answer: the `Received` that the pipeline is given. A class,
 * since one is made for every request and its methods need no closures.
 *
 * The answer is one JSON object unless something has to be said before it (progress, or a long wait): then, where the
 * caller accepts it, an event stream.
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type {
  Budget,
  Credential,
  Decision,
  Entry,
  Input,
  Message,
  Outgoing,
  Possession,
  Principal,
  Received,
  RequestId,
  SessionState,
  TaskId,
} from '../../core/index.ts'
import type { Answer } from '../../pipeline/index.ts'
import { toLine } from '../../protocol/index.ts'
import { accepts } from './accept.ts'
import { credentialOf, possessionOf } from './credential.ts'
import { type Reading, readMessage } from './read.ts'
import { turnEnd } from './turn.ts'
import { Reader } from './unsent.ts'

const STREAM_HEADERS = [
  'Content-Type',
  'text/event-stream',
  'Cache-Control',
  'no-store',
  'X-Accel-Buffering',
  'no',
  'X-Content-Type-Options',
  'nosniff',
]
/** Beyond this a notification to a caller that does not read is dropped: progress may be lost, memory may not. */
const MAX_UNREAD_BYTES = 1024 * 1024

export class HttpExchange implements Received {
  readonly transport = 'http'
  readonly address: string
  readonly credential: Credential | undefined
  readonly possession: Possession | undefined
  certificate: (() => string | undefined) | undefined = undefined
  readonly resource: string
  readonly headers: Received['headers']
  readonly receivedAt: number
  id: RequestId | undefined = undefined
  // Written by the stages; here from the start, so that every exchange has one shape.
  readonly principal: Principal | undefined = undefined
  readonly message: Message | undefined = undefined
  readonly entry: Entry | undefined = undefined
  readonly task: TaskId | undefined = undefined
  readonly args: unknown = undefined
  readonly budget: Budget | undefined
  readonly input: Input | undefined = undefined
  session: SessionState | undefined = undefined
  /** CORS and the like, on whatever the answer is. */
  readonly #extra: readonly string[]
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #reading: Reading
  #cancelled: (() => void)[] | undefined
  #isCancelled = false
  #isAnswered = false
  /** Of a stream that was looked at. */
  #reader: Reader | undefined

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    resource: string,
    address: string,
    receivedAt: number,
    extra: readonly string[],
    reading: Reading,
    budget?: Budget,
  ) {
    this.budget = budget
    this.#request = request
    this.#response = response
    this.#extra = extra
    this.#reading = reading
    this.headers = request.headers
    this.address = address
    this.credential = credentialOf(request)
    this.possession = possessionOf(request, this.credential)
    this.resource = resource
    this.receivedAt = receivedAt
  }

  read(): Promise<Decision<Message>> {
    return readMessage(this, this.#request, this.#reading)
  }

  onCancel(listener: () => void): void {
    if (this.#response.destroyed || this.#isCancelled) listener()
    else if (this.#cancelled) this.#cancelled.push(listener)
    else {
      this.#cancelled = [listener]
      // `close` also follows an answer that went out whole: then there is nothing left to cancel.
      this.#response.once('close', () => {
        if (!this.#response.writableFinished) for (const each of this.#cancelled ?? []) each()
      })
    }
  }

  /** The caller said so, in another request of its own (2025-11-25 cancellation). */
  cancel(): void {
    this.#isCancelled = true
    for (const each of this.#cancelled ?? []) each()
  }

  get isStreaming(): boolean {
    return this.#response.headersSent
  }

  open(): void {
    if (!this.#isAnswered && accepts(this.#request, 'text/event-stream')) this.#openStream()
  }

  #openStream(): void {
    if (this.isStreaming) return
    this.#response.writeHead(200, [...STREAM_HEADERS, ...this.#extra])
    this.#response.flushHeaders()
  }

  send(message: Outgoing): void {
    this.open()
    if (!this.isStreaming || this.#isAnswered || this.#response.writableLength > MAX_UNREAD_BYTES) return
    this.#response.write(`event: message\ndata: ${toLine(JSON.stringify({ jsonrpc: '2.0', ...message }))}\n`)
  }

  /** A comment line keeps what lies between from closing a quiet stream. One that nobody reads is not quiet, and ends. */
  keepAlive(now: number): void {
    if (!this.isStreaming || this.#isAnswered) return
    const { writableLength } = this.#response
    this.#reader ??= new Reader()
    if (this.#reader.hasGone(writableLength, now)) this.#response.destroy()
    else if (writableLength === 0) this.#response.write(': keep-alive\n\n')
  }

  /** Resolves when it has been handed to the connection. */
  async answer(answer: Answer, more: readonly string[] = []): Promise<void> {
    const response = this.#response
    if (response.destroyed) return
    const { body } = answer
    this.#isAnswered = true
    // A cancelled request is not answered: its stream ends.
    if (this.#isCancelled) {
      this.#openStream()
      response.end()
      return
    }
    if (this.isStreaming) {
      response.end(body === undefined ? undefined : `event: message\ndata: ${toLine(body)}\n`)
      return
    }
    await turnEnd()
    if (!response.destroyed) this.#write(answer, more)
  }

  #write({ status, headers, body, contentType = 'application/json' }: Answer, more: readonly string[]): void {
    const response = this.#response
    const bytes = body === undefined ? 0 : Buffer.byteLength(body)
    const content = body === undefined ? ['Content-Length', '0'] : ['Content-Type', contentType, 'Content-Length', `${bytes}`]
    response.writeHead(status, [
      ...content,
      'Cache-Control',
      'no-store',
      'X-Content-Type-Options',
      'nosniff',
      ...headers,
      ...this.#extra,
      ...more,
    ])
    // All ASCII where every character is one byte: then the same bytes are written faster as latin1.
    response.end(body, bytes === body?.length ? 'latin1' : 'utf8')
  }
}
