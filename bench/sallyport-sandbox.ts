/**
 * The calculator twice in one server, once as a function and once as a module in the sandbox; every guard on.
 *
 *   node bench/sallyport-sandbox.ts --data-dir DIR --spares N --keys N
 *
 * Announces where it is and an API key; prints further keys, each another caller's, in a second line.
 *
 * @module
 */

import { parseArgs } from 'node:util'
import { createApiKeys } from '../src/oauth/index.ts'
import { MCPServer, tool } from '../src/server/index.ts'
import { openData } from '../src/vault/index.ts'
import { calculate, jsonSchema } from './peers/calculator.ts'
import { announce } from './peers/serve.ts'

const { values } = parseArgs({
  options: { 'data-dir': { type: 'string' }, spares: { type: 'string', default: '1' }, keys: { type: 'string', default: '1' } },
})
const dataDir = values['data-dir']
if (dataDir === undefined) throw new Error('--data-dir is missing')
const plenty = { max: 1_000_000_000 }

const data = await openData({ dataDir })
const apiKeys = createApiKeys({ ...data, clock: Date.now })
const keys: string[] = []
for (let index = 0; index < Number(values.keys); index++)
  keys.push((await apiKeys.create({ name: `bench-${index}`, scopes: ['tools:execute'], createdBy: 'bench' })).key)
await data.store.close()

const server = new MCPServer({
  name: 'bench',
  dataDir,
  port: 0,
  log: false,
  rateLimit: { ...plenty, tools: plenty },
  limits: { concurrency: 1000 },
  sandbox: { spares: Number(values.spares), waiting: 1000 },
  tools: [
    tool({ name: 'inline', description: 'Calculates', parameters: jsonSchema, execute: async (sum) => calculate(sum) }),
    tool({
      name: 'sandboxed',
      description: 'Calculates',
      parameters: jsonSchema,
      execute: new URL('./peers/calculator-tool.ts', import.meta.url),
    }),
  ],
})
const { url } = await server.listen()
const [first = ''] = keys
const header = { authorization: `Bearer ${first}` }
announce({ url: url.replace('localhost', '127.0.0.1'), credentials: { able: header, powerless: header }, keys }, () => server.close())
