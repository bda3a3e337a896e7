/** SDK 1.32 on Express 5, stateless with JSON answers, as its documentation shows it. @module */

import { createServer } from 'node:http'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import express from 'express'
import { calculate } from './calculator.ts'
import { listen } from './serve.ts'
import { zodShape } from './zod-shape.ts'

const app = express()
app.use(express.json())
app.post('/mcp', async (request: { body: unknown }, response: { on(event: 'close', listener: () => void): void }) => {
  const server = new McpServer({ name: 'bench', version: '1.0.0' })
  server.registerTool('calculator', { description: 'Calculates', inputSchema: zodShape }, calculate)
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined, enableJsonResponse: true } as never)
  response.on('close', () => {
    void transport.close()
    void server.close()
  })
  await server.connect(transport as never)
  await transport.handleRequest(request as never, response as never, request.body)
})
listen(createServer(app as never))
