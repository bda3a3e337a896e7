// A1: what an authorization server hands out leads over https, to where a client may be answered, and by the two flows that are left of
// OAuth 2.1: nobody gets a token from the authorization endpoint, for a password, or without PKCE.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ConfigError, silentLog } from '../../src/core/index.ts'
import { createAuthorizationServer } from '../../src/oauth/index.ts'
import { MCPServer } from '../../src/server/index.ts'
import { createLocalBus, createMemoryCounters, createMemoryStore } from '../../src/storage/index.ts'
import { createMemoryKeyRing, createMemoryVault } from '../../src/vault/index.ts'
import { verifies } from '../requirements.ts'
import { authorizeUrl, CALLBACK, postForm, postJson, redeem, register, startAuthorizationServer } from '../support/authorization.ts'
import { getCode, land } from '../support/codes.ts'
import { createTempDir } from '../support/index.ts'
import { plainGet } from '../support/plain-get.ts'

verifies('A1')

type Document = Record<string, unknown>
const json = async (response: Response): Promise<Document> => (await response.json()) as Document
const PUBLIC = 'https://mcp.example.com'
/** What a proxy that is none would like to be believed. */
const forged = { 'x-forwarded-proto': 'http', 'x-forwarded-host': 'evil.example', forwarded: 'proto=http;host=evil.example' }

function urlsIn(value: unknown): string[] {
  if (typeof value === 'string') return /^[a-z]+:\/\//i.test(value) ? [value] : []
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(urlsIn) : []
}

describe('A1: https', () => {
  it('every URL that a public server hands out is https and its own, and so is every cookie, whatever a request says of itself', async () => {
    await using fixture = await startAuthorizationServer({ publicUrl: PUBLIC })
    const { port, resource } = fixture
    for (const path of ['/.well-known/oauth-authorization-server', '/.well-known/oauth-protected-resource/mcp']) {
      const urls = urlsIn(JSON.parse((await plainGet(port, path, forged)).text))
      assert.ok(urls.length > 1)
      for (const url of urls) assert.equal(new URL(url).origin, PUBLIC)
    }
    const { client_id: clientId } = await register({ issuer: `http://127.0.0.1:${port}` })
    const { pathname, search } = new URL(authorizeUrl({ issuer: PUBLIC, resource }, clientId).url)
    for (const host of ['mcp.example.com', 'evil.example', `127.0.0.1:${port}`]) {
      const { status, headers } = await plainGet(port, pathname + search, { ...forged, host })
      assert.ok(status === 302 || status === 303)
      assert.equal(new URL(headers.location ?? '', PUBLIC).origin, PUBLIC, host)
      const cookies = headers['set-cookie'] ?? []
      assert.ok(cookies.length > 0 || host !== 'mcp.example.com')
      for (const cookie of cookies) assert.match(cookie, /; secure/i)
    }
  })
  it('a public address on plain http does not start', async () => {
    await using folder = await createTempDir('plain-http')
    for (const publicUrl of ['http://mcp.example.com', 'http://10.0.0.1', 'http://localhost.example.com', 'http://127.0.0.1.example.com']) {
      const server = new MCPServer({ port: 0, dataDir: folder.path, log: false, publicUrl, behindProxy: true })
      await assert.rejects(server.listen(), (error) => error instanceof ConfigError && /publicUrl/.test(error.message), publicUrl)
      await server.close()
      const issuer = publicUrl
      const clock = Date.now
      assert.throws(
        () =>
          createAuthorizationServer({
            issuer,
            resources: [`${issuer}/mcp`],
            scopes: () => [],
            store: createMemoryStore({ clock }),
            keyRing: createMemoryKeyRing(),
            vault: createMemoryVault(),
            bus: createLocalBus(),
            counters: createMemoryCounters({ clock }),
            clock,
            log: silentLog,
            audit: () => undefined,
          }),
        (error) => error instanceof ConfigError && /authorizationServer\.issuer/.test(error.message),
        `${publicUrl}, by itself`,
      )
    }
  })
  it('no code is sent to a place that only looks like this machine, or like https', async () => {
    await using fixture = await startAuthorizationServer()
    for (const uri of [
      'http://0.0.0.0/cb',
      'http://127.1/cb',
      'http://0x7f.0.0.1/cb',
      'http://[::ffff:127.0.0.1]/cb',
      'http://[0:0:0:0:0:0:0:1]/cb',
      'http://localhost./cb',
      'http://loсalhost/cb',
      'http://localhost%2eevil.example/cb',
      'http://localhost:80@evil.example/cb',
      'http://169.254.169.254/cb',
      'HTTP://app.example.com/cb',
      'https://app.example.com:443/cb',
      'blob:https://app.example.com/cb',
      'about:blank',
      'view-source:https://app.example.com/cb',
      'ws://localhost/cb',
      'ftp://localhost/cb',
    ]) {
      const answer = await postJson(`${fixture.issuer}/register`, { redirect_uris: [uri] })
      assert.deepEqual([answer.status, (await json(answer))['error']], [400, 'invalid_redirect_uri'], uri)
      // Nor beside one that is good.
      assert.equal((await postJson(`${fixture.issuer}/register`, { redirect_uris: [CALLBACK, uri] })).status, 400, uri)
    }
    for (const uri of [CALLBACK, 'http://localhost:1234/cb', 'http://[::1]/cb', 'https://app.example.com/cb'])
      assert.equal((await postJson(`${fixture.issuer}/register`, { redirect_uris: [uri] })).status, 201, uri)
  })
})

