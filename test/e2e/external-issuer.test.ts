/** A client that knows nothing but the URL finds somebody else's authorization server, registers and signs in there, and calls a tool here. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MCPClient } from '../../src/client/index.ts'
import type { MCPServerOptions } from '../../src/server/index.ts'
import { verifies } from '../requirements.ts'
import { CALLBACK } from '../support/authorization.ts'
import { startRealIssuer } from '../support/external-issuer.ts'
import { signInAtIssuer } from '../support/sdk-server.ts'
import { startServer } from '../support/server.ts'

verifies('external-issuer')

test('MCPClient signs in at the issuer and calls a tool; the person is the issuer’s, and a further scope is asked for there', async () => {
  await using issuer = await startRealIssuer('jwt', ['tools:read', 'tools:execute'])
  const who = (_: unknown, { principal }: { principal: { issuer: string; subject: string } }): string =>
    `${principal.subject} of ${principal.issuer}`
  await using world = await startServer({
    auth: { issuer: issuer.issuer },
    tools: [
      { name: 'who', permissions: { requiredScopes: ['tools:read'] }, execute: who },
      { name: 'change', execute: who },
    ],
  } as unknown as MCPServerOptions)
  const client = new MCPClient({ serverUrl: world.url, auth: { type: 'oauth2' } })
  const signIn = async (scopes: readonly string[]): Promise<void> =>
    client.handleCallback(await signInAtIssuer(await client.getAuthorizationUrl({ redirectUri: CALLBACK, scopes }), 'ana'))
  await signIn(['tools:read'])
  const said = JSON.stringify((await client.callTool('who')).content)
  assert.ok(said.includes(`ana of ${issuer.issuer}`), said)
  await assert.rejects(client.callTool('change'), { code: 'insufficient_scope' })
  await signIn(['tools:read', 'tools:execute'])
  assert.match(JSON.stringify((await client.callTool('change')).content), /ana of/)
  await client.close()
})
