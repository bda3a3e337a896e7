// The check of every example that lives inside an app: its own page answers, the server's does too, and only to those who may.

import assert from 'node:assert/strict'
import { MCPClient } from 'sallyport'
import { createKey } from './support.ts'

export async function checkMounted(origin: string): Promise<void> {
  const page = await fetch(`${origin}/`)
  assert.equal(await page.text(), 'The shop')

  const refused = await fetch(`${origin}/mcp`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' })
  assert.equal(refused.status, 401)
  const where = /resource_metadata="([^"]+)"/.exec(refused.headers.get('www-authenticate') ?? '')?.[1]
  assert.equal(where, `${origin}/.well-known/oauth-protected-resource/mcp`)
  const metadata = (await (await fetch(where)).json()) as { resource: string; authorization_servers: string[] }
  assert.equal(metadata.resource, `${origin}/mcp`)
  const signIn = (await (await fetch(`${metadata.authorization_servers[0]}/.well-known/oauth-authorization-server`)).json()) as {
    issuer: string
  }
  assert.equal(signIn.issuer, metadata.authorization_servers[0])

  const client = new MCPClient({ serverUrl: `${origin}/mcp`, auth: { type: 'api_key', apiKey: createKey('tools:read') } })
  const { content } = await client.callTool('opening_hours', {})
  assert.match(JSON.stringify(content), /Nine to five/)
  await client.close()
}
