/**
 * A server of the official SDK (1.x, 2025-11-25, with sessions) behind the SDK's own authorization router, for people: who signs in is said
 * by the test, since the SDK leaves pages to its user. It writes down whose token each call had, and whose session it came in.
 *
 * @module
 */

import { randomUUID } from 'node:crypto'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { requireBearerAuth } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js'
import type { AuthorizationParams, OAuthServerProvider } from '@modelcontextprotocol/sdk/server/auth/provider.js'
import { getOAuthProtectedResourceMetadataUrl, mcpAuthRouter } from '@modelcontextprotocol/sdk/server/auth/router.js'
import { createMcpExpressApp } from '@modelcontextprotocol/sdk/server/express.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import type { OAuthClientInformationFull, OAuthTokens } from '@modelcontextprotocol/sdk/shared/auth.js'

export interface SdkAccounts extends AsyncDisposable {
  readonly url: string
  /** `user`: whose token it was; `session`: who opened the session. */
  readonly calls: { readonly user: string; readonly session: string }[]
  /** Every token that it has given, and whose it is. */
  readonly tokens: Map<string, string>
  /** Opens the authorization URL as somebody who says yes: where they are sent back to. */
  signIn(location: string, user: string): Promise<string>
  /** Ends every access token. */
  expire(): void
}

export async function startSdkAccounts(): Promise<SdkAccounts> {
  const clients = new Map<string, OAuthClientInformationFull>()
  const codes = new Map<string, { readonly params: AuthorizationParams; readonly clientId: string; readonly user: string }>()
  const tokens = new Map<string, string>()
  const good = new Map<string, { readonly user: string; readonly clientId: string }>()
  const refreshTokens = new Map<string, string>()
  const calls: SdkAccounts['calls'] = []

  function give(user: string, clientId: string): OAuthTokens {
    const accessToken = randomUUID()
    const refreshToken = randomUUID()
    good.set(accessToken, { user, clientId })
    refreshTokens.set(refreshToken, user)
    tokens.set(accessToken, user)
    return { access_token: accessToken, refresh_token: refreshToken, token_type: 'bearer', expires_in: 3600 }
  }
  const provider: OAuthServerProvider = {
    clientsStore: {
      getClient: (id) => clients.get(id),
      registerClient(client) {
        const full = client as OAuthClientInformationFull
        clients.set(full.client_id, full)
        return full
      },
    },
    async authorize({ client_id: clientId }, params, response) {
      const code = randomUUID()
      codes.set(code, { params, clientId, user: String(response.req.headers['x-test-user']) })
      const back = new URL(params.redirectUri)
      back.searchParams.set('code', code)
      if (params.state !== undefined) back.searchParams.set('state', params.state)
      response.redirect(back.href)
    },
    challengeForAuthorizationCode: async (_, code) => codes.get(code)?.params.codeChallenge ?? '',
    async exchangeAuthorizationCode({ client_id: clientId }, code) {
      const found = codes.get(code)
      codes.delete(code)
      if (found?.clientId !== clientId) throw new Error('no such code')
      return give(found.user, clientId)
    },
    async exchangeRefreshToken({ client_id: clientId }, refreshToken) {
      const user = refreshTokens.get(refreshToken)
      refreshTokens.delete(refreshToken)
      if (user === undefined) throw new Error('no such refresh token')
      return give(user, clientId)
    },
    async verifyAccessToken(token) {
      const found = good.get(token)
      // The SDK takes only its own errors for a 401.
      if (!found) throw new (await import('@modelcontextprotocol/sdk/server/auth/errors.js')).InvalidTokenError('unknown')
      return { token, clientId: found.clientId, scopes: [], expiresAt: Math.floor(Date.now() / 1000) + 3600, extra: { user: found.user } }
    },
  }

  const app = createMcpExpressApp()
  const http: Server = await new Promise((resolve) => {
    const listening = app.listen(0, '127.0.0.1', () => resolve(listening))
  })
  const origin = `http://localhost:${(http.address() as AddressInfo).port}`
  const url = `${origin}/mcp`
  app.use(mcpAuthRouter({ provider, issuerUrl: new URL(origin), resourceServerUrl: new URL(url) }))

  const sessions = new Map<string, { readonly transport: StreamableHTTPServerTransport; readonly user: string }>()
  async function open(user: string): Promise<StreamableHTTPServerTransport> {
    const transport: StreamableHTTPServerTransport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void sessions.set(id, { transport, user }),
    })
    const server = new McpServer({ name: 'sdk-accounts', version: '1.0.0' })
    server.registerTool('whoami', { description: 'Who is calling.' }, ({ authInfo }) => {
      const caller = String(authInfo?.extra?.['user'])
      calls.push({ user: caller, session: user })
      return { content: [{ type: 'text', text: `you are ${caller}` }] }
    })
    await server.connect(transport as never)
    return transport
  }
  const auth = requireBearerAuth({ verifier: provider, resourceMetadataUrl: getOAuthProtectedResourceMetadataUrl(new URL(url)) })
  app.all('/mcp', auth, async (request, response) => {
    const id = request.headers['mcp-session-id']
    const known = typeof id === 'string' ? sessions.get(id) : undefined
    if (typeof id === 'string' && !known) return void response.status(404).end()
    const transport = known?.transport ?? (await open(String((request as { auth?: { extra?: { user?: unknown } } }).auth?.extra?.user)))
    await transport.handleRequest(request, response, request.body)
  })

  return {
    url,
    calls,
    tokens,
    async signIn(location, user) {
      const answer = await fetch(location, { redirect: 'manual', headers: { 'x-test-user': user } })
      return answer.headers.get('location') ?? `stuck at ${answer.status}`
    },
    expire: () => good.clear(),
    async [Symbol.asyncDispose]() {
      for (const { transport } of sessions.values()) await transport.close()
      http.closeAllConnections()
      await new Promise((resolve) => http.close(resolve))
    },
  }
}
