/**
 * WebSocket (RFC 6455): the same door as HTTP, the same credential on the request that asks for it, and then every message
 * through the same pipeline. How many sockets an address and a principal may have open is bounded.
 *
 * Fails closed: who is refused gets an HTTP answer and no socket.
 *
 * @module
 */

import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { WebSocketServer } from 'ws'
import { createTally, type Denial, principalKey, problemOf } from '../../core/index.ts'
import { addressGroup } from '../../net/index.ts'
import { certificateOf, credentialOf, type Door, pathOf } from '../http/index.ts'
import { type OpenSocket, openSocket, type SocketOptions } from './open-socket.ts'
import { refuse } from './refusal.ts'
import { SUBPROTOCOL, UpgradeExchange } from './upgrade-exchange.ts'

export interface WebSocketsOptions extends SocketOptions {
  readonly door: Door
}

export interface WebSockets {
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void
  /** Closes the sockets whose credential no longer holds: called when one has changed anywhere. */
  readonly recheck: () => void
  /** Looks after every socket; called every few seconds. */
  tick(): void
  /** Says good-bye to all. Resolves when the last has gone. */
  close(): Promise<void>
}

/** How many sockets may be open, or about to be. */
const MOST = { address: 1_024, principal: 64 }
/** How long the other side may take to answer our good-bye. */
const CLOSE_MS = 2_000

export function createWebSockets({ door, ...options }: WebSocketsOptions): WebSockets {
  const { pipeline, checkAddress, bodyBytes, clock, log } = options
  const sockets = new Set<OpenSocket>()
  const places = createTally()
  const running = new Set<Promise<void>>()
  let server: WebSocketServer | undefined
  let isClosing = false

  /** False where there are too many already; else counted until the socket closes. */
  function count(socket: Duplex, key: string, limit: number): boolean {
    const leave = places.take(key, limit)
    if (!leave) return false
    // It may have gone while it was looked at, and says so once.
    if (socket.closed) leave()
    else socket.once('close', leave)
    return true
  }
  const tooMany = (whose: string, limit: number): Denial => ({
    reason: 'overloaded',
    problem: `This ${whose} has ${limit} WebSockets open already: close one first.`,
  })

  async function problemAtDoor(request: IncomingMessage, socket: Duplex, exchange: UpgradeExchange): Promise<Denial | undefined> {
    const denial = door.check(request, false)
    if (denial) return denial
    if (!count(socket, `address ${addressGroup(exchange.address)}`, MOST.address)) return tooMany('address', MOST.address)
    const counted = await checkAddress(door.budgetOf(request))
    if (!counted.allowed) return counted.denial
    exchange.budget = counted.value
    return pathOf(request) === door.path ? undefined : { reason: 'not_found' }
  }

  async function accept(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const address = door.addressOf(request)
    const exchange = new UpgradeExchange(request, address, credentialOf(request), door.resourceOf(request.headers.host), clock())
    exchange.certificate = certificateOf(request, door.certificates)
    const denial = await problemAtDoor(request, socket, exchange)
    const answer = denial ? pipeline.refuse(exchange, denial) : await pipeline.handle(exchange)
    if (answer.status !== 202 || !exchange.principal) return refuse(socket, answer)
    const whose = principalKey(exchange.principal)
    if (!count(socket, `principal ${whose}`, MOST.principal))
      return refuse(socket, pipeline.refuse(exchange, tooMany('caller', MOST.principal)))
    server ??= await createServer(bodyBytes)
    // It may have gone while it was looked at.
    if (socket.destroyed || isClosing) return void socket.destroy()
    const budget = door.budgetOf(request)
    server.handleUpgrade(request, socket, head, (ws) => {
      const open = openSocket(ws, { upgrade: exchange, whose, budget, unreadInAll: () => unreadBy(whose) }, options)
      sockets.add(open)
      ws.once('close', () => sockets.delete(open))
    })
  }

  function unreadBy(whose: string): number {
    let bytes = 0
    for (const socket of sockets) if (socket.whose === whose) bytes += socket.unreadBytes()
    return bytes
  }
  const recheck = (): void => {
    for (const socket of sockets) void socket.recheck()
  }

  return {
    upgrade(request, socket, head) {
      // Until somebody listens, an error of the connection would be one of ours.
      socket.on('error', () => socket.destroy())
      const task: Promise<void> = accept(request, socket, head).catch((error: unknown) => {
        log('error', 'a WebSocket could not be opened', { problem: problemOf(error) })
        socket.destroy()
      })
      running.add(task)
      void task.finally(() => running.delete(task))
    },
    recheck,
    tick() {
      recheck()
      for (const socket of sockets) socket.tick()
    },
    async close() {
      isClosing = true
      await Promise.all(running)
      await Promise.all([...sockets].map((socket) => socket.close()))
    },
  }
}

/** Loaded with the first socket: many servers never have one. */
async function createServer(maxPayload: number): Promise<WebSocketServer> {
  const { WebSocketServer } = await import('ws')
  return new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload,
    // What compresses secrets beside what others choose tells their length; what decompresses may grow (CRIME, zip bombs).
    perMessageDeflate: false,
    handleProtocols: () => SUBPROTOCOL,
    closeTimeout: CLOSE_MS,
  } as ConstructorParameters<typeof WebSocketServer>[0])
}
