/**
 * The sockets that HTTP comes in on: bound, bounded, and with TLS where that is given. What is asked is somebody else's to
 * answer.
 *
 * @module
 */

import type { IncomingMessage, Server, ServerOptions } from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { http, type TlsKeeper } from '../../net/index.ts'
import type { Router } from './router.ts'

export type Incoming = Pick<Router, 'handle' | 'upgrade'>

export interface Listener {
  readonly port: number
  /** Takes no more connections, and resolves when the last has gone; what does not go by itself is cut after two seconds. */
  close(): Promise<void>
}

export interface ListenerOptions extends Incoming {
  /** `localhost` is 127.0.0.1 and, where the machine has it, ::1, on one port. */
  readonly host: string
  readonly port: number
  readonly tls?: TlsKeeper | undefined
}

/** A caller that is slow to say what it wants holds a connection for no longer than this. */
const BOUNDS: ServerOptions = { headersTimeout: 10_000, requestTimeout: 60_000, keepAliveTimeout: 65_000, maxHeaderSize: 32_768 }
const HANDSHAKE_MS = 10_000
/** Some clients offer HTTP/2 with every request: that is declined by answering as ever (RFC 9110 §7.8). */
const UPGRADES = { shouldUpgradeCallback: ({ headers }: IncomingMessage): boolean => headers.upgrade?.toLowerCase() === 'websocket' }

/** @throws {Error} with `code: 'EADDRINUSE'` where the port is taken. */
export async function createListener({ host, port, tls, handle, upgrade }: ListenerOptions): Promise<Listener> {
  const [first, second] = host === 'localhost' ? ['127.0.0.1', '::1'] : [host, undefined]
  const servers = [await listen(createHttpServer({ handle, upgrade }, tls), first as string, port)]
  const bound = ((servers[0] as Server).address() as AddressInfo).port
  if (second !== undefined)
    try {
      servers.push(await listen(createHttpServer({ handle, upgrade }, tls), second, bound))
    } catch (error) {
      // A machine without IPv6 is served on IPv4 alone; a taken port is not ours to share.
      if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') {
        servers[0]?.close()
        throw error
      }
    }
  return {
    port: bound,
    async close() {
      await Promise.all(servers.map(closeServer))
    },
  }
}

/** Not bound yet: also for connections that are given to it by hand. */
export function createHttpServer({ handle, upgrade }: Incoming, tls?: TlsKeeper): Server | TlsServer {
  const server = tls
    ? createTlsServer({ ...BOUNDS, ...UPGRADES, ...tls.serverOptions, handshakeTimeout: HANDSHAKE_MS }, handle)
    : http.createServer({ ...BOUNDS, ...UPGRADES }, handle)
  server.on('upgrade', upgrade)
  server.maxHeadersCount = 128
  server.maxConnections = 4_096
  if (tls) tls.keep(server as TlsServer)
  return server
}

function listen(server: Server | TlsServer, host: string, port: number): Promise<Server | TlsServer> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port, ipv6Only: host === '::1' }, () => {
      server.off('error', reject)
      resolve(server)
    })
  })
}

function closeServer(server: Server | TlsServer): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeIdleConnections()
    // Streams that were told to end get a moment; what is left then is cut.
    setTimeout(() => server.closeAllConnections(), 2_000).unref()
  })
}
