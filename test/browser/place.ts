/**
 * What is visited: a real server with tools that read, change and delete, people who have accounts there, and a program on this computer
 * that wants access: it registers, opens the browser, waits at its callback for the code and redeems it.
 */

import { createHash, randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Page } from 'playwright-core'
import { type MCPServerOptions, tool } from '../../src/index.ts'
import { postForm, postJson, type Tokens } from '../support/authorization.ts'
import { mcp } from '../support/mcp.ts'
import { startServer, type TestServer } from '../support/server.ts'

export const ANA = { name: 'ana', password: 'a quiet harbour at dawn' }

const reads = { requiredScopes: ['tools:read'] }

export async function startPlace(options: MCPServerOptions = {}): Promise<TestServer> {
  const said = (name: string, annotations: Record<string, boolean>, permissions?: { requiredScopes: string[] }) =>
    tool({
      name,
      description: `${name}, for these tests`,
      annotations,
      ...(permissions && { permissions }),
      execute: () => `${name} is done`,
    })
  const place = await startServer({
    name: 'notes',
    tools: [
      said('search_notes', { readOnlyHint: true }, reads),
      said('read_note', { readOnlyHint: true }, reads),
      said('write_note', { destructiveHint: false }),
      said('delete_note', { destructiveHint: true }),
    ],
    ...options,
  })
  await place.user(ANA.name, ANA.password, ['staff'])
  return place
}

export interface Program extends AsyncDisposable {
  readonly clientId: string
  /** What it opens in the browser. */
  url(changes?: Record<string, string>): string
  /** What came to its callback last. */
  readonly came: URLSearchParams | undefined
  /** Tokens for the code that came. */
  redeem(): Promise<Tokens>
}

/** A program on this computer, as MCP clients are: public, with refresh tokens. */
export async function startProgram(
  { issuer, url: resource }: Pick<TestServer, 'issuer' | 'url'>,
  metadata: Record<string, unknown> = {},
): Promise<Program> {
  let came: URLSearchParams | undefined
  const http = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
    if (pathname === '/callback') came = searchParams
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
    response.end('<!doctype html><html lang="en"><title>Back</title><main><h1>Back in the program</h1></main></html>')
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const redirect_uri = `http://127.0.0.1:${(http.address() as AddressInfo).port}/callback`
  const registered = await postJson(`${issuer}/register`, {
    client_name: 'Claude Code (notes)',
    redirect_uris: [redirect_uri],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
    ...metadata,
  })
  if (registered.status !== 201) throw new Error(`registration answered ${registered.status}: ${await registered.text()}`)
  const { client_id: clientId } = (await registered.json()) as { client_id: string }
  const verifier = randomBytes(32).toString('base64url')
  return {
    clientId,
    get came() {
      return came
    },
    url(changes = {}) {
      const query = new URLSearchParams({
        response_type: 'code',
        client_id: clientId,
        redirect_uri,
        code_challenge: createHash('sha256').update(verifier).digest('base64url'),
        code_challenge_method: 'S256',
        state: 'of this program',
        resource,
        ...changes,
      })
      return `${issuer}/authorize?${query}`
    },
    async redeem() {
      const response = await postForm(`${issuer}/token`, {
        grant_type: 'authorization_code',
        code: came?.get('code') ?? '',
        redirect_uri,
        client_id: clientId,
        code_verifier: verifier,
        resource,
      })
      if (response.status !== 200) throw new Error(`the code was refused: ${await response.text()}`)
      return (await response.json()) as Tokens
    },
    async [Symbol.asyncDispose]() {
      http.closeAllConnections()
      await new Promise((resolve) => http.close(resolve))
    },
  }
}

/** The tools that a token opens. */
export async function toolsWith({ url }: Pick<TestServer, 'url'>, { access_token: token }: Tokens): Promise<readonly string[]> {
  const tools = (await mcp(url, { token }).list()) as readonly { readonly name: string }[]
  return tools.map(({ name }) => name).sort()
}

export async function signIn(page: Page, { name, password }: { readonly name: string; readonly password: string } = ANA): Promise<void> {
  await page.getByLabel('Name', { exact: true }).fill(name)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
}

/** Nobody reads a page in less than a second, and the server knows. */
export async function allow(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Allow', exact: true }).waitFor()
  await page.waitForTimeout(1100)
  await page.getByRole('button', { name: 'Allow', exact: true }).click()
}

export const isBack = (page: Page): Promise<void> => page.getByRole('heading', { name: 'Back in the program' }).waitFor()
