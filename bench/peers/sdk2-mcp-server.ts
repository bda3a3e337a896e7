/** SDK 2.4, `McpServer` as its documentation shows it: `node sdk2-mcp-server.ts TOOLS`. @module */

import { createServer, type RequestListener } from 'node:http'
import { toNodeHandler } from '@modelcontextprotocol/node'
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { calculate, toolNames } from './calculator.ts'
import { listen } from './serve.ts'
import { zodShape } from './zod-shape.ts'

const names = toolNames(Number(process.argv[2] ?? 1))
const inputSchema = z.strictObject(zodShape)

const handler = createMcpHandler(() => {
  const server = new McpServer({ name: 'bench', version: '1.0.0' })
  for (const name of names) server.registerTool(name, { description: 'Calculates', inputSchema }, calculate)
  return server
})
listen(createServer(toNodeHandler(handler) as RequestListener))
