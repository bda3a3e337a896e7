// WebSocket and TLS: the same tools, the same guards, one connection that is kept open. `tls: 'local'` makes a certificate for this
// machine; elsewhere it is `tls: { cert: 'server.pem', key: 'server.key' }`, read again when the files change.

import { MCPServer, tool } from 'sallyport'

const countdown = tool({
  name: 'countdown',
  description: 'Counts down, telling how far it is',
  permissions: { requiredScopes: ['tools:read'] },
  parameters: { type: 'object', properties: { from: { type: 'integer', minimum: 1, maximum: 10 } }, required: ['from'] },
  async execute({ from }, { progress }) {
    for (let done = 1; done <= from; done++) progress(done, from)
    return 'Lift-off'
  },
})

export const server = new MCPServer({ name: 'countdown', port: Number(process.env['PORT'] ?? 7777), tls: 'local', tools: [countdown] })

if (import.meta.main) await server.listen()
