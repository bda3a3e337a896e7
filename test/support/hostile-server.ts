/**
 * A server of 2026-07-28 on loopback that answers as a test says, asks nobody who they are, and keeps every request.
 *
 * @module
 */

import type { IncomingHttpHeaders } from 'node:http'
import { startServer } from './client.ts'
import type { Json } from './sse.ts'

export interface Asked {
  readonly message: Json
  readonly headers: IncomingHttpHeaders
}

/** The result for a request; undefined: there is no such method. */
export type Answers = Readonly<Record<string, (asked: Asked) => object | undefined>>

export interface HostileServer extends AsyncDisposable {
  readonly serverUrl: string
  readonly asked: Asked[]
  /** Requests of one method. */
  to(method: string): Asked[]
}

export const complete = (value: object): object => ({ resultType: 'complete', ...value })
export const listOf = (tools: readonly unknown[], ttlMs = 0): object => complete({ tools, ttlMs, cacheScope: 'private' })
export const said = (text: string): object => complete({ content: [{ type: 'text', text }] })

const honest: Answers = {
  'server/discover': () =>
    complete({
      supportedVersions: ['2026-07-28'],
      capabilities: { tools: {}, resources: {}, prompts: {} },
      ttlMs: 0,
      cacheScope: 'private',
    }),
  'tools/list': () => listOf([{ name: 'echo', inputSchema: { type: 'object' } }]),
  'tools/call': () => said('hello'),
}

export async function startHostileServer(answers: Answers = {}): Promise<HostileServer> {
  const asked: Asked[] = []
  const server = await startServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    if (request.method !== 'POST') return void response.writeHead(405).end()
    const one: Asked = { message: JSON.parse(text) as Json, headers: request.headers }
    asked.push(one)
    const { id, method } = one.message
    if (id === undefined) return void response.writeHead(202).end()
    const result = (answers[method] ?? honest[method])?.(one)
    const error = { code: -32601, message: 'Method not found' }
    response.writeHead(result ? 200 : 404, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ jsonrpc: '2.0', id, ...(result ? { result } : { error }) }))
  })
  return {
    ...server,
    asked,
    to: (method) => asked.filter(({ message }) => message.method === method),
  }
}
