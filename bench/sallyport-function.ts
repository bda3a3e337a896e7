/**
 * A server made with `MCPServer`, with every guard on: what somebody gets who writes one.
 *
 *   node bench/sallyport-function.ts --data-dir DIR --tools N [--password SECRET] [--sealed]
 *
 * Announces where it is, and two API keys; with a password, an account to sign in with instead. `--sealed`: with a tool whose argument and
 * result are encrypted.
 *
 * @module
 */

import { parseArgs } from 'node:util'
import { createApiKeys } from '../src/oauth/index.ts'
import { createAccounts } from '../src/people/index.ts'
import { MCPServer, tool } from '../src/server/index.ts'
import { openData } from '../src/vault/index.ts'
import { calculate, jsonSchema, toolNames } from './peers/calculator.ts'
import { announce, type Credentials } from './peers/serve.ts'

const { values } = parseArgs({
  options: {
    'data-dir': { type: 'string' },
    tools: { type: 'string', default: '1' },
    password: { type: 'string' },
    sealed: { type: 'boolean', default: false },
  },
})
const dataDir = values['data-dir']
if (dataDir === undefined) throw new Error('--data-dir is missing')
// More than the load can spend: what is measured is counting, not being refused.
const plenty = { max: 1_000_000_000 }

const credentials = values.password === undefined ? await createKeys() : await createAccount(values.password)
const calculators = toolNames(Number(values.tools)).map((name) =>
  tool({ name, description: 'Calculates', parameters: jsonSchema, execute: async (sum) => calculate(sum) }),
)
// A token can only be had for a scope that something asks for: this one does not open the calculator.
const peek = tool({ name: 'peek', permissions: { requiredScopes: ['tools:read'] }, execute: () => 'seen' })
const text = { type: 'object', properties: { text: { type: 'string', maxLength: 1000, encrypted: true } }, required: ['text'] } as const
const sealed = tool({ name: 'sealed', parameters: text, outputSchema: text, execute: async ({ text: given }) => ({ text: given }) })
const tools = [...calculators, ...(values.password === undefined ? [] : [peek]), ...(values.sealed ? [sealed] : [])]
const server = new MCPServer({
  name: 'bench',
  dataDir,
  port: 0,
  log: false,
  rateLimit: { ...plenty, tools: plenty },
  tools,
})
const { url } = await server.listen()
announce({ url: url.replace('localhost', '127.0.0.1'), ...(credentials ? { credentials } : {}) }, () => server.close())

async function createKeys(): Promise<Credentials> {
  const data = await openData({ dataDir })
  const apiKeys = createApiKeys({ ...data, clock: Date.now })
  const create = (scope: string) => apiKeys.create({ name: 'bench', scopes: [scope], createdBy: 'bench' })
  const [able, powerless] = [await create('tools:execute'), await create('tools:read')]
  await data.store.close()
  return { able: { authorization: `Bearer ${able.key}` }, powerless: { authorization: `Bearer ${powerless.key}` } }
}

async function createAccount(password: string): Promise<undefined> {
  const data = await openData({ dataDir })
  const made = await createAccounts({ store: data.store, clock: Date.now }).create({ name: 'bench', password })
  await data.store.close()
  if ('problem' in made) throw new Error(made.problem)
}
