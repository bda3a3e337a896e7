// A conformant MCP server on the official SDK, to be tested by the official suite as it is and again behind Sallyport.
//
//   node test/conformance/server.ts [--port N]     Streamable HTTP on loopback, both revisions; prints {"url": …} when it listens
//   node test/conformance/server.ts --stdio        the same tools over stdin and stdout
//                                   --legacy       with either: 2025-11-25 alone, so that it asks its client by requests of its own
//
// It has no authentication: it binds to loopback and refuses a foreign Host or Origin, nothing more.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parseArgs } from 'node:util'
import { localhostHostValidation, localhostOriginValidation, type NodeIncomingMessageLike, toNodeHandler } from '@modelcontextprotocol/node'
import { createMcpHandler, isLegacyRequest } from '@modelcontextprotocol/server'
import { StdioServerTransport, serveStdio } from '@modelcontextprotocol/server/stdio'
import { createFixture } from './fixture/index.ts'
import { createSessions } from './fixture/sessions.ts'

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    stdio: { type: 'boolean', default: false },
    legacy: { type: 'boolean', default: false },
  },
})

if (values.stdio && values.legacy) await createFixture('legacy').connect(new StdioServerTransport())
else if (values.stdio) serveStdio(({ era }) => createFixture(era))
else serveHttp(Number(values.port))

function serveHttp(port: number): void {
  const modern = createMcpHandler(() => createFixture('modern', modern.notify), { legacy: 'reject' })
  const legacy = createSessions(() => createFixture('legacy'))
  const handle = toNodeHandler({
    fetch: async (request) => (values.legacy || (await isLegacyRequest(request)) ? legacy(request) : modern.fetch(request)),
  })
  const hasLocalHost = localhostHostValidation()
  const hasLocalOrigin = localhostOriginValidation()

  const server = createServer((req, res) => {
    if (!hasLocalHost(req, res) || !hasLocalOrigin(req, res)) return
    if (new URL(req.url ?? '/', 'http://localhost').pathname !== '/mcp') {
      res.writeHead(404).end()
      return
    }
    void handle(req as NodeIncomingMessageLike, res)
  })
  server.listen(port, '127.0.0.1', () => {
    const { port: bound } = server.address() as AddressInfo
    console.log(JSON.stringify({ url: `http://localhost:${bound}/mcp` }))
  })
  const stop = (): void => {
    void modern.close()
    server.closeAllConnections()
    server.close()
  }
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
}
