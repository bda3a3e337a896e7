/** What clients read first: where to go, and what this is. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigError, silentLog } from '../../src/core/index.ts'
import { createAuthorizationServer } from '../../src/oauth/index.ts'
import { createLocalBus, createMemoryCounters, createMemoryStore } from '../../src/storage/index.ts'
import { createMemoryKeyRing, createMemoryVault } from '../../src/vault/index.ts'
import { SCOPES, startAuthorizationServer } from '../support/authorization.ts'

type Document = Record<string, unknown>
const get = async (url: string): Promise<Document> => {
  const response = await fetch(url)
  assert.equal(response.status, 200, url)
  assert.match(response.headers.get('content-type') ?? '', /^application\/json/)
  assert.equal(response.headers.get('access-control-allow-origin'), '*')
  assert.equal(response.headers.get('access-control-allow-credentials'), null)
  return (await response.json()) as Document
}

test('the authorization server’s metadata is at both well-known places and says what clients need', async () => {
  await using fixture = await startAuthorizationServer()
  const { issuer } = fixture
  const metadata = await get(`${issuer}/.well-known/oauth-authorization-server`)
  assert.deepEqual(await get(`${issuer}/.well-known/openid-configuration`), metadata)
  assert.equal(metadata['issuer'], issuer)
  assert.deepEqual(metadata['code_challenge_methods_supported'], ['S256'])
  assert.equal(metadata['authorization_response_iss_parameter_supported'], true)
  assert.deepEqual(metadata['scopes_supported'], [...SCOPES, 'offline_access'])
  assert.deepEqual(metadata['grant_types_supported'], [
    'authorization_code',
    'refresh_token',
    'urn:ietf:params:oauth:grant-type:device_code',
    'client_credentials',
    'urn:ietf:params:oauth:grant-type:token-exchange',
  ])
  assert.ok((metadata['token_endpoint_auth_methods_supported'] as string[]).includes('none'))
  assert.equal(metadata['client_id_metadata_document_supported'], undefined)
  for (const member of ['authorization_endpoint', 'token_endpoint', 'registration_endpoint', 'revocation_endpoint', 'jwks_uri']) {
    const url = String(metadata[member])
    assert.ok(url.startsWith(`${issuer}/`), member)
    const { status } = await fetch(url, {
      redirect: 'manual',
      method: member === 'authorization_endpoint' || member === 'jwks_uri' ? 'GET' : 'POST',
    })
    assert.ok(status === 200 || status === 400, `${member} answers (${status})`)
  }
})

test('the resource’s metadata names the resource as it was asked for, and keeps offline_access out', async () => {
  await using fixture = await startAuthorizationServer()
  const { port, issuer } = fixture
  for (const [asked, resource] of [
    ['', `http://localhost:${port}/mcp`],
    ['/mcp', `http://localhost:${port}/mcp`],
    ['/mcp/', `http://localhost:${port}/mcp/`],
  ]) {
    for (const host of ['localhost', '127.0.0.1']) {
      const document = await get(`http://${host}:${port}/.well-known/oauth-protected-resource${asked}`)
      assert.equal(document['resource'], resource?.replace('localhost', host))
      assert.deepEqual(document['authorization_servers'], [issuer])
      assert.deepEqual(document['scopes_supported'], SCOPES)
      assert.deepEqual(document['bearer_methods_supported'], ['header'])
    }
  }
  const url = (resource: string) => fixture.server.resourceMetadataUrl(resource)
  assert.equal(url(fixture.resource), `http://localhost:${port}/.well-known/oauth-protected-resource/mcp`)
  assert.equal(url(`http://[::1]:${port}/mcp/`), `http://[::1]:${port}/.well-known/oauth-protected-resource/mcp`)
  assert.equal(url('https://evil.example/mcp'), url(fixture.resource), 'a stranger’s URL is never handed out')
})

test('scopes follow the catalogue', async () => {
  const scopes = ['tools:read']
  await using fixture = await startAuthorizationServer({ scopes: () => scopes })
  const read = async () => (await get(`${fixture.issuer}/.well-known/oauth-protected-resource/mcp`))['scopes_supported']
  assert.deepEqual(await read(), ['tools:read'])
  scopes.push('notes:write')
  assert.deepEqual(await read(), ['tools:read', 'notes:write'])
})

test('an issuer with a path has its metadata where RFC 8414 and OpenID Connect put it', async () => {
  await using fixture = await startAuthorizationServer({ base: '/auth' })
  const { port, issuer } = fixture
  assert.equal(issuer, `http://localhost:${port}/auth`)
  const origin = `http://localhost:${port}`
  const document = await get(`${origin}/.well-known/oauth-authorization-server/auth`)
  assert.equal(document['issuer'], issuer)
  for (const path of ['/.well-known/openid-configuration/auth', '/auth/.well-known/openid-configuration'])
    assert.deepEqual(await get(origin + path), document)
  assert.equal((await fetch(`${origin}/.well-known/oauth-authorization-server`)).status, 404, 'that would be another issuer')
})

test('preflights of any origin are answered for what clients in a browser call, and for pages not', async () => {
  await using fixture = await startAuthorizationServer()
  const preflight = (path: string) =>
    fetch(fixture.issuer + path, { method: 'OPTIONS', headers: { origin: 'https://app.example', 'access-control-request-method': 'POST' } })
  for (const path of [
    '/token',
    '/register',
    '/revoke',
    '/jwks',
    '/.well-known/oauth-authorization-server',
    '/.well-known/oauth-protected-resource/mcp',
  ]) {
    const response = await preflight(path)
    assert.equal(response.status, 204, path)
    assert.equal(response.headers.get('access-control-allow-origin'), '*')
    assert.match(response.headers.get('access-control-allow-headers') ?? '', /authorization/i)
    assert.equal(response.headers.get('access-control-allow-credentials'), null)
    assert.equal(fixture.server.route(path)?.cors, true)
  }
  for (const path of ['/authorize', '/setup', '/interaction/abcdefgh/login']) {
    const response = await preflight(path)
    assert.equal(response.status, 405, path)
    assert.equal(response.headers.get('access-control-allow-origin'), null)
    assert.equal(fixture.server.route(path)?.cors, false)
  }
})

test('what is not listed is not ours', async () => {
  await using fixture = await startAuthorizationServer()
  for (const path of [
    '/',
    '/mcp',
    '/TOKEN',
    '/token/',
    '/token/introspection',
    '/reg',
    '/auth',
    '/session/end',
    '/session/end/confirm',
    '/me',
    '/devices',
    '/device/',
    '/request',
    '/authorize/x/y',
    '//token',
    '/interaction/..%2f..%2ftoken',
  ]) {
    assert.equal(fixture.server.route(path), undefined, path)
    assert.equal((await fetch(fixture.issuer + path)).status, 404, path)
  }
  assert.equal((await fetch(`${fixture.issuer}/token`)).status, 405)
  assert.equal((await fetch(`${fixture.issuer}/authorize`, { method: 'POST' })).status, 405)
})

test('wrong options are refused at the start, all at once and without a value', () => {
  const parts = () => ({
    scopes: () => [],
    store: createMemoryStore(),
    keyRing: createMemoryKeyRing(),
    vault: createMemoryVault(),
    bus: createLocalBus(),
    counters: createMemoryCounters(),
    clock: Date.now,
    log: silentLog,
    audit: () => {},
  })
  const problems = (options: Record<string, unknown>): readonly string[] => {
    try {
      createAuthorizationServer({
        ...parts(),
        issuer: 'http://localhost:7777',
        resources: ['http://localhost:7777/mcp'],
        ...options,
      } as never)
    } catch (error) {
      assert.ok(error instanceof ConfigError)
      return error.problems
    }
    return []
  }
  assert.deepEqual(problems({}), [])
  assert.deepEqual(problems({ issuer: 'https://mcp.example.com', resources: ['https://mcp.example.com/mcp'] }), [])
  for (const issuer of [
    'http://mcp.example.com',
    'https://mcp.example.com/',
    'https://mcp.example.com?x',
    'ftp://x',
    'https://u@mcp.example.com',
    'nonsense',
  ]) {
    assert.ok(
      problems({ issuer }).some((problem) => problem.startsWith('authorizationServer.issuer:') && !problem.includes(issuer)),
      issuer,
    )
  }
  assert.equal(problems({ accessTokenTtlSeconds: 600 }).length, 1, 'clients would refresh before every call')
  assert.equal(problems({ resources: [] }).length, 1)
  assert.equal(problems({ resources: ['https://elsewhere.example/mcp'] }).length, 1)
  assert.ok(problems({ accesTokenTtlSeconds: 3600, store: {}, clock: 7 }).length >= 3)
})