describe('A1: OAuth 2.1', () => {
  it('no token leaves the authorization endpoint: of the response types only code is there', async () => {
    await using fixture = await startAuthorizationServer()
    const { client_id: clientId } = await register(fixture)
    for (const type of ['token', 'id_token', 'code token', 'code id_token', 'id_token token', 'none', 'CODE']) {
      const { url } = authorizeUrl(fixture, clientId, { response_type: type })
      const answer = await fetch(url, { redirect: 'manual' })
      const said = `${answer.headers.get('location')} ${await answer.text()}`
      assert.match(said, /unsupported_response_type|unauthorized_client|invalid_request/, type)
      assert.doesNotMatch(said, /[?&#](access_token|id_token|code)=/, type)
    }
  })
  it('a password buys nothing, nor does a grant that nobody has heard of', async () => {
    await using fixture = await startAuthorizationServer()
    const { client_id: clientId } = await register(fixture)
    for (const grant of ['password', 'implicit', 'urn:example:unheard', 'AUTHORIZATION_CODE', '__proto__', 'constructor', '']) {
      const fields = { grant_type: grant, username: 'ana', password: 'a quiet harbour at dawn', client_id: clientId }
      const answer = await postForm(`${fixture.issuer}/token`, fields)
      assert.equal(answer.status, 400, grant)
      assert.match(String((await json(answer))['error']), /^(unsupported_grant_type|invalid_request)$/, grant)
    }
  })
  it('PKCE binds clients with a secret as it binds those without one', async () => {
    await using fixture = await startAuthorizationServer()
    for (const method of ['none', 'client_secret_post']) {
      const { client_id: clientId, client_secret: secret } = await register(fixture, { token_endpoint_auth_method: method })
      const landed = await land(fixture, clientId, { code_challenge: undefined, code_challenge_method: undefined })
      assert.deepEqual([landed.searchParams.get('error'), landed.searchParams.get('code')], ['invalid_request', null], method)
      for (const verifier of [undefined, '', 'v'.repeat(43), 'short']) {
        const { code } = await getCode(fixture, clientId)
        const refused = await redeem(fixture, clientId, code, '', { code_verifier: verifier, client_secret: secret })
        assert.equal(refused.status, 400, `${method} ${verifier}`)
      }
      const { code, verifier } = await getCode(fixture, clientId)
      assert.equal((await redeem(fixture, clientId, code, verifier, { client_secret: secret })).status, 200)
    }
  })
  it('a secret in the address is none', async () => {
    await using fixture = await startAuthorizationServer()
    const { client_id: clientId, client_secret: secret = '' } = await register(fixture, {
      token_endpoint_auth_method: 'client_secret_post',
    })
    const { code, verifier } = await getCode(fixture, clientId)
    const fields = { grant_type: 'authorization_code', code, redirect_uri: CALLBACK, code_verifier: verifier, client_id: clientId }
    const inAddress = await postForm(`${fixture.issuer}/token?client_secret=${secret}`, fields)
    assert.equal(inAddress.status, 401)
    const query = new URLSearchParams({ ...fields, client_secret: secret })
    assert.equal((await fetch(`${fixture.issuer}/token?${query}`)).status, 405)
    assert.equal((await fetch(`${fixture.issuer}/token?${query}`, { method: 'POST' })).status, 400)
    assert.equal((await postForm(`${fixture.issuer}/token`, { ...fields, client_secret: secret })).status, 200)
  })
})
