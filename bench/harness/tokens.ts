/** Access tokens of Sallyport's own authorization server, as a client gets them: registration, sign-in, consent, code, PKCE. @module */

import { randomBytes } from 'node:crypto'
import { authorizeUrl, redeem, register, type Tokens } from '../../test/support/authorization.ts'
import { signIn } from '../../test/support/browser.ts'
import type { Credentials } from '../peers/serve.ts'
import { createProver } from './proofs.ts'

/** Of the account `bench`. Good for the one run that makes it. */
export const password: string = randomBytes(24).toString('base64url')

/** The same, bound to a key (RFC 9449), with what makes a proof for each request. */
export async function signInForBoundTokens(url: string): Promise<Credentials> {
  const { port } = new URL(url)
  const issuer = `http://localhost:${port}`
  const where = { issuer, resource: `${issuer}/mcp` }
  const { prove, proveFor } = createProver(url)
  const bind = () => ({ dpop: proveFor(`${issuer}/token`) })
  const [able, powerless] = [await signInFor(where, 'tools:execute', bind), await signInFor(where, 'tools:read', bind)]
  return { able: { authorization: `DPoP ${able}` }, powerless: { authorization: `DPoP ${powerless}` }, prove }
}

/** A token that may call the tool, and one that may only read. */
export async function signInForTokens(url: string): Promise<Credentials> {
  const { port } = new URL(url)
  const issuer = `http://localhost:${port}`
  const where = { issuer, resource: `${issuer}/mcp` }
  const [able, powerless] = [await signInFor(where, 'tools:execute'), await signInFor(where, 'tools:read')]
  return { able: { authorization: `Bearer ${able}` }, powerless: { authorization: `Bearer ${powerless}` } }
}

async function signInFor(
  where: { readonly issuer: string; readonly resource: string },
  scope: string,
  headers: () => Record<string, string> = () => ({}),
): Promise<string> {
  const { client_id: clientId } = await register(where)
  const { url, verifier } = authorizeUrl(where, clientId, { scope })
  const code = new URL(await signIn(url, { name: 'bench', password })).searchParams.get('code')
  if (code === null) throw new Error('the sign-in brought no code')
  const response = await redeem(where, clientId, code, verifier, {}, headers())
  const { access_token: token } = (await response.json()) as Partial<Tokens>
  if (token === undefined) throw new Error(`the code was answered with ${response.status} and no token`)
  return token
}
