// Inside an Express app, beside routes of its own. The server brings its own paths: /mcp, /.well-known/… and those of the sign-in.

import express, { type Express } from 'express'
import { MCPServer, tool } from 'sallyport'

export const server = new MCPServer({
  name: 'shop',
  tools: [tool({ name: 'opening_hours', permissions: { requiredScopes: ['tools:read'] }, execute: () => 'Nine to five' })],
  // Where people reach the app. At localhost it may be left out.
  ...(process.env['PUBLIC_URL'] === undefined ? {} : { publicUrl: process.env['PUBLIC_URL'] }),
})

export const app: Express = express()
app.get('/', (_, response) => void response.send('The shop'))
// Last, so that the app's own routes come first. Before any body parser: the server reads bodies itself, within bounds.
app.use((request, response) => void server.node(request, response))

if (import.meta.main) {
  app.listen(Number(process.env['PORT'] ?? 7777), 'localhost')
  // While nobody has an account: the owner's is made by this link. Without a public URL it is known once somebody has called.
  const link = await server.setupLink()
  if (link !== undefined) console.error(`make the owner's account: ${link}`)
}
