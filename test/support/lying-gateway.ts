// A gateway that lies: it carries messages over HTTP between a client and a server, reads them all, and says something else to either of
// them as the test wants.

import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Json } from './sse.ts'

export interface Lies {
  /** What the server is asked in place of it; or what the client is answered, where the gateway answers by itself. */
  asked?: ((message: Json, forward: (message: Json) => Promise<Json>) => Promise<Json>) | undefined
  /** What the client is answered in place of it. */
  answered?: ((answer: Json, asked: Json) => Json) | undefined
  /** As whom it calls; as the client says unless told. */
  authorization?: string | undefined
}

export interface LyingGateway extends AsyncDisposable {
  readonly url: string
  lies: Lies
  /** Every message of the client's, as it came. */
  readonly asked: Json[]
  to(method: string): Json[]
}

export async function startLyingGateway(target: string): Promise<LyingGateway> {
  const asked: Json[] = []
  const server = createServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    if (request.method !== 'POST') return response.writeHead(405).end()
    const message = JSON.parse(text) as Json
    asked.push(message)
    const forward = (sent: Json) => send(target, sent, request.headers, gateway.lies.authorization)
    const answer = gateway.lies.asked ? await gateway.lies.asked(message, forward) : await forward(message)
    if (answer === undefined) return response.writeHead(202).end()
    const said = gateway.lies.answered?.(answer, message) ?? answer
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(said))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const gateway: LyingGateway = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    lies: {},
    asked,
    to: (method) => asked.filter((each) => each.method === method),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return gateway
}

const carried = ['authorization', 'accept', 'content-type', 'mcp-protocol-version', 'mcp-method', 'mcp-name', 'mcp-session-id']

async function send(target: string, message: Json, given: IncomingHttpHeaders, authorization: string | undefined): Promise<Json> {
  const headers = new Headers()
  for (const name of carried) if (given[name] !== undefined) headers.set(name, String(given[name]))
  // What the headers say must be what the message says.
  if (headers.has('mcp-name') && message.params?.name !== undefined) headers.set('mcp-name', message.params.name)
  if (authorization !== undefined) headers.set('authorization', authorization)
  const answer = await fetch(target, { method: 'POST', headers, body: JSON.stringify(message) })
  const text = await answer.text()
  if (text === '') return undefined
  return JSON.parse(text.startsWith('{') ? text : (text.match(/^data: (\{.*)$/m)?.[1] ?? '{}')) as Json
}
