// A loopback proxy that adds a token to what passes through, so that a test suite that knows nothing of tokens can be run against
// a guarded endpoint. Everything else arrives as it was sent: duplicate headers, streams, hang-ups, and above all a false
// Host or Origin, which must stay false. Only the proxy's own authority, where the client rightly named it, becomes the target's.

import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface TokenProxy extends AsyncDisposable {
  /** The target's URL with this proxy's port. */
  readonly url: string
  close(): Promise<void>
}

const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'])

export async function createTokenProxy(options: { target: string; token: string }): Promise<TokenProxy> {
  const target = new URL(options.target)
  const server = createServer(forward)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const own = new Set([`localhost:${port}`, `127.0.0.1:${port}`])

  function forward(incoming: IncomingMessage, answer: ServerResponse): void {
    const headers = translate(incoming.rawHeaders)
    if (incoming.headers.authorization === undefined) headers.push('Authorization', `Bearer ${options.token}`)
    const outgoing = request({ host: '127.0.0.1', port: target.port, method: incoming.method, path: incoming.url, headers, setHost: false })
    outgoing.once('response', (response) => {
      answer.writeHead(response.statusCode ?? 502, withoutHopByHop(response.rawHeaders))
      answer.flushHeaders() // a stream may stay silent for long after its headers
      response.pipe(answer)
      response.once('error', () => answer.destroy())
    })
    outgoing.once('error', () => (answer.headersSent ? answer.destroy() : answer.writeHead(502).end()))
    answer.once('close', () => outgoing.destroy())
    incoming.pipe(outgoing)
  }

  function translate(raw: string[]): string[] {
    const headers = withoutHopByHop(raw)
    for (let at = 0; at < headers.length; at += 2) {
      const name = headers[at]?.toLowerCase()
      const value = headers[at + 1] ?? ''
      if (name === 'host' && own.has(value)) headers[at + 1] = target.host
      if (name === 'origin' && own.has(value.replace(/^http:\/\//, ''))) headers[at + 1] = target.origin
    }
    return headers
  }

  const close = async (): Promise<void> => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return { url: new URL(target.pathname, `http://localhost:${port}`).href, close, [Symbol.asyncDispose]: close }
}

function withoutHopByHop(raw: string[]): string[] {
  const kept: string[] = []
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] ?? ''
    if (!HOP_BY_HOP.has(name.toLowerCase())) kept.push(name, raw[at + 1] ?? '')
  }
  return kept
}
