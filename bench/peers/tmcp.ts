/** tmcp with its own HTTP transport on Hono's Node server. @module */

import { serve } from '@hono/node-server'
import { ZodJsonSchemaAdapter } from '@tmcp/adapter-zod'
import { HttpTransport } from '@tmcp/transport-http'
import { McpServer } from 'tmcp'
import { z } from 'zod'
import { calculate } from './calculator.ts'
import { announce } from './serve.ts'
import { zodShape } from './zod-shape.ts'

const server = new McpServer(
  { name: 'bench', version: '1.0.0', description: 'The benchmark’s calculator' },
  { adapter: new ZodJsonSchemaAdapter(), capabilities: { tools: {} } },
)
server.tool({ name: 'calculator', description: 'Calculates', schema: z.strictObject(zodShape) as never }, (async (sum: never) =>
  calculate(sum)) as never)
const transport = new HttpTransport(server, { path: '/mcp' })
serve(
  {
    fetch: async (request: Request) => (await transport.respond(request)) ?? new Response('not found', { status: 404 }),
    port: 0,
    hostname: '127.0.0.1',
  },
  ({ port }) => announce({ url: `http://127.0.0.1:${port}/mcp` }),
)
