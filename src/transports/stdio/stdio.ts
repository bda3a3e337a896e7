/**
 * Serving over a pair of streams: one JSON-RPC message a line, through the same pipeline as HTTP. Who is calling is decided
 * by the environment (`SALLYPORT_KEY`, else the local user), on every message anew. In the legacy revisions what
 * `initialize` agreed on holds for the process (2026-07-28 versioning §backward compatibility).
 *
 * @module
 */

import type { Readable, Writable } from 'node:stream'
import {
  allow,
  type Clock,
  type Credential,
  deny,
  type Log,
  type Message,
  type Outgoing,
  type Partway,
  type Received,
  type RequestId,
} from '../../core/index.ts'
import type { Pipeline } from '../../pipeline/index.ts'
import { idOf, type JsonBounds, parseJson, parseMessage, toLine } from '../../protocol/index.ts'
import { ConnectionSession, listening } from '../connection-session.ts'
import { readLines } from './lines.ts'

export interface StdioOptions {
  readonly pipeline: Pipeline
  readonly input: Readable
  readonly output: Writable
  readonly credential: Credential
  readonly resource: string
  readonly bodyBytes: number
  readonly json: JsonBounds
  readonly clock: Clock
  readonly log: Log
}

export interface StdioTransport {
  /** Resolves when the input has ended and every answer is out. */
  readonly done: Promise<void>
  close(): void
}

const MAX_UNREAD_BYTES = 1024 * 1024

export function createStdioTransport(options: StdioOptions): StdioTransport {
  const { pipeline, input, output, bodyBytes, log } = options
  const running = new Map<RequestId, () => void>()
  const pending = new Set<Promise<void>>()
  let session: ConnectionSession | undefined
  /** Ends the stream of changes that a legacy client has from the start. */
  let listener: (() => void) | undefined
  let isOver = false

  const write = (line: string): void => {
    if (!output.destroyed) output.write(toLine(line))
  }

  const connection: Connection = {
    session: () => session,
    send(message) {
      // To a reader that does not read, progress may be lost; memory may not.
      if (output.writableLength < MAX_UNREAD_BYTES) write(JSON.stringify({ jsonrpc: '2.0', ...message }))
    },
    onId: (id, cancel) => running.set(id, cancel),
  }

  async function listen(on: ConnectionSession): Promise<void> {
    if (listener || isOver) return
    const request = createReceived(options, listening(on), connection)
    listener = request.cancel
    await pipeline.handle(request.received)
    listener = undefined
  }

  async function serve(line: Buffer | 'too long'): Promise<void> {
    const request = createReceived(options, line, connection)
    const answer = await pipeline.handle(request.received)
    request.end()
    const { id } = request.received
    if (id !== undefined && running.get(id) === request.cancel) running.delete(id)
    const { message } = request.received as Partway
    if (message?.method === 'initialize' && answer.status === 200) session = new ConnectionSession('stdio', message)
    if (message?.method === 'notifications/initialized' && answer.status === 202 && session) void keep(listen(session))
    if (message?.method === 'notifications/cancelled' && answer.status === 202) running.get(message.params['requestId'] as RequestId)?.()
    // A cancelled request is not answered (2026-07-28 cancellation §behavior), nor is a notification.
    if (answer.body !== undefined && !request.isCancelled() && !(message && message.id === undefined)) write(answer.body)
  }

  function keep(work: Promise<void>): Promise<void> {
    const task: Promise<void> = work
      .catch((error: unknown) =>
        log('error', 'a message could not be answered', { problem: error instanceof Error ? error.message : 'unknown' }),
      )
      .finally(() => pending.delete(task))
    pending.add(task)
    return task
  }

  // A reader that has gone is the end as well: what runs is cancelled and on record.
  output.on('error', () => input.destroy())
  const done = readLines(input, bodyBytes, (line) => {
    void keep(serve(line))
  }).then(async () => {
    isOver = true
    listener?.()
    // The input has ended: nobody waits for subscriptions any more, but calls that run are still answered.
    await Promise.race([Promise.all(pending), new Promise((resolve) => setTimeout(resolve, 2_000).unref())])
    for (const cancel of running.values()) cancel()
    await Promise.all(pending)
  })

  return {
    done,
    close() {
      input.destroy()
      listener?.()
      for (const cancel of running.values()) cancel()
    },
  }
}

interface Connection {
  readonly session: () => ConnectionSession | undefined
  readonly send: (message: Outgoing) => void
  readonly onId: (id: RequestId, cancel: () => void) => void
}

function createReceived(
  { credential, resource, bodyBytes, json, clock }: StdioOptions,
  said: Buffer | 'too long' | Message,
  { session, send, onId }: Connection,
) {
  const listeners: (() => void)[] = []
  let cancelled = false
  let ended = false
  const cancel = (): void => {
    cancelled = true
    for (const listener of listeners) listener()
  }
  const received: Received = {
    transport: 'stdio',
    id: undefined,
    address: 'local',
    credential,
    resource,
    headers: {},
    receivedAt: clock(),
    read() {
      received.session = session()
      if (said === 'too long') return deny({ reason: 'body_too_large', limitBytes: bodyBytes })
      if (!Buffer.isBuffer(said)) return allow(said)
      const parsed = parseJson(said, json)
      if (!parsed.allowed) return parsed
      received.id = idOf(parsed.value)
      if (received.id !== undefined) onId(received.id, cancel)
      return parseMessage(parsed.value, undefined, session())
    },
    open() {},
    // Nothing is said of a request that was answered or cancelled (2026-07-28 stdio §cancellation).
    send: (message) => void (cancelled || ended || send(message)),
    onCancel(listener) {
      if (cancelled) listener()
      else listeners.push(listener)
    },
  }
  const end = (): void => void (ended = true)
  return { received, cancel, end, isCancelled: () => cancelled }
}
