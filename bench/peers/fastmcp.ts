/** fastmcp, stateless with JSON answers. @module */

import { FastMCP } from 'fastmcp'
import { z } from 'zod'
import { compute } from './calculator.ts'
import { announce, givenPort } from './serve.ts'
import { zodShape } from './zod-shape.ts'

const port = givenPort()
const server = new FastMCP({ name: 'bench', version: '1.0.0' })
server.addTool({
  name: 'calculator',
  description: 'Calculates',
  parameters: z.strictObject(zodShape),
  execute: async (sum) => compute(sum),
})
await server.start({ transportType: 'httpStream', httpStream: { port, host: '127.0.0.1', stateless: true, enableJsonResponse: true } })
announce({ url: `http://127.0.0.1:${port}/mcp` })
