// A client for each way in which the suite has its client sign in. What the suite tells of a registration is in its context.

import { MCPClient, type MCPClientOptions } from '../../../src/client/index.ts'
import type { Context } from './context.ts'
import { toDefaults } from './example.ts'
import { visit } from './visit.ts'

export interface Start {
  readonly serverUrl: string
  readonly scenario: string
  readonly context: Context
}

type Auth = NonNullable<MCPClientOptions['auth']>

export async function clientFor(start: Start): Promise<MCPClient> {
  const auth = await authFor(start)
  return new MCPClient({ ...common, serverUrl: start.serverUrl, ...(auth && { auth }) })
}

/** Whoever asks is answered: a server is told of what there is a function for. */
const common = {
  clientInfo: { name: 'sallyport-conformance', version: '1.0.0' },
  onInput: {
    elicitation: ({ requestedSchema }) => ({ action: 'accept', content: toDefaults(requestedSchema) as Record<string, string> }),
    sampling: () => ({ role: 'assistant', content: { type: 'text', text: 'An answer.' }, model: 'none' }),
    roots: () => [],
  },
} satisfies Partial<MCPClientOptions>

async function authFor({ serverUrl, scenario, context }: Start): Promise<Auth | undefined> {
  if (!scenario.startsWith('auth/')) return undefined
  const { client_id: clientId, client_secret: clientSecret, private_key_pem: clientKey, issuer } = context
  if (clientId === undefined || issuer !== undefined) return person(scenario, context)

  // Nobody told the suite's client who issued its registration. One of your own knows that and says it: who asks the server to whom its secret
  // may be shown trusts that server, the first time that it is seen.
  const found = await issuerOf(serverUrl)
  const { idp_client_id: idpClientId, idp_token_endpoint: tokenEndpoint, idp_id_token: idToken, valid_jwt: jwt } = context
  if (jwt !== undefined) return { type: 'workload', issuer: found, clientId, token: () => jwt }
  if (idpClientId !== undefined && idToken !== undefined) {
    const idp = { tokenEndpoint, clientId: idpClientId, subjectToken: () => idToken }
    return { type: 'enterprise', issuer: found, clientId, clientSecret, idp }
  }
  return { type: 'client_credentials', issuer: found, clientId, ...(clientKey === undefined ? { clientSecret } : { clientKey }) }
}

const person = (scenario: string, { client_id: clientId, client_secret: clientSecret, issuer }: Context): Auth => ({
  type: 'oauth2',
  clientId,
  clientSecret,
  issuer,
  // Where the suite has its client publish what it is. Nothing is there: elsewhere it looks at what the client registers.
  ...(scenario === 'auth/basic-cimd' && { clientMetadataUrl: 'https://conformance-test.local/client-metadata.json' }),
  redirectUri: 'http://127.0.0.1:33418/callback',
  signIn: visit,
  dangerouslyAllowMissingMetadata: scenario === 'auth/2025-03-26-oauth-endpoint-fallback',
})

async function issuerOf(serverUrl: string): Promise<string> {
  await using client = new MCPClient({ ...common, serverUrl })
  return await client.authorizationServer()
}
