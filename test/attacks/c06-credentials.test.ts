// C6: a key, a token and a secret go to the one they are for. Everything that a server or an authorization server could do to have them
// sent elsewhere is tried: challenges, metadata, redirects; a third party keeps everything that reaches it.

import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { inspect } from 'node:util'
import { AnyAnswer, startWorld } from '../fixtures/sign-in-world.ts'
import { verifies } from '../requirements.ts'
import { createClient, problemOf, REDIRECT_URI, signInTo, startServer } from '../support/client.ts'

verifies('C6')

const KEY = 'spk_abcdefgh_0123456789ABCDEFGHIJabcdefghij'
const call = { method: 'tools/call', params: { name: 'echo', arguments: { text: 'hello' } } }

const third = { seen: [] as string[], url: '' }
const sink = await startServer((request, response) => {
  third.seen.push(`${request.method} ${request.url} ${JSON.stringify(request.headers)}`)
  request.resume()
  response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
})
third.url = new URL(sink.serverUrl).origin
after(() => sink[Symbol.asyncDispose]())

describe('C6: an API key', () => {
  it('goes to the server, in the Authorization header of each request, and nowhere else', async () => {
    await using world = await startWorld({ challenge: () => `Bearer resource_metadata="${third.url}/prm"` })
    await using client = createClient(world, { auth: { type: 'api_key', apiKey: KEY } })
    assert.equal(await problemOf(client.request(call)), 'AuthorizationError credential_refused')
    assert.ok(world.seen.length > 0)
    for (const { at, path, headers } of world.seen) {
      assert.equal(at, 'server')
      assert.equal(headers.authorization, `Bearer ${KEY}`)
      assert.ok(!path.includes('spk_'))
    }
    assert.deepEqual(third.seen, [])
  })

  it('is not shown to a path that is only tried', async () => {
    await using world = await startWorld()
    await using client = createClient({ serverUrl: new URL(world.serverUrl).origin }, { auth: { type: 'api_key', apiKey: KEY } })
    await problemOf(client.request(call))
    const tried = world.seen.filter(({ path }) => path === '/')
    assert.equal(tried.length, 1)
    assert.equal(tried[0]?.headers.authorization, undefined)
  })

  it('does not follow a redirect, not even to another path of the server', async () => {
    for (const location of [`${third.url}/mcp`, '/other']) {
      for (const status of [301, 302, 303, 307, 308]) {
        const seen: string[] = []
        await using server = await startServer((request, response) => {
          seen.push(request.url ?? '')
          request.resume()
          response.writeHead(status, { location }).end()
        })
        await using client = createClient(server, { auth: { type: 'api_key', apiKey: KEY } })
        assert.equal(await problemOf(client.request(call)), 'TransportError redirected')
        assert.deepEqual(new Set(seen), new Set(['/mcp']))
      }
    }
    assert.deepEqual(third.seen, [])
  })

  it('is in no error, also where the server says it back', async () => {
    await using server = await startServer(async (request, response) => {
      let text = ''
      for await (const chunk of request) text += chunk
      const said = `You sent ${request.headers.authorization}`
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ jsonrpc: '2.0', id: JSON.parse(text).id, error: { code: -32000, message: said, data: { said } } }))
    })
    await using client = createClient(server, { auth: { type: 'api_key', apiKey: KEY } })
    await assert.rejects(client.request(call), (error) => {
      const shown = inspect(error, { depth: 10, showHidden: true })
      assert.match(shown, /MCPRequestError: You sent Bearer \[redacted\]/)
      assert.ok(!shown.includes(KEY))
      return true
    })
  })
})

describe('C6: tokens, codes and secrets', () => {
  it('the token goes to the server; the code, the secret and the refresh token to the token endpoint that was recorded', async () => {
    await using world = await startWorld()
    await using client = createClient(world)
    const { clientSecret = '' } = await client.registerClient({ clientName: 'x', redirectUris: [REDIRECT_URI] })
    await signInTo(world, client)
    await client.request(call)
    world.expireTokens()
    await client.request(call)

    const toServer = world.seen.filter(({ at }) => at === 'server')
    const toIssuer = world.seen.filter(({ at }) => at === 'issuer')
    assert.doesNotMatch(JSON.stringify(toIssuer), /access-/, 'no access token at the authorization server')
    assert.doesNotMatch(JSON.stringify(toServer), /refresh-|code_verifier/, 'no refresh token, no verifier at the server')
    assert.ok(!JSON.stringify(toServer).includes(clientSecret))
    for (const { path, headers } of toServer)
      if (path.includes('well-known')) assert.equal(headers.authorization, undefined, 'metadata is asked for by nobody')
    for (const { path, headers } of toIssuer) if (!path.startsWith('/token')) assert.equal(headers.authorization, undefined)
    for (const { path } of world.seen) assert.doesNotMatch(path, /access-|refresh-/)
  })

  it('a token endpoint that redirects gets no second POST anywhere', async () => {
    for (const status of [302, 307, 308]) {
      await using world = await startWorld({
        token: () => new AnyAnswer({ status, headers: { location: `${third.url}/token` } }),
      })
      await using client = createClient(world)
      assert.equal(await problemOf(signInTo(world, client)), 'AuthorizationError redirected')
      assert.equal(world.to('/token').length, 1)
    }
    assert.deepEqual(third.seen, [])
  })

  it('a secret that was given with its issuer is not sent to another that the server names', async () => {
    await using world = await startWorld({ resourceMetadata: (document) => ({ ...document, authorization_servers: [third.url] }) })
    await using client = createClient(world, {
      auth: { type: 'oauth2', clientId: 'pre', clientSecret: 'the-secret-of-pre', issuer: world.issuer },
    })
    assert.equal(await problemOf(signInTo(world, client)), 'AuthorizationError issuer_mismatch')
    assert.deepEqual(third.seen, [])
  })

  it('neither the client nor an error shows them', async () => {
    await using world = await startWorld()
    await using client = createClient(world)
    await signInTo(world, client)
    await client.request(call)
    assert.doesNotMatch(inspect(client, { depth: 20, showHidden: true }), /access-|refresh-/)
    const error = await client.handleCallback('/callback?code=the-code-value&state=the-state-value').catch((problem: unknown) => problem)
    assert.doesNotMatch(inspect(error, { depth: 20, showHidden: true }), /the-code-value|the-state-value/)
  })
})
