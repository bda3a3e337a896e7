/** Sockets of our own, with what keeps their TLS; why a port or a host cannot be used is told in words. @module */

import { join } from 'node:path'
import { ConfigError } from '../core/index.ts'
import { createTlsKeeper } from '../net/index.ts'
import { createListener, type Listener, type Router } from '../transports/index.ts'
import type { Listen } from './listen.ts'
import type { ServiceOptions } from './service.ts'

/** @throws {ConfigError} where they cannot be opened. */
export async function openSockets(listen: Listen, { data, log, clock = Date.now }: ServiceOptions, router: Router): Promise<Listener> {
  const { host = 'localhost', port } = listen
  const tls = listen.tls && (await createTlsKeeper({ tls: listen.tls, dir: join(data.dir, 'tls'), clock, log }))
  const listener = await createListener({ host: host.replace(/^\[|\]$/g, ''), port, tls, ...router }).catch(
    (error: NodeJS.ErrnoException) => {
      tls?.close()
      throw explained(error, listen)
    },
  )
  return {
    port: listener.port,
    async close() {
      tls?.close()
      await listener.close()
    },
  }
}

function explained(error: NodeJS.ErrnoException, { host, port }: Listen): Error {
  if (error.code === 'EADDRINUSE')
    return new ConfigError([
      `listen: port ${port} cannot be used (EADDRINUSE): end what has it, or set another port; 0 is any that is free`,
    ])
  if (error.code === 'EACCES') return new ConfigError([`listen: port ${port} cannot be used (EACCES): set one above 1023`])
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND')
    return new ConfigError([`host: ${host} is no address of this machine (${error.code})`])
  return error
}
