/**
 * A guarded server whose authorization server believes this gateway: by an ID-JAG (another Sallyport that trusts our issuer), and by token
 * exchange (an issuer that checks our assertion as RFC 8693 wants). Nobody connects anything; each person is themselves there, and the
 * token that they came with goes nowhere.
 */

import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import { createApiKeys, createClients } from '../../src/oauth/index.ts'
import { createAccounts } from '../../src/people/index.ts'
import { tool } from '../../src/server/index.ts'
import { openData } from '../../src/vault/index.ts'
import { verifies } from '../requirements.ts'
import { connect } from '../support/authorization.ts'
import type { Person } from '../support/browser.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { JWT_BEARER, startIssuer, TOKEN_EXCHANGE } from '../support/issuer.ts'
import { mcp } from '../support/mcp.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { until } from '../support/until.ts'

const ANA: Person = { name: 'ana', password: 'a quiet harbour at dawn' }
const BEN: Person = { name: 'ben', password: 'a kettle beside the window' }

const whoami = tool({
  name: 'whoami',
  description: 'Who is calling.',
  permissions: { requiredScopes: ['tools:read'] },
  parameters: { type: 'object', properties: {} },
  execute: (_, { principal }) => `you are ${principal.user}`,
})

async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve) => probe.listen(0, resolve))
  const { port } = probe.address() as { port: number }
  await new Promise((resolve) => probe.close(resolve))
  return port
}

async function callAs(gateway: Gateway, token: string, name: string): Promise<string> {
  const { body, result } = await mcp(gateway.url, { token }).call(name)
  return result?.content?.[0]?.text ?? JSON.stringify(body)
}

/** Everything that goes to the server and its issuer is looked at by the test; here two people call through the gateway. */
async function twoPeople(gateway: Gateway, expected: (name: string) => string): Promise<readonly string[]> {
  const accounts = createAccounts({ store: gateway.data.store, clock: Date.now })
  const tokens: string[] = []
  for (const person of [ANA, BEN]) {
    await accounts.create(person)
    tokens.push((await connect(gateway, { person })).tokens.access_token)
  }
  const [ana = '', ben = ''] = tokens
  assert.deepEqual(
    (await mcp(gateway.url, { token: ana }).list()).map(({ name }) => name),
    ['notes__connect'],
  )
  assert.match(await callAs(gateway, ana, 'notes__connect'), /Its tools are being read/)
  await until('its tools', async () => (await mcp(gateway.url, { token: ana }).list()).some(({ name }) => name === 'whoami'))
  const said = await Promise.all(Array.from({ length: 20 }, (_, at) => callAs(gateway, at % 2 === 0 ? ana : ben, 'whoami')))
  assert.deepEqual(new Set(said), new Set([`you are ${expected('ana')}`, `you are ${expected('ben')}`]))
  said.forEach((text, at) => assert.equal(text, `you are ${expected(at % 2 === 0 ? 'ana' : 'ben')}`))
  const { key } = await createApiKeys({ ...gateway.data, clock: Date.now, accounts }).create({
    name: 'robot',
    scopes: ['tools:read'],
    createdBy: 'test',
    expiresInDays: 1,
  })
  assert.match(await callAs(gateway, key, 'whoami'), /this credential is nobody’s/)
  return tokens
}

async function registerAt(upstream: TestServer): Promise<{ clientId: string; clientSecret: string }> {
  const data = await openData({ dataDir: upstream.dataDir })
  const made = await createClients({ ...data, clock: Date.now }).create({
    name: 'Gateway',
    grantTypes: [JWT_BEARER],
    authMethod: 'client_secret_basic',
    createdBy: 'test',
  })
  await data.store.close()
  return { clientId: made.id, clientSecret: made.secret ?? '' }
}

test('id-jag: another Sallyport that trusts ours knows two people by our issuer and their name', async () => {
  verifies('upstream-vouched-by-us')
  const port = await freePort()
  const issuer = `http://localhost:${port}`
  await using upstream = await startServer({ tools: [whoami], auth: { cimd: 'off', trustedIssuers: [{ issuer, use: ['id-jag'] }] } })
  const auth = { type: 'id-jag', issuer: new URL(upstream.url).origin, ...(await registerAt(upstream)), scopes: ['tools:read'] }
  await using gateway = await startGateway({
    servers: { notes: { url: upstream.url, auth, tools: { whoami: 'read' } } },
    config: { listen: port },
  })
  assert.equal(gateway.issuer, issuer)
  await twoPeople(gateway, (name) => `${issuer}#${name}`)
})

test('exchange: the issuer is shown an assertion of ours for it alone, and gives a token for the server', async () => {
  verifies('upstream-vouched-by-us', 'T02')
  await using issuer = await startIssuer()
  issuer.describe({ code_challenge_methods_supported: ['S256'], token_endpoint_auth_methods_supported: ['client_secret_post'] })
  const forms: URLSearchParams[] = []
  await using upstream = await startServer({ tools: [whoami], auth: { issuer: issuer.issuer } })
  const auth = {
    type: 'exchange',
    issuer: issuer.issuer,
    clientId: 'gateway',
    clientSecret: 'a-secret-between-the-two',
    audience: 'notes',
    scopes: ['tools:read'],
  }
  await using gateway = await startGateway({ servers: { notes: { url: upstream.url, auth, tools: { whoami: 'read' } } } })
  const keys = createRemoteJWKSet(new URL(`${gateway.issuer}/jwks`))
  const used = new Set<unknown>()
  issuer.onToken(async (form) => {
    forms.push(form)
    const { payload } = await jwtVerify(form.get('subject_token') ?? '', keys, {
      issuer: gateway.issuer,
      audience: issuer.issuer,
      maxTokenAge: '1 minute',
    })
    assert.equal(used.has(payload.jti), false)
    used.add(payload.jti)
    const access_token = await issuer.sign(
      { sub: payload.sub, aud: upstream.url, client_id: 'gateway', scope: 'tools:read' },
      { typ: 'at+jwt' },
    )
    return { access_token, issued_token_type: 'urn:ietf:params:oauth:token-type:access_token', token_type: 'Bearer', expires_in: 300 }
  })
  const tokens = await twoPeople(gateway, (name) => name)
  assert.equal(forms.length, 2, 'one for each person')
  for (const form of forms) {
    assert.equal(form.get('grant_type'), TOKEN_EXCHANGE)
    assert.equal(form.get('subject_token_type'), 'urn:ietf:params:oauth:token-type:jwt')
    assert.equal(form.get('resource'), upstream.url)
    assert.equal(form.get('audience'), 'notes')
    for (const token of tokens) assert.equal(form.toString().includes(token), false)
  }
  // It is of no use here: another audience, and another type than an access token has.
  const assertion = forms[0]?.get('subject_token') ?? ''
  assert.equal(decodeProtectedHeader(assertion).typ, 'JWT')
  assert.equal((await mcp(gateway.url, { token: assertion }).request('tools/list')).status, 401)
})
