/**
 * A server as somebody writes it with the official SDK 2.x, behind a real oidc-provider: bearer tokens are JWTs that the provider made for
 * this server; a key is good as well. It has two tools and a resource, and keeps the token of every request.
 *
 * @module
 */

import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import {
  type AuthInfo,
  createMcpHandler,
  fromJsonSchema,
  getOAuthProtectedResourceMetadataUrl,
  McpServer,
  OAuthError,
  OAuthErrorCode,
  oauthMetadataResponse,
  requireBearerAuth,
} from '@modelcontextprotocol/server'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { createBrowser, formsOf, prefilled, type Shown } from './browser.ts'
import { type RealIssuer, startRealIssuer } from './external-issuer.ts'

export interface SdkServer extends AsyncDisposable {
  /** Without the path, as the guide writes it; the endpoint is at `/mcp`. */
  readonly origin: string
  readonly url: string
  readonly issuer: RealIssuer
  readonly key: string
  /** What its tools were given. */
  readonly served: unknown[]
  /** Who called. */
  readonly subjects: string[]
}

export const SCOPES = ['tools:read', 'tools:execute'] as const

export async function startSdkServer(): Promise<SdkServer> {
  const issuer = await startRealIssuer('jwt', SCOPES)
  const http = createServer()
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
  const url = `${origin}/mcp`
  const key = 'a-key-of-the-sdk-server-0123456789'
  const served: unknown[] = []
  const subjects: string[] = []

  const handler = createMcpHandler(() => {
    const server = new McpServer({ name: 'sdk', version: '1.0.0' })
    const properties = { document: { type: 'string' }, documentId: { type: 'string' } } as const
    server.registerTool(
      'analyze_document',
      { description: 'Reads a document.', inputSchema: fromJsonSchema<Record<string, string>>({ type: 'object', properties }) },
      ({ document, documentId }, { http: context }) => {
        served.push(documentId ?? `a whole document of ${document?.length}`)
        subjects.push(String(context?.authInfo?.extra?.['sub']))
        return { content: [{ type: 'text', text: 'analyzed' }], structuredContent: { analyzed: true } }
      },
    )
    server.registerResource('welcome', 'note://welcome', {}, ({ href }) => ({ contents: [{ uri: href, text: 'Welcome.' }] }))
    return server
  })
  const keys = createRemoteJWKSet(new URL(`${issuer.issuer}/jwks`))
  const gate = requireBearerAuth({
    requiredScopes: ['tools:read'],
    resourceMetadataUrl: getOAuthProtectedResourceMetadataUrl(new URL(url)),
    expectedResource: new URL(url),
    verifier: { verifyAccessToken: (token) => (token === key ? Promise.resolve(info(token, SCOPES, 'key')) : verify(token)) },
  })
  const info = (token: string, scopes: readonly string[], sub: string, expiresAt = Date.now() / 1000 + 600): AuthInfo => ({
    token,
    clientId: sub,
    scopes: [...scopes],
    expiresAt: Math.floor(expiresAt),
    resource: new URL(url),
    extra: { sub },
  })
  async function verify(token: string): Promise<AuthInfo> {
    try {
      const { payload } = await jwtVerify(token, keys, { issuer: issuer.issuer, audience: url })
      return info(token, typeof payload['scope'] === 'string' ? payload['scope'].split(' ') : [], String(payload.sub), payload.exp)
    } catch {
      throw new OAuthError(OAuthErrorCode.InvalidToken, 'not one of ours')
    }
  }
  async function answer(request: Request): Promise<Response> {
    const metadata = oauthMetadataResponse(request, {
      resourceServerUrl: new URL(url),
      oauthMetadata: {
        issuer: issuer.issuer,
        authorization_endpoint: `${issuer.issuer}/auth`,
        token_endpoint: `${issuer.issuer}/token`,
        response_types_supported: ['code'],
      },
      scopesSupported: [...SCOPES],
      dangerouslyAllowInsecureIssuerUrl: true,
    })
    if (metadata) return metadata
    if (new URL(request.url).pathname !== '/mcp') return new Response(null, { status: 404 })
    const authInfo = await gate(request)
    return authInfo instanceof Response ? authInfo : handler.fetch(request, { authInfo })
  }
  http.on('request', async (request: IncomingMessage, response) => {
    const hasBody = request.method === 'POST'
    const answered = await answer(
      new Request(new URL(request.url ?? '/', origin), {
        method: request.method ?? 'GET',
        headers: Object.entries(request.headers).map(([name, value]): [string, string] => [name, String(value)]),
        ...(hasBody && { body: Readable.toWeb(request) as ReadableStream, duplex: 'half' }),
      } as RequestInit),
    )
    response.writeHead(answered.status, Object.fromEntries(answered.headers))
    for await (const chunk of answered.body ?? []) response.write(chunk)
    response.end()
  })
  return {
    origin,
    url,
    issuer,
    key,
    served,
    subjects,
    async [Symbol.asyncDispose]() {
      await handler.close()
      http.closeAllConnections()
      await new Promise((resolve) => http.close(resolve))
      await issuer[Symbol.asyncDispose]()
    },
  }
}

/** A person at the issuer's own pages, who signs in and says yes: where they are sent back to. */
export async function signInAtIssuer(url: string, name: string): Promise<string> {
  const redirectUri = new URL(url).searchParams.get('redirect_uri') ?? ''
  const browser = createBrowser()
  const isCallback = (at: string): boolean => at.startsWith(redirectUri)
  let shown = await browser.open(url, isCallback)
  for (let page = 0; !('stoppedAt' in shown); page++) {
    const form = formsOf(shown as Shown)[0]
    if (form === undefined || page > 3) throw new Error(`stuck at a page of the issuer: ${(shown as Shown).status}`)
    const typed: [string, string][] = form.fields.some(({ type }) => type === 'password')
      ? [
          ['login', name],
          ['password', 'any'],
        ]
      : []
    const rest = prefilled(form).filter(([field]) => !typed.some(([each]) => each === field))
    shown = await browser.submit(shown as Shown, form, [...rest, ...typed], isCallback)
  }
  return shown.stoppedAt
}
