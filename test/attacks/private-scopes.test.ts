/** A private entry does not exist for whom it is not meant, and neither does the scope that only it asks for. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type AuthorizationError, MCPClient } from '../../src/client/index.ts'
import { type MCPServerOptions, tool } from '../../src/server/index.ts'
import { verifies } from '../requirements.ts'
import { CALLBACK } from '../support/authorization.ts'
import { signIn } from '../support/browser.ts'
import { mcp } from '../support/mcp.ts'
import { startServer } from '../support/server.ts'

verifies('G7', 'T04')

const ANA = { name: 'ana', password: 'a quiet harbour at dawn' }

test('a scope of private entries is told to those who may see them, and granted to them', async () => {
  const merger = { access: 'private', users: ['ana'], requiredScopes: ['acquire:acme-corp'] }
  await using world = await startServer({
    tools: [
      tool({ name: 'look', permissions: { requiredScopes: ['notes:look'] }, execute: () => 'seen' }),
      { name: 'merger', permissions: merger, execute: () => 'signed' },
      // A standard scope tells nothing, whoever asks for it.
      { name: 'plan', permissions: { ...merger, requiredScopes: ['tools:execute'] }, execute: () => 'planned' },
    ],
  } as unknown as MCPServerOptions)
  await world.user(ANA.name, ANA.password)
  const shown = ['notes:look', 'tools:execute']
  const { origin } = new URL(world.url)
  const challenge = (await fetch(world.url, { method: 'POST' })).headers.get('www-authenticate') ?? ''
  assert.deepEqual(/scope="([^"]*)"/.exec(challenge)?.[1]?.split(' '), shown)
  for (const path of ['oauth-protected-resource/mcp', 'oauth-authorization-server']) {
    const { scopes_supported: supported } = (await (await fetch(`${origin}/.well-known/${path}`)).json()) as { scopes_supported: string[] }
    assert.deepEqual(
      supported.filter((scope) => scope !== 'offline_access'),
      shown,
    )
  }
  const stranger = mcp(world.url, { key: await world.key() })
  const told = [await stranger.list('tools'), (await stranger.call('merger')).body, (await stranger.call('merger')).headers]
  assert.doesNotMatch(JSON.stringify(told), /acme/)

  const client = new MCPClient({ serverUrl: world.url, auth: { type: 'oauth2' } })
  const grant = async (scopes?: readonly string[]): Promise<void> =>
    client.handleCallback(await signIn(await client.getAuthorizationUrl({ redirectUri: CALLBACK, ...(scopes && { scopes }) }), ANA))
  await grant()
  await assert.rejects(client.callTool('merger'), (error) => (error as AuthorizationError).scopes?.includes('acquire:acme-corp') === true)
  await grant([...shown, 'acquire:acme-corp'])
  assert.match(JSON.stringify((await client.callTool('merger')).content), /signed/)
  await client.close()
})
