/**
 * The way out of one sandbox: a proxy of HTTP, to the hosts and ports that were granted and to nothing else. It resolves names itself, and
 * connects to addresses that it has checked. It listens on a socket of the file system, since a sandbox has no network to find it in.
 *
 *   socket → its key → CONNECT (`tunnel.ts`) or a request (`forward.ts`) → granted? → resolved, checked, dialled → noted
 *
 * Fails closed. Everything is bounded: fields, connections at once, and how long somebody may say nothing.
 *
 * @module
 */

import { timingSafeEqual } from 'node:crypto'
import type { Socket } from 'node:net'
import { type Clock, type Log, problemOf } from '../../core/index.ts'
import { http, type Lookup } from '../../net/index.ts'
import type { Destination } from '../grants/destination.ts'
import { findAllowance } from './allowance.ts'
import { createAttempts } from './attempts.ts'
import type { Connection } from './connection.ts'
import { createForward, isWebSocket } from './forward.ts'
import { createTunnels, type Within } from './tunnel.ts'

export interface EgressOptions {
  /** What it is called in what a refused program reads. */
  readonly name: string
  readonly allowed: readonly Destination[]
  /** What each connection begins with, in a line of its own: the socket is of no use to another sandbox that can see it. */
  readonly key: string
  readonly note: (connection: Connection) => void
  readonly log: Log
  readonly clock: Clock
  readonly lookup?: Lookup | undefined
  /** Names that may have addresses of this machine or of a private network. Link-local and metadata addresses are never reached. */
  readonly dangerouslyAllowPrivateHosts?: readonly string[] | undefined
  readonly limits?: Partial<EgressLimits> | undefined
}

export interface EgressLimits {
  /** At once, in and out each. */
  readonly connections: number
  readonly headerBytes: number
  /** Until the key and the fields of a request are there, and the first words in a connection. */
  readonly headersTimeoutMs: number
  readonly connectTimeoutMs: number
  /** How long neither side of a connection may say anything. */
  readonly idleMs: number
}

export interface Egress {
  /** @throws {Error} with the `code` of the system. */
  listen(path: string): Promise<void>
  /** Ends every connection. The socket's file goes with it. */
  close(): Promise<void>
}

const egressLimits: EgressLimits = {
  connections: 128,
  headerBytes: 16_384,
  headersTimeoutMs: 10_000,
  connectTimeoutMs: 10_000,
  idleMs: 15 * 60_000,
}

export function createEgress(options: EgressOptions): Egress {
  const { name, allowed, key, note, log, clock, lookup, dangerouslyAllowPrivateHosts } = options
  const limits: EgressLimits = { ...egressLimits, ...options.limits }
  const { idleMs, headersTimeoutMs } = limits
  const attempts = createAttempts({ note, clock, lookup, connectTimeoutMs: limits.connectTimeoutMs, most: limits.connections })
  const find = (wanted: Destination) => findAllowance(allowed, wanted, dangerouslyAllowPrivateHosts)
  /** Connections that are to one host. */
  const hosts = new WeakMap<Socket, Within>()
  const sockets = new Set<Socket>()
  const server = http.createServer({
    maxHeaderSize: limits.headerBytes,
    headersTimeout: headersTimeoutMs,
    // A body may take as long as it comes.
    requestTimeout: 0,
    keepAliveTimeout: 30_000,
    connectionsCheckingInterval: Math.min(headersTimeoutMs, 2_000),
    insecureHTTPParser: false,
    noDelay: true,
    shouldUpgradeCallback: ({ headers }) => isWebSocket(headers.upgrade),
  })
  server.maxConnections = limits.connections
  // HTTP begins when the key has been shown.
  const [speak] = server.listeners('connection') as [(socket: Socket) => void]
  server.off('connection', speak)

  const forward = createForward({ name, attempts, find, idleMs, maxHeaderBytes: limits.headerBytes, within: (inner) => hosts.get(inner) })
  const open = createTunnels({
    name,
    attempts,
    find,
    idleMs,
    wordsTimeoutMs: headersTimeoutMs,
    isWithin: (inner) => hosts.has(inner),
    readOn(inner, within) {
      hosts.set(inner, within)
      speak.call(server, inner)
      inner.resume()
    },
  })
  const refuse = (reason: Connection['reason']): void => attempts.begin(undefined).end(reason)

  /** What is thrown here is a bug of ours: it ends one connection. */
  function guarded(work: Promise<void>, inner: Socket): void {
    work.catch((error: unknown) => {
      log('error', 'a connection of a sandbox broke', { sandbox: name, problem: problemOf(error) })
      inner.destroy()
    })
  }
  server.on('connection', (inner: Socket) => {
    sockets.add(inner)
    inner.once('close', () => sockets.delete(inner))
    inner.on('error', () => {})
    readKey(inner, key, headersTimeoutMs, () => {
      inner.setTimeout(idleMs)
      speak.call(server, inner)
    })
  })
  server.on('request', (request, response) => guarded(forward.request(request, response), request.socket))
  server.on('upgrade', (request, inner, head) => guarded(forward.upgrade(request, inner as Socket, head), inner as Socket))
  server.on('connect', (request, inner, head) => guarded(open(request, inner as Socket, head), inner as Socket))
  server.on('drop', () => refuse('too_many_connections'))
  server.on('clientError', (error: NodeJS.ErrnoException, inner) => {
    // Who has gone has asked for nothing.
    if (error.code === 'ECONNRESET' || !inner.writable) return void inner.destroy()
    refuse('malformed_request')
    inner.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
  })

  return {
    listen: (path) =>
      new Promise((resolve, reject) => {
        server.once('error', reject)
        // Whoever gets to its folder may connect: inside, that is a user of its own.
        server.listen({ path, readableAll: true, writableAll: true }, () => {
          server.off('error', reject)
          server.on('error', (error) => log('error', 'the proxy of a sandbox broke', { sandbox: name, problem: problemOf(error) }))
          resolve()
        })
      }),
    close: () =>
      new Promise((resolve) => {
        attempts.close()
        for (const socket of sockets) socket.destroy()
        server.close(() => resolve())
      }),
  }
}

/** The first line. Whoever has another is not answered. */
function readKey(inner: Socket, key: string, timeoutMs: number, then: () => void): void {
  const wanted = Buffer.from(`${key}\n`)
  const timer = setTimeout(() => inner.destroy(), timeoutMs)
  function look(): void {
    const line = inner.read(wanted.length) as Buffer | null
    if (line === null) return
    clearTimeout(timer)
    inner.off('readable', look)
    if (line.length === wanted.length && timingSafeEqual(line, wanted)) then()
    else inner.destroy()
  }
  inner.on('readable', look)
  inner.once('close', () => clearTimeout(timer))
}
