/** A web site of clients, over real https on loopback, and a fetch for which its name leads there. */

import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createGuardedFetch, type GuardedFetch } from '../../src/net/index.ts'
import { createTestAuthority } from './certificates.ts'

export interface Answer {
  readonly status?: number
  readonly headers?: Record<string, string>
  /** An object is answered as JSON. */
  readonly body?: unknown
  /** Answers after so long. */
  readonly delayMs?: number
}

export interface ClientSite extends AsyncDisposable {
  readonly origin: string
  /** What is at each path; 404 where there is nothing, and a broken connection for undefined. */
  readonly answers: Map<string, Answer | undefined>
  /** The paths that were asked for, in order. */
  readonly asked: string[]
  /** How often anybody connected, asked or not. */
  readonly connections: () => number
  readonly fetch: GuardedFetch
  /** The document of a client at `path`, put there, and its id. */
  publish(path?: string, changes?: Record<string, unknown>, headers?: Record<string, string>): string
}

export async function startClientSite(): Promise<ClientSite> {
  const authority = await createTestAuthority()
  const answers = new Map<string, Answer | undefined>()
  const asked: string[] = []
  const server = createServer(await authority.issue(['client.example']), (request, response) => {
    const path = request.url ?? '/'
    asked.push(path)
    const answer = answers.has(path) ? answers.get(path) : { status: 404 }
    if (answer === undefined) return void request.socket.destroy()
    const { status = 200, headers = {}, body, delayMs = 0 } = answer
    const isText = typeof body === 'string'
    setTimeout(() => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers })
      response.end(isText ? body : JSON.stringify(body ?? {}))
    }, delayMs)
  })
  let connections = 0
  server.on('connection', () => connections++)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `https://client.example:${(server.address() as AddressInfo).port}`
  const fetch = createGuardedFetch({
    ca: [authority.cert],
    dangerouslyAllowPrivateHosts: ['client.example'],
    timeoutMs: 1000,
    // Nothing but the site is anywhere.
    lookup: (host, answer) =>
      host === 'client.example' ? answer(null, [{ address: '127.0.0.1', family: 4 }]) : answer(new Error('no such name'), []),
  })
  return {
    origin,
    answers,
    asked,
    connections: () => connections,
    fetch,
    publish(path = '/client.json', changes = {}, headers = {}) {
      const id = origin + path
      const body = {
        client_id: id,
        client_name: 'A described client',
        redirect_uris: ['http://127.0.0.1/callback', 'http://localhost/callback'],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        token_endpoint_auth_method: 'none',
        ...changes,
      }
      answers.set(path, { body, headers })
      return id
    },
    async [Symbol.asyncDispose]() {
      fetch.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
