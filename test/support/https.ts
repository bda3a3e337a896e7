/** An https server of a test, with any certificate that it wants to show, which counts what it heard. */

import { createServer, type ServerOptions } from 'node:https'
import type { AddressInfo } from 'node:net'

export interface HttpsServer extends AsyncDisposable {
  /** `https://localhost:PORT` */
  readonly origin: string
  readonly port: number
  /** Requests and upgrades that came through. */
  heard(): number
}

export async function startHttps(options: ServerOptions): Promise<HttpsServer> {
  let heard = 0
  const server = createServer(options, (request, response) => {
    heard++
    request.resume()
    response.writeHead(404, { 'content-type': 'application/json' }).end('{}')
  })
  server.on('upgrade', (_, socket) => {
    heard++
    socket.destroy()
  })
  // Who goes away in the middle of a handshake is what is tested.
  server.on('tlsClientError', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    origin: `https://localhost:${port}`,
    port,
    heard: () => heard,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
