// Tools that can do what they were granted, and nothing else: each is a module in `tools/`, runs in a sandbox of its own, and says in its
// definition what it needs. What there is to be had is said here. None of it ever runs in this process. How, and what holds:
// docs/sandbox.md.

import { MCPServer, toolsFrom } from 'sallyport'

export const server = new MCPServer({
  name: 'money',
  port: Number(process.env['PORT'] ?? 7777),
  tools: await toolsFrom(new URL('./tools/', import.meta.url), { atMost: { read: ['../data'] } }),
})

if (import.meta.main) await server.listen()
