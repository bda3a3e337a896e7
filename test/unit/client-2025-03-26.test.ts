// Servers of 2025-03-26 are their own authorization servers, and say so nowhere.

import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, it } from 'node:test'
import { MCPClient, type OAuth2Options } from '../../src/client/index.ts'
import { problemOf, REDIRECT_URI } from '../support/client.ts'
import type { Json } from '../support/sse.ts'

interface Old extends AsyncDisposable {
  readonly origin: string
  readonly paths: string[]
}

/** Answers as such a server does; `metadata` is at its root where there is any. */
async function startOld(metadata: ((origin: string) => Json) | undefined): Promise<Old> {
  const paths: string[] = []
  const http = createServer(async (request, response) => {
    const url = new URL(request.url ?? '', origin)
    let text = ''
    for await (const chunk of request) text += chunk
    paths.push(`${request.method} ${url.pathname}`)
    const json = (status: number, body: unknown): void =>
      void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    switch (url.pathname) {
      case '/.well-known/oauth-authorization-server':
        return metadata ? json(200, metadata(origin)) : json(404, {})
      case '/register':
        return json(201, { client_id: 'old', redirect_uris: JSON.parse(text).redirect_uris })
      case '/authorize': {
        const back = new URL(url.searchParams.get('redirect_uri') ?? '')
        back.searchParams.set('code', 'a code')
        back.searchParams.set('state', url.searchParams.get('state') ?? '')
        assert.ok(url.searchParams.get('code_challenge'))
        return void response.writeHead(302, { location: back.href }).end()
      }
      case '/token':
        return json(200, { access_token: 'old-token', token_type: 'bearer', refresh_token: `r${paths.length}` })
      case '/mcp': {
        if (request.headers.authorization !== 'Bearer old-token') return json(401, {})
        const { id } = JSON.parse(text)
        return json(200, {
          jsonrpc: '2.0',
          id,
          result: { resultType: 'complete', supportedVersions: ['2026-07-28'], capabilities: {}, ttlMs: 0, cacheScope: 'private' },
        })
      }
    }
    json(404, {})
  })
  await new Promise<void>((listening) => http.listen(0, '127.0.0.1', listening))
  const origin = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
  return {
    origin,
    paths,
    async [Symbol.asyncDispose]() {
      http.closeAllConnections()
      await new Promise((closed) => http.close(closed))
    },
  }
}

const full = (issuer: string): Json => ({
  issuer,
  authorization_endpoint: `${issuer}/authorize`,
  token_endpoint: `${issuer}/token`,
  registration_endpoint: `${issuer}/register`,
  response_types_supported: ['code'],
  token_endpoint_auth_methods_supported: ['none'],
  code_challenge_methods_supported: ['S256'],
})

async function attempt(old: Old, auth: Partial<OAuth2Options> = {}): Promise<{ problem: string; said: string[] }> {
  const said: string[] = []
  await using client = new MCPClient({
    serverUrl: `${old.origin}/mcp`,
    auth: {
      type: 'oauth2',
      redirectUri: REDIRECT_URI,
      signIn: async (url) => (await fetch(url, { redirect: 'manual' })).headers.get('location') ?? '',
      ...auth,
    },
    log: (_, message) => void said.push(message),
  })
  return { problem: await problemOf(client.request({ method: 'server/discover' })), said }
}

describe('a server without metadata of its own', () => {
  it('is its own issuer, by the metadata at its root', async () => {
    await using old = await startOld(full)
    assert.match((await attempt(old)).problem, /^no error/)
    assert.match((await attempt(old, { issuer: old.origin })).problem, /^no error/)
    await using client = new MCPClient({ serverUrl: `${old.origin}/mcp` })
    assert.equal(await client.authorizationServer(), old.origin)
  })

  it('has to be exactly that issuer, and to say that it looks at PKCE', async () => {
    for (const [change, problem] of [
      [{ issuer: 'https://as.example' }, 'AuthorizationError issuer_mismatch'],
      [{ code_challenge_methods_supported: undefined }, 'AuthorizationError pkce_unsupported'],
      [{ token_endpoint: 'http://as.example/token' }, 'AuthorizationError insecure_url'],
    ] as const) {
      await using old = await startOld((origin) => ({ ...full(origin), ...change }))
      assert.equal((await attempt(old)).problem, problem)
    }
    await using old = await startOld((origin) => ({ ...full(origin), issuer: `${origin}/` }))
    assert.equal((await attempt(old)).problem, 'AuthorizationError issuer_mismatch', 'nothing is normalized')
  })

  it('is not the issuer that the program names', async () => {
    await using old = await startOld(full)
    assert.equal((await attempt(old, { issuer: 'https://as.example' })).problem, 'AuthorizationError issuer_mismatch')
  })

  it('and without any is signed in to only where the program takes the risk, which is said', async () => {
    await using old = await startOld(undefined)
    assert.equal((await attempt(old)).problem, 'AuthorizationError metadata_missing')
    assert.ok(!old.paths.some((path) => /register|authorize|token/.test(path)))
    const { problem, said } = await attempt(old, { dangerouslyAllowMissingMetadata: true })
    assert.match(problem, /^no error/)
    assert.match(said.join(), /dangerouslyAllowMissingMetadata/)
  })
})
