// Inside a Fastify app: what no route of the app answers is the server's.

import fastify, { type FastifyInstance } from 'fastify'
import { MCPServer, tool } from 'sallyport'

export const server = new MCPServer({
  name: 'shop',
  tools: [tool({ name: 'opening_hours', permissions: { requiredScopes: ['tools:read'] }, execute: () => 'Nine to five' })],
  ...(process.env['PUBLIC_URL'] === undefined ? {} : { publicUrl: process.env['PUBLIC_URL'] }),
})

export const app: FastifyInstance = fastify()
app.get('/', () => 'The shop')
// The server reads bodies itself, within bounds: Fastify must leave them alone here.
app.register(async (own) => {
  own.removeAllContentTypeParsers()
  own.addContentTypeParser('*', (_, __, done) => done(null))
  own.all('/*', async (request, reply) => {
    reply.hijack()
    await server.node(request.raw, reply.raw)
  })
})

if (import.meta.main) await app.listen({ port: Number(process.env['PORT'] ?? 7777), host: 'localhost' })
