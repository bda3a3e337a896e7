/** SDK 2.4, the low-level `Server` with hand-written handlers: `node sdk2-server.ts TOOLS`. @module */

import { createServer, type RequestListener } from 'node:http'
import { toNodeHandler } from '@modelcontextprotocol/node'
import { createMcpHandler, fromJsonSchema, Server } from '@modelcontextprotocol/server'
import { calculate, jsonSchema, type Sum, toolNames } from './calculator.ts'
import { listen } from './serve.ts'

const sum = fromJsonSchema<Sum>(jsonSchema)
const tools = toolNames(Number(process.argv[2] ?? 1)).map((name) => ({ name, description: 'Calculates', inputSchema: jsonSchema }))
const known = new Set(tools.map(({ name }) => name))

const handler = createMcpHandler(() => {
  const server = new Server({ name: 'bench', version: '1.0.0' }, { capabilities: { tools: {} } })
  server.setRequestHandler('tools/list', async () => ({ tools: tools as never }))
  server.setRequestHandler('tools/call', async ({ params }) => {
    if (!known.has(params.name)) throw new Error('unknown tool')
    const checked = await sum['~standard'].validate(params.arguments)
    if (checked.issues) return { content: [{ type: 'text', text: 'invalid arguments' }], isError: true }
    return calculate(checked.value)
  })
  return server
})
listen(createServer(toNodeHandler(handler) as RequestListener))
