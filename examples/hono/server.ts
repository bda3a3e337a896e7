// Inside a Hono app, by web standards: a Request in, a Response out.

import { type HttpBindings, serve } from '@hono/node-server'
import { Hono } from 'hono'
import { MCPServer, tool } from 'sallyport'

export const server = new MCPServer({
  name: 'shop',
  // A Request does not say on which port it came, either: at localhost it is part of the address that tokens are for.
  port: Number(process.env['PORT'] ?? 7777),
  tools: [tool({ name: 'opening_hours', permissions: { requiredScopes: ['tools:read'] }, execute: () => 'Nine to five' })],
  ...(process.env['PUBLIC_URL'] === undefined ? {} : { publicUrl: process.env['PUBLIC_URL'] }),
})

export const app: Hono<{ Bindings: HttpBindings }> = new Hono<{ Bindings: HttpBindings }>()
app.get('/', (context) => context.text('The shop'))
// A Request does not say who sent it; limits for each address want to know.
app.all('*', ({ req, env }) => server.fetch(req.raw, { address: env.incoming.socket.remoteAddress ?? 'unknown' }))

if (import.meta.main) serve({ fetch: app.fetch, port: Number(process.env['PORT'] ?? 7777), hostname: 'localhost' })
