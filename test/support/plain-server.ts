// A server over HTTP that answers as a test says, in either revision, and remembers what it was asked: JSON in, JSON out.

import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import { startServer } from './client.ts'
import type { Json } from './sse.ts'

export interface Asked {
  readonly method: string
  readonly params: Json
  readonly headers: IncomingHttpHeaders
}

export interface PlainServer extends AsyncDisposable {
  readonly serverUrl: string
  readonly asked: Asked[]
  /** Parameters of every request of one method. */
  to(method: string): Json[]
}

export interface PlainServerOptions {
  readonly era?: 'modern' | 'legacy'
  readonly capabilities?: object
  /** The result of a request; `{ error }` for a JSON-RPC error; undefined where it writes to `response` itself. */
  /** What the client answers to a request of the server's own. */
  readonly heard?: (answer: Json) => void
  /** A GET: 405 unless told. */
  readonly listening?: (response: ServerResponse) => void
  readonly answer: (request: Asked, response: ServerResponse, id: unknown) => object | undefined | Promise<object | undefined>
}

export async function startPlainServer({
  era = 'modern',
  capabilities,
  answer,
  heard,
  listening,
}: PlainServerOptions): Promise<PlainServer> {
  const asked: Asked[] = []
  const offered = capabilities ?? { tools: {}, prompts: {}, resources: {}, completions: {}, logging: {} }
  const server = await startServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    if (request.method === 'GET' && listening) return listening(response)
    if (request.method !== 'POST') return response.writeHead(405).end()
    const { id, method, params = {}, result } = JSON.parse(text) as Json
    if (method === undefined) {
      response.writeHead(202).end()
      return heard?.(result)
    }
    if (id === undefined) {
      asked.push({ method, params, headers: request.headers })
      return response.writeHead(202).end()
    }
    const opening = openingOf(era, method, params, offered)
    const ask: Asked = { method, params, headers: request.headers }
    if (!opening) asked.push(ask)
    const given = opening ?? (await answer(ask, response, id))
    if (given === undefined) return
    const complete = era === 'modern' ? { resultType: 'complete', ...given } : given
    const body = 'error' in given ? given : { result: complete }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ jsonrpc: '2.0', id, ...body }))
  })
  return {
    serverUrl: server.serverUrl,
    asked,
    to: (method) => asked.filter((each) => each.method === method).map(({ params }) => params),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

function openingOf(era: 'modern' | 'legacy', method: string, params: Json, capabilities: object): object | undefined {
  if (method === 'server/discover')
    return era === 'modern'
      ? { supportedVersions: ['2026-07-28'], capabilities, instructions: 'Be kind.', ttlMs: 0, cacheScope: 'private', _meta: NAMED }
      : { error: { code: -32601, message: 'Method not found' } }
  if (method === 'initialize' && era === 'legacy')
    return { protocolVersion: params.protocolVersion, capabilities, serverInfo: { name: 'plain', version: '1' }, instructions: 'Be kind.' }
  return undefined
}
const NAMED = { 'io.modelcontextprotocol/serverInfo': { name: 'plain', version: '1' } }
