// What one client does, from its registration to the end of its sign-in, over real HTTP; and those who come, look and leave.

import { ANA, authorizeUrl, postForm, redeem, register, type Tokens } from '../support/authorization.ts'
import { createBrowser, signIn } from '../support/browser.ts'
import { mcp } from '../support/mcp.ts'

export interface Place {
  readonly issuer: string
  readonly resource: string
}

/** What is left of a sign-in in the store, by the rules. */
export interface Left {
  /** 0 where it was revoked. */
  readonly grants: 0 | 1
  /** The one that is good, and those that it replaced: a late comer with one of them is found out by it. */
  readonly refreshTokens: number
}

/** Every second is renewed, every tenth more often; every fifth is revoked in the end. */
export async function signInOnce(place: Place, index: number): Promise<Left> {
  const { client_id: clientId } = await register(place)
  const { url, verifier } = authorizeUrl(place, clientId)
  const code = new URL(await signIn(url, ANA)).searchParams.get('code') ?? ''
  let tokens = await tokensOf(await redeem(place, clientId, code, verifier))
  await call(place, tokens, 200)

  const renewals = index % 10 === 0 ? 3 : index % 2 === 0 ? 1 : 0
  for (let turn = 0; turn < renewals; turn++) {
    const fields = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token, client_id: clientId }
    tokens = await tokensOf(await postForm(`${place.issuer}/token`, fields))
    await call(place, tokens, 200)
  }
  if (index % 5 !== 0) return { grants: 1, refreshTokens: 1 + renewals }
  await (await postForm(`${place.issuer}/revoke`, { token: tokens.refresh_token, client_id: clientId })).body?.cancel()
  await call(place, tokens, 401)
  return { grants: 0, refreshTokens: 0 }
}

/** Registers and opens the first page: a client that was tried once, a person who thought better of it. */
export async function turnBack(place: Place): Promise<void> {
  const { client_id: clientId } = await register(place)
  await createBrowser().open(authorizeUrl(place, clientId).url)
}

async function tokensOf(answer: Response): Promise<Tokens> {
  if (answer.status !== 200) throw new Error(`the token endpoint answered ${answer.status}: ${await answer.text()}`)
  return (await answer.json()) as Tokens
}

async function call({ resource }: Place, { access_token: token }: Tokens, expected: number): Promise<void> {
  const { status } = await mcp(resource, { token }).call('look')
  if (status !== expected) throw new Error(`a call was answered with ${status} instead of ${expected}`)
}
