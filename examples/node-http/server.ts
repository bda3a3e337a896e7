// Inside a server of your own on node:http.

import { createServer, type Server } from 'node:http'
import { MCPServer, tool } from 'sallyport'

export const server = new MCPServer({
  name: 'shop',
  tools: [tool({ name: 'opening_hours', permissions: { requiredScopes: ['tools:read'] }, execute: () => 'Nine to five' })],
  ...(process.env['PUBLIC_URL'] === undefined ? {} : { publicUrl: process.env['PUBLIC_URL'] }),
})

export const app: Server = createServer((request, response) => {
  if (request.url === '/') response.end('The shop')
  else void server.node(request, response)
})
// WebSocket, if you want it.
app.on('upgrade', (request, socket, head) => void server.upgrade(request, socket, head))

if (import.meta.main) app.listen(Number(process.env['PORT'] ?? 7777), 'localhost')
