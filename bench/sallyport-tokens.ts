/**
 * The authorization server of an `MCPServer`, for clients that act for themselves.
 *
 *   node bench/sallyport-tokens.ts --data-dir DIR
 *
 * Announces its token endpoint, and two clients: one for the scope that is asked for, and one for another.
 *
 * @module
 */

import { parseArgs } from 'node:util'
import { createClients } from '../src/oauth/index.ts'
import { MCPServer, tool } from '../src/server/index.ts'
import { openData } from '../src/vault/index.ts'
import { announce } from './peers/serve.ts'

const { values } = parseArgs({ options: { 'data-dir': { type: 'string' } } })
const dataDir = values['data-dir']
if (dataDir === undefined) throw new Error('--data-dir is missing')
const plenty = { max: 1_000_000_000 }

const data = await openData({ dataDir })
const clients = createClients({ store: data.store, vault: data.vault, clock: Date.now })
async function createClient(scope: string): Promise<{ readonly authorization: string }> {
  const common = { grantTypes: ['client_credentials'], authMethod: 'client_secret_basic', createdBy: 'bench' } as const
  const { id, secret } = await clients.create({ ...common, name: 'bench', scopes: [scope] })
  return { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` }
}
const credentials = { able: await createClient('tools:execute'), powerless: await createClient('tools:read') }
await data.store.close()

const peek = tool({ name: 'peek', permissions: { requiredScopes: ['tools:read'] }, execute: () => 'seen' })
const change = tool({ name: 'change', execute: () => 'changed' })
const server = new MCPServer({
  name: 'bench',
  dataDir,
  port: 0,
  log: false,
  rateLimit: { ...plenty, tools: plenty },
  tools: [peek, change],
})
const { issuer } = await server.listen()
announce({ url: `${issuer.replace('localhost', '127.0.0.1')}/token`, credentials }, () => server.close())
