// Our client against the sign-in fixture: from nothing to signed in, and what an error was.

import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { MCPClient, type MCPClientOptions } from '../../src/client/index.ts'
import { silentLog } from '../../src/core/index.ts'
import type { World } from '../fixtures/sign-in-world.ts'

export const REDIRECT_URI = 'http://127.0.0.1:53591/callback'

export const createClient = ({ serverUrl }: Pick<World, 'serverUrl'>, options: Partial<MCPClientOptions> = {}): MCPClient =>
  new MCPClient({ serverUrl, auth: { type: 'oauth2' }, log: silentLog, ...options })

export async function signInTo(world: World, client: MCPClient): Promise<void> {
  await client.handleCallback(await world.visit(await client.getAuthorizationUrl({ redirectUri: REDIRECT_URI })))
}

/** `Class code`, or what came instead of an error. */
export const problemOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    (value) => `no error: ${JSON.stringify(value)}`,
    (error: Error & { code?: string | number }) => `${error.name} ${error.code}`,
  )

/** Any server at all, on loopback. */
export async function startServer(handler: RequestListener): Promise<AsyncDisposable & { readonly serverUrl: string }> {
  const server = createServer(handler)
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  return {
    serverUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
}
