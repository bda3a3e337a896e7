/**
 * A connection that carries messages both ways, whatever it is made of: stdin and stdout, or a WebSocket. Each message goes
 * through the whole pipeline with the caller's credential; what `initialize` agreed on holds for the connection (2026-07-28
 * versioning §backward compatibility).
 *
 * Bounded towards a caller that does not read: what is only told is dropped, and nothing more is taken in until the answers
 * that wait are gone.
 *
 * @module
 */

import {
  type Budget,
  type Clock,
  type Decision,
  type Log,
  problemOf,
  type RequestId,
  type SessionState,
  UnderWay,
} from '../../core/index.ts'
import type { Answer, Pipeline } from '../../pipeline/index.ts'
import type { JsonBounds } from '../../protocol/index.ts'
import { type Caller, type Carrier, ConnectionExchange, type Said } from './exchange.ts'
import { ConnectionSession, listening } from './session.ts'

export interface ConnectionOptions {
  readonly pipeline: Pipeline
  readonly caller: Caller
  /** Tells its legacy session from every other. */
  readonly key: string
  readonly bodyBytes: number
  readonly json: JsonBounds
  readonly clock: Clock
  readonly log: Log
  readonly write: (text: string) => void
  /** How much of what was written the other side has not taken yet. */
  readonly unreadBytes: () => number
  readonly checkAddress?: (() => Decision<Budget | undefined> | Promise<Decision<Budget | undefined>>) | undefined
  /** Whether the source should be silent for a while: what it says all the same is kept. */
  readonly hold: (isHeld: boolean) => void
  /** Told when nothing of the session runs any more: what is kept of it elsewhere can go. */
  readonly forget: (session: SessionState) => void
  /** Told of each answer once it has been written. */
  readonly onAnswer?: (answer: Answer) => void
}

export interface Connection {
  receive(said: Said): void
  /** The other side has taken what was written. */
  drained(): void
  /** Nobody will ask any more: what runs may still be answered, for two seconds. Resolves when nothing runs. */
  finish(): Promise<void>
  /** Nobody reads any more. */
  cancel(): void
}

/** Beyond this a message that nobody asked for is dropped, and no other is taken in: progress may be lost, memory may not. */
const MAX_UNREAD_BYTES: number = 1024 * 1024
/** How many messages are begun before the answers to them are looked at. */
const MAX_A_TURN = 32
const PATIENCE_MS = 2_000
const LOOK_AGAIN_MS = 10

export function createConnection(options: ConnectionOptions): Connection {
  const { pipeline, caller, key, bodyBytes, json, clock, log, write, unreadBytes, checkAddress, hold, forget, onAnswer } = options
  const running = new UnderWay<number, ConnectionExchange>()
  /** Those of them that have said their id. */
  const named = new UnderWay<RequestId, ConnectionExchange>()
  const pending = new UnderWay<number, Promise<void>>()
  let begun = 0
  const held: Said[] = []
  let session: ConnectionSession | undefined
  /** The stream of changes that a legacy client has from the start. */
  let listener: ConnectionExchange | undefined
  let isOver = false
  let begunThisTurn = 0

  const carrier: Carrier = {
    caller,
    bodyBytes,
    json,
    checkAddress,
    session: () => session,
    begun(id, exchange) {
      if (named.has(id)) return false
      named.add(id, exchange)
      return true
    },
    send(message) {
      if (unreadBytes() < MAX_UNREAD_BYTES) write(JSON.stringify({ jsonrpc: '2.0', ...message }))
    },
  }

  async function listen(on: ConnectionSession): Promise<void> {
    if (listener || isOver) return
    listener = new ConnectionExchange(carrier, listening(on), clock())
    await pipeline.handle(listener)
    listener = undefined
  }

  async function handle(exchange: ConnectionExchange): Promise<Answer> {
    const number = ++begun
    running.add(number, exchange)
    try {
      return await pipeline.handle(exchange)
    } finally {
      running.take(number)
      if (exchange.id !== undefined) named.take(exchange.id)
    }
  }

  async function serve(said: Said): Promise<void> {
    const exchange = new ConnectionExchange(carrier, said, clock())
    const answer = await handle(exchange)
    exchange.answered()
    const { message } = exchange
    if (message?.method === 'initialize' && answer.status === 200) session = new ConnectionSession(key, message)
    if (message?.method === 'notifications/initialized' && answer.status === 202 && session) keep(listen(session))
    if (message?.method === 'notifications/cancelled' && answer.status === 202)
      named.get(message.params['requestId'] as RequestId)?.cancel()
    // A cancelled request is not answered (2026-07-28 cancellation §behavior), nor is a notification.
    if (answer.body !== undefined && !exchange.isCancelled && !(message && message.id === undefined)) write(answer.body)
    onAnswer?.(answer)
  }

  function keep(work: Promise<void>): void {
    const number = ++begun
    // Whatever `finally` is answered it waits for: never the task itself.
    const task = work
      .catch((error: unknown) => log('error', 'a message could not be answered', { problem: problemOf(error) }))
      .finally(() => void pending.take(number))
    pending.add(number, task)
  }

  function cancel(): void {
    isOver = true
    held.length = 0
    listener?.cancel()
    for (const exchange of running.values()) exchange.cancel()
    // Not before what runs has ended: a subscription may be among it.
    void Promise.all(pending.values()).then(() => {
      if (session) forget(session)
      session = undefined
    })
  }

  const hasRoom = (): boolean => begunThisTurn < MAX_A_TURN && unreadBytes() < MAX_UNREAD_BYTES

  function begin(said: Said): void {
    if (begunThisTurn++ === 0) setImmediate(turnOver)
    keep(serve(said))
  }
  const turnOver = (): void => {
    begunThisTurn = 0
    goOn()
  }
  function goOn(): void {
    if (held.length === 0) return
    while (held.length > 0 && hasRoom()) begin(held.shift() as Said)
    if (held.length === 0) hold(false)
  }

  async function settled(): Promise<void> {
    while (held.length > 0 || pending.size > 0) {
      await Promise.all(pending.values())
      if (held.length > 0) await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS))
    }
  }

  return {
    receive(said) {
      if (isOver) return
      if (held.length === 0 && hasRoom()) return begin(said)
      if (held.push(said) === 1) hold(true)
    },
    drained: goOn,
    async finish() {
      isOver = true
      // Nobody waits for subscriptions any more, but what was asked is still answered.
      listener?.cancel()
      await Promise.race([settled(), new Promise((resolve) => setTimeout(resolve, PATIENCE_MS).unref())])
      cancel()
      await Promise.all(pending.values())
    },
    cancel,
  }
}
