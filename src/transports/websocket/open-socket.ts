/**
 * One open WebSocket: frames in, frames out, and the credential of its upgrade looked at again with every message, whenever one
 * has changed anywhere, and now and then. Fails closed: what cannot be verified any more is not listened to.
 *
 * @module
 */

import type { WebSocket } from 'ws'
import { type Budget, type Clock, createId, type Decision, type Denial, type Log, type Received } from '../../core/index.ts'
import type { Pipeline } from '../../pipeline/index.ts'
import type { JsonBounds } from '../../protocol/index.ts'
import { type ConnectionOptions, createConnection } from '../connection/index.ts'

export interface SocketOptions {
  readonly pipeline: Pipeline
  readonly checkAddress: (budget: string) => Decision<Budget | undefined> | Promise<Decision<Budget | undefined>>
  /** Why a credential no longer holds; undefined where it does. */
  readonly recheck: (request: Received) => Promise<Denial | undefined>
  readonly forget: ConnectionOptions['forget']
  readonly bodyBytes: number
  readonly json: JsonBounds
  readonly clock: Clock
  readonly log: Log
}

export interface OpenSocket {
  /** The principal that opened it. */
  readonly whose: string
  unreadBytes(): number
  recheck(): Promise<void>
  /** Asks whether the other side is still there, and ends what is not. */
  tick(): void
  close(): Promise<void>
}

/** RFC 6455 §7.4; 4000 and up are for applications. */
const codes = { goingAway: 1001, unsupported: 1003, broken: 1011, unauthenticated: 4401 } as const
/** Whoever leaves so much unread is not waited for any longer: on one socket, and on all that it has. */
const MAX_UNREAD_BYTES = 16 * 1024 * 1024
const MAX_UNREAD_IN_ALL_BYTES = 64 * 1024 * 1024
/** Below this a socket is one that is read, and nobody asks about the others of its principal. */
const READ_BYTES = 1024 * 1024
const QUIET_MS = 30_000
const CLOSE_MS = 2_000

/** What a socket is opened with. */
export interface Opening {
  readonly upgrade: Received
  readonly whose: string
  /** Whose budget its messages count against. */
  readonly budget: string
  /** What its principal has left unread on all its sockets. */
  readonly unreadInAll: () => number
}

export function openSocket(ws: WebSocket, { upgrade, whose, budget, unreadInAll }: Opening, options: SocketOptions): OpenSocket {
  const { pipeline, checkAddress, recheck, clock } = options
  const { address, credential, possession, certificate, resource } = upgrade
  const onSent = (): void => connection.drained()
  const connection = createConnection({
    ...options,
    caller: { transport: 'websocket', address, credential, possession, certificate, resource },
    key: createId('ws_', 20),
    write(text) {
      if (ws.readyState !== ws.OPEN) return
      const { bufferedAmount } = ws
      const isOver = bufferedAmount > READ_BYTES && (bufferedAmount > MAX_UNREAD_BYTES || unreadInAll() > MAX_UNREAD_IN_ALL_BYTES)
      if (isOver) ws.terminate()
      else ws.send(text, onSent)
    },
    unreadBytes: () => ws.bufferedAmount,
    hold(isHeld) {
      if (isHeld) ws.pause()
      else ws.resume()
    },
    checkAddress: () => checkAddress(budget),
    onAnswer({ status }) {
      if (status === 401) end(codes.unauthenticated)
    },
  })
  let heardAt = clock()
  let askedAt: number | undefined
  const heard = (): void => {
    heardAt = clock()
    askedAt = undefined
  }

  function end(code: number): void {
    connection.cancel()
    ws.close(code)
  }

  ws.on('message', (data: Buffer, isBinary) => {
    heard()
    // What comes after our good-bye is not listened to.
    if (ws.readyState !== ws.OPEN) return
    connection.receive(isBinary ? 'not text' : data)
    if (isBinary) ws.close(codes.unsupported)
  })
  ws.on('pong', heard)
  // The library says good-bye with the code that fits, and cuts. What did not come in is on record all the same.
  ws.on('error', ({ code }: NodeJS.ErrnoException) => {
    if (code?.startsWith('WS_ERR_')) connection.receive(code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH' ? 'too long' : 'not text')
  })
  ws.once('close', connection.cancel)

  return {
    whose,
    unreadBytes: () => ws.bufferedAmount,
    async recheck() {
      try {
        const denial = await recheck(upgrade)
        if (!denial || ws.readyState !== ws.OPEN) return
        pipeline.refuse(upgrade, denial)
        end(codes.unauthenticated)
      } catch {
        end(codes.broken)
      }
    },
    tick() {
      const now = clock()
      if (askedAt !== undefined) {
        // Never without having asked: a machine that was asleep has heard of nobody for hours.
        if (askedAt + QUIET_MS < now) ws.terminate()
      } else if (heardAt + QUIET_MS < now) {
        askedAt = now
        ws.ping()
      }
    },
    async close() {
      await connection.finish()
      if (ws.readyState === ws.CLOSED) return
      const timer = setTimeout(() => ws.terminate(), CLOSE_MS)
      await new Promise<void>((resolve) => {
        ws.once('close', () => resolve())
        ws.close(codes.goingAway)
      })
      clearTimeout(timer)
    },
  }
}
