// A code that was carried off (a log, a Referer, a second app on the same port) and is injected elsewhere: into another client, with another
// address or verifier, into somebody else's sign-in, as a token. It opens nothing, and unless it was really used, its owner still can.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { verifies } from '../requirements.ts'
import { ANA, authorizeUrl, postForm, redeem, register, startAuthorizationServer, type Tokens, verify } from '../support/authorization.ts'
import { createBrowser } from '../support/browser.ts'
import { getCode } from '../support/codes.ts'
import { mcp } from '../support/mcp.ts'
import { startServer, type TestServer } from '../support/server.ts'

verifies('code-injection')

let server: TestServer
let place: { readonly issuer: string; readonly resource: string }
before(async () => {
  server = await startServer({ tools: [{ name: 'look', execute: () => 'seen' }] } as never)
  await server.user(ANA.name, ANA.password)
  place = { issuer: server.issuer, resource: server.url }
})
after(() => server[Symbol.asyncDispose]())

const errorOf = async (answer: Response): Promise<[number, string]> => [answer.status, ((await answer.json()) as { error: string }).error]
const REFUSED = [400, 'invalid_grant']

describe('code injection', () => {
  it('a code with another client, address or verifier is refused, and its owner can still redeem it', async () => {
    const other = 'http://127.0.0.1:53591/other'
    const { client_id: owner } = await register(place, { redirect_uris: ['http://127.0.0.1:53591/callback', other] })
    const { client_id: thief } = await register(place)
    const browser = createBrowser()
    const { code, verifier } = await getCode(place, owner, {}, browser)
    const thiefs = await getCode(place, thief, {}, browser)
    const attempts: readonly (readonly [string, string, string, Record<string, string | undefined>])[] = [
      ['another client, which knows the verifier', thief, verifier, {}],
      ['another client, with its own verifier', thief, thiefs.verifier, {}],
      ['another registered address', owner, verifier, { redirect_uri: other }],
      ['another port', owner, verifier, { redirect_uri: 'http://127.0.0.1:53592/callback' }],
      ['the verifier of another sign-in', owner, thiefs.verifier, {}],
      ['the verifier in capitals', owner, verifier.toUpperCase(), {}],
      ['a verifier with more behind it', owner, `${verifier}A`, {}],
      ['no verifier', owner, '', { code_verifier: undefined }],
    ]
    for (const [what, client, proof, changes] of attempts)
      assert.deepEqual(await errorOf(await redeem(place, client, code, proof, changes)), REFUSED, what)
    assert.equal((await redeem(place, owner, code, verifier)).status, 200)
    assert.equal((await redeem(place, thief, thiefs.code, thiefs.verifier)).status, 200)
  })
  it('the challenge of the request is no verifier, and a request without one gets no code to which none belongs', async () => {
    const { client_id: clientId } = await register(place)
    const { url, verifier } = authorizeUrl(place, clientId)
    const challenge = new URL(url).searchParams.get('code_challenge') ?? ''
    const { code } = await getCode(place, clientId, { code_challenge: challenge })
    assert.deepEqual(await errorOf(await redeem(place, clientId, code, challenge)), REFUSED)
    assert.equal((await redeem(place, clientId, code, verifier)).status, 200)
  })
  it('a code that was injected into somebody else’s sign-in fails there: the verifier is of another request', async () => {
    const { client_id: clientId } = await register(place)
    const victim = await getCode(place, clientId)
    const attacker = await getCode(place, clientId)
    assert.deepEqual(await errorOf(await redeem(place, clientId, victim.code, attacker.verifier)), REFUSED)
    assert.deepEqual(await errorOf(await redeem(place, clientId, attacker.code, victim.verifier)), REFUSED)
  })
  it('a changed code is none: not cut, not longer, not in other letters', async () => {
    const { client_id: clientId } = await register(place)
    const { code, verifier } = await getCode(place, clientId)
    for (const changed of [
      code.slice(0, -1),
      `${code}A`,
      code.toUpperCase(),
      `${code} `,
      `${code}\n`,
      `${code}%00`,
      '',
      '*',
      '../',
      '__proto__',
    ])
      assert.equal((await redeem(place, clientId, changed, verifier)).status, 400, JSON.stringify(changed))
    assert.equal((await redeem(place, clientId, code, verifier)).status, 200)
  })
  it('a code is no refresh token and no access token, and they are no codes', async () => {
    const { client_id: clientId } = await register(place)
    const { code, verifier } = await getCode(place, clientId)
    const token = `${place.issuer}/token`
    assert.deepEqual(
      await errorOf(await postForm(token, { grant_type: 'refresh_token', refresh_token: code, client_id: clientId })),
      REFUSED,
    )
    assert.equal((await mcp(server.url, { token: code }).call('look')).status, 401)
    const tokens = (await (await redeem(place, clientId, code, verifier)).json()) as Tokens
    for (const value of [tokens.refresh_token, tokens.access_token] as string[])
      assert.deepEqual(await errorOf(await redeem(place, clientId, value, verifier)), REFUSED)
    assert.equal((await mcp(server.url, { token: tokens.refresh_token as string }).call('look')).status, 401)
    assert.equal((await mcp(server.url, { token: tokens.access_token }).call('look')).status, 200)
  })
  it('a code is good for a minute', async () => {
    await using fixture = await startAuthorizationServer()
    const { client_id: clientId } = await register(fixture)
    const [early, late] = [await getCode(fixture, clientId), await getCode(fixture, clientId)]
    fixture.advance(50_000)
    const tokens = (await (await redeem(fixture, clientId, early.code, early.verifier)).json()) as Tokens
    assert.equal(typeof (await verify(fixture, tokens.access_token)), 'object')
    fixture.advance(11_000)
    assert.deepEqual(await errorOf(await redeem(fixture, clientId, late.code, late.verifier)), REFUSED)
  })
})

describe('replay of a code', () => {
  it('ends what came of it: access and refresh tokens, and what they were renewed to', async () => {
    const { client_id: clientId } = await register(place)
    const { code, verifier } = await getCode(place, clientId)
    const tokens = (await (await redeem(place, clientId, code, verifier)).json()) as Tokens
    const refresh = (token: string | undefined): Promise<Response> =>
      postForm(`${place.issuer}/token`, { grant_type: 'refresh_token', refresh_token: token, client_id: clientId })
    const renewed = (await (await refresh(tokens.refresh_token)).json()) as Tokens
    assert.equal((await mcp(server.url, { token: renewed.access_token }).call('look')).status, 200)
    assert.deepEqual(await errorOf(await redeem(place, clientId, code, verifier)), REFUSED)
    for (const { access_token: token } of [tokens, renewed]) assert.equal((await mcp(server.url, { token }).call('look')).status, 401)
    for (const { refresh_token: token } of [tokens, renewed]) assert.deepEqual(await errorOf(await refresh(token)), REFUSED)
  })
})
