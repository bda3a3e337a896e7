/**
 * The SDK's own providers against a real server with a real issuer beside: cross-app access from the ID token to a tool call, and a
 * workload that shows its platform's token. Nobody opens a browser.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  Client,
  CrossAppAccessProvider,
  discoverAndRequestJwtAuthGrant,
  type OAuthClientProvider,
  type OAuthTokens,
  StreamableHTTPClientTransport,
} from '@modelcontextprotocol/client'
import { ConfigError } from '../../src/core/index.ts'
import { createClients } from '../../src/oauth/index.ts'
import { openData } from '../../src/vault/index.ts'
import { startGateway } from '../support/gateway.ts'
import { ID_JAG, type Issuer, JWT_BEARER, startIssuer, TOKEN_EXCHANGE } from '../support/issuer.ts'
import { startServer } from '../support/server.ts'
import { startService } from '../support/service.ts'

/** What an enterprise's identity provider does with RFC 8693: it knows the client under another id, and vouches for its person. */
function vouchesFor(idp: Issuer, clientIds: Record<string, string>): void {
  idp.onToken(async (form) => {
    assert.equal(form.get('grant_type'), TOKEN_EXCHANGE)
    const claims = {
      aud: form.get('audience'),
      resource: form.get('resource'),
      client_id: clientIds[form.get('client_id') ?? ''],
      scope: form.get('scope') ?? undefined,
    }
    const access_token = await idp.sign({ ...claims, sub: 'U019488227' }, { typ: ID_JAG })
    return { issued_token_type: 'urn:ietf:params:oauth:token-type:id-jag', access_token, token_type: 'N_A', expires_in: 300 }
  })
}

async function callEcho(url: string, authProvider: OAuthClientProvider): Promise<string> {
  const client = new Client({ name: 'agent', version: '1' })
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { authProvider }))
  try {
    const { content } = await client.callTool({ name: 'echo', arguments: { text: 'hello' } })
    return JSON.stringify(content)
  } finally {
    await client.close()
  }
}

test('cross-app access of the SDK: an ID token becomes an ID-JAG, an access token and a tool call', async () => {
  await using idp = await startIssuer()
  await using served = await startService({ port: 0 }, { auth: { trustedIssuers: [{ issuer: idp.issuer, use: ['id-jag'] }] } })
  const data = await openData({ dataDir: served.dataDir })
  const agent = await createClients({ ...data, clock: Date.now }).create({
    name: 'Agent',
    grantTypes: [JWT_BEARER],
    authMethod: 'client_secret_basic',
    createdBy: 'test',
  })
  await data.store.close()
  vouchesFor(idp, { 'agent-at-the-idp': agent.id })
  const provider = new CrossAppAccessProvider({
    clientId: agent.id,
    clientSecret: agent.secret ?? '',
    expectedIssuer: served.service.issuer,
    async assertion({ authorizationServerUrl, resourceUrl, scope, fetchFn }) {
      const { jwtAuthGrant } = await discoverAndRequestJwtAuthGrant({
        idpUrl: idp.issuer,
        audience: authorizationServerUrl,
        resource: resourceUrl,
        idToken: await idp.sign({ sub: 'U019488227', aud: 'agent-at-the-idp' }),
        clientId: 'agent-at-the-idp',
        ...(scope === undefined ? {} : { scope }),
        fetchFn,
      })
      return jwtAuthGrant
    },
  })
  assert.match(await callEcho(served.service.url, provider), /hello/)
  const call = (await served.records()).find(({ action }) => action === 'tools/call')
  assert.deepEqual([call?.decision, call?.issuer, call?.subject, call?.clientId], ['allow', idp.issuer, 'U019488227', agent.id])
})

test('a workload without a client of its own: its platform’s token becomes an access token and a tool call', async () => {
  await using platform = await startIssuer({ rsa: true })
  const subject = 'system:serviceaccount:prod:reports'
  const subjects = { 'system:serviceaccount:prod:*': { scopes: ['tools:read', 'tools:execute'] } }
  await using served = await startService(
    { port: 0 },
    { auth: { trustedIssuers: [{ issuer: platform.issuer, use: ['workload'], subjects }] } },
  )
  const provider = workloadProvider(() => platform.sign({ aud: [served.service.issuer], sub: subject }))
  assert.match(await callEcho(served.service.url, provider), /hello/)
  const call = (await served.records()).find(({ action }) => action === 'tools/call')
  assert.deepEqual([call?.decision, call?.issuer, call?.subject], ['allow', platform.issuer, subject])
})

test('the option is reached from a server in code and from sallyport.yaml, and a wrong one does not start', async () => {
  await using platform = await startIssuer()
  const trustedIssuers = [{ issuer: platform.issuer, use: ['workload' as const], subjects: { 'job:*': { scopes: ['tools:read'] } } }]
  const auth = { cimd: 'off' as const, trustedIssuers }
  const ask = async (issuer: string): Promise<number> => {
    const assertion = await platform.sign({ aud: issuer, sub: 'job:1' })
    return (await fetch(`${issuer}/token`, { method: 'POST', body: new URLSearchParams({ grant_type: JWT_BEARER, assertion }) })).status
  }
  await using server = await startServer({ auth })
  assert.equal(await ask(server.issuer), 200)
  await using gateway = await startGateway({ servers: {}, config: { auth } })
  assert.equal(await ask(gateway.issuer), 200)

  const wrong = { cimd: 'off' as const, trustedIssuers: [{ ...trustedIssuers[0], subjects: undefined }] }
  const saysWhat = (error: unknown): boolean =>
    error instanceof ConfigError && /trustedIssuers\.0\.subjects: must say which/.test(error.message)
  await assert.rejects(startServer({ auth: wrong as never }), saysWhat)
  await assert.rejects(startGateway({ servers: {}, config: { auth: wrong } }), saysWhat)
  const besides = { issuer: platform.issuer, trustedIssuers }
  await assert.rejects(startServer({ auth: besides }), /trustedIssuers: is for the embedded authorization server/)
})

/** As the SDK's providers of machines are made; it has none for this yet. */
function workloadProvider(assertion: () => Promise<string>): OAuthClientProvider {
  let tokens: OAuthTokens | undefined
  return {
    redirectUrl: undefined,
    clientMetadata: { client_name: 'workload', redirect_uris: [], grant_types: [JWT_BEARER], token_endpoint_auth_method: 'none' },
    clientInformation: () => ({ client_id: 'reports-job' }),
    tokens: () => tokens,
    saveTokens(given) {
      tokens = given
    },
    redirectToAuthorization() {
      throw new Error('nobody is there')
    },
    saveCodeVerifier() {},
    codeVerifier: () => '',
    async prepareTokenRequest(scope) {
      return new URLSearchParams({ grant_type: JWT_BEARER, assertion: await assertion(), ...(scope === undefined ? {} : { scope }) })
    },
  }
}
