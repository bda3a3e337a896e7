// A9 (RFC 8707): a token is for the resource that was named, which is this server or nothing, and says so in its audience. Asking for
// another resource, later or on the side, gives no token and costs nobody the one that they have.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { verifies } from '../requirements.ts'
import { ANA, authorizeUrl, connect, postForm, redeem, register, type Tokens } from '../support/authorization.ts'
import { getCode, land } from '../support/codes.ts'
import { mcp } from '../support/mcp.ts'
import { startServer, type TestServer } from '../support/server.ts'

verifies('A9')

let server: TestServer
let place: { readonly issuer: string; readonly resource: string }
before(async () => {
  server = await startServer({ tools: [{ name: 'look', execute: () => 'seen' }] } as never)
  await server.user(ANA.name, ANA.password)
  place = { issuer: server.issuer, resource: server.url }
})
after(() => server[Symbol.asyncDispose]())

const claimsOf = (token: string): Record<string, unknown> => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
const errorOf = async (answer: Response): Promise<[number, string]> => [answer.status, ((await answer.json()) as { error: string }).error]
const works = async (token: string): Promise<number> => (await mcp(server.url, { token }).call('look')).status

/** Near, and not it. */
const foreign = (): string[] => {
  const { origin, port } = new URL(server.url)
  return [
    origin,
    `${origin}/`,
    `${origin}/mcp/more`,
    `${origin}/MCP`,
    `${origin}/mcp2`,
    `${origin}/mcp//`,
    `${origin}/mcp?x=1`,
    `${origin}/mcp#x`,
    `https://localhost:${port}/mcp`,
    `http://localhost:${port}@evil.example/mcp`,
    `http://user@localhost:${port}/mcp`,
    `http://localhost.evil.example:${port}/mcp`,
    'http://localhost/mcp',
    'https://elsewhere.example/mcp',
    'urn:example:mcp',
    '/mcp',
    'mcp',
  ]
}

describe('A9: audience', () => {
  it('is the one canonical URL of this server, named or not, at the code and at each refresh', async () => {
    for (const resource of [server.url, `${server.url}/`, server.url.replace('localhost', '127.0.0.1'), undefined]) {
      const { tokens, refresh } = await connect(place, { changes: { resource } })
      const renewed = (await (await refresh()).json()) as Tokens
      for (const { access_token: token } of [tokens, renewed]) {
        assert.equal(claimsOf(token)['aud'], server.url)
        assert.equal(await works(token), 200)
      }
    }
  })
  it('of somewhere else is refused before anybody is asked', async () => {
    const { client_id: clientId } = await register(place)
    for (const resource of foreign()) {
      const landed = await land(place, clientId, { resource })
      assert.deepEqual([landed.searchParams.get('error'), landed.searchParams.get('code')], ['invalid_target', null], resource)
    }
  })
  it('of somewhere else beside our own is refused too', async () => {
    const { client_id: clientId } = await register(place)
    const { url } = authorizeUrl(place, clientId)
    for (const order of [
      `${url}&resource=https%3A%2F%2Felsewhere.example%2Fmcp`,
      url.replace('resource=', 'resource=https%3A%2F%2Felsewhere.example%2Fmcp&resource='),
    ]) {
      const answer = await fetch(order, { redirect: 'manual' })
      assert.equal(new URL(answer.headers.get('location') ?? '').searchParams.get('error'), 'invalid_target')
    }
  })
  it('cannot be changed with the code', async () => {
    const { client_id: clientId } = await register(place)
    for (const resource of ['https://elsewhere.example/mcp', new URL(server.url).origin, `${server.url}2`]) {
      const { code, verifier } = await getCode(place, clientId)
      assert.deepEqual(await errorOf(await redeem(place, clientId, code, verifier, { resource })), [400, 'invalid_target'], resource)
    }
  })
  it('cannot be changed with a refresh, which then costs nothing', async () => {
    const { tokens, clientId, refresh } = await connect(place)
    for (const resource of foreign()) {
      const fields = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token, client_id: clientId, resource }
      assert.deepEqual(await errorOf(await postForm(`${place.issuer}/token`, fields)), [400, 'invalid_target'], resource)
    }
    const renewed = await refresh()
    assert.equal(renewed.status, 200)
    assert.equal(claimsOf(((await renewed.json()) as Tokens).access_token)['aud'], server.url)
  })
  it('an audience parameter, as other servers have it, changes nothing', async () => {
    const { tokens } = await connect(place, { changes: { audience: 'https://elsewhere.example/mcp' } })
    assert.equal(claimsOf(tokens.access_token)['aud'], server.url)
  })
  it('of one server of ours opens no other one', async () => {
    await using other = await startServer({ tools: [{ name: 'look', execute: () => 'seen' }] } as never)
    const { tokens } = await connect(place)
    assert.equal((await mcp(other.url, { token: tokens.access_token }).call('look')).status, 401)
    assert.equal(await works(tokens.access_token), 200)
  })
})
