// A thousand redemptions of one code at once, and refreshes in parallel, at a real server with its database in files, over bounded
// connections of real HTTP. One redemption wins; refreshes all win, and stay one family.

import assert from 'node:assert/strict'
import { Agent, request } from 'node:http'
import { after, before, describe, it } from 'node:test'
import { createMemoryStore } from '../../src/storage/index.ts'
import { verifies } from '../requirements.ts'
import { ANA, CALLBACK, connect, postForm, register, startAuthorizationServer, type Tokens, verify } from '../support/authorization.ts'
import { getCode } from '../support/codes.ts'
import { findFreePort } from '../support/index.ts'
import { mcp } from '../support/mcp.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { slowly } from '../support/slow-store.ts'

verifies('one-time', 'A8')

const CONNECTIONS = 64
let server: TestServer
let agent: Agent
let place: { readonly issuer: string; readonly resource: string }
before(async () => {
  const plenty = { max: 100_000 }
  server = await startServer({ rateLimit: { ...plenty, tools: plenty }, tools: [{ name: 'look', execute: () => 'seen' }] } as never)
  await server.user(ANA.name, ANA.password)
  place = { issuer: server.issuer, resource: server.url }
  agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
})
after(async () => {
  agent.destroy()
  await server[Symbol.asyncDispose]()
})

interface Answer {
  readonly status: number
  readonly body: Partial<Tokens> & { readonly error?: string }
}

/** Over one of the connections that there are; `fetch` would open as many as there are requests. */
function post(fields: Record<string, string>, issuer = place.issuer, port = new URL(issuer).port): Promise<Answer> {
  const body = new URLSearchParams(fields).toString()
  const headers = {
    host: new URL(issuer).host,
    'content-type': 'application/x-www-form-urlencoded',
    'content-length': Buffer.byteLength(body),
  }
  return new Promise((resolve, reject) => {
    request({ host: 'localhost', port, path: '/token', method: 'POST', agent, headers }, async (response) => {
      let text = ''
      for await (const chunk of response) text += chunk
      resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) })
    })
      .on('error', reject)
      .end(body)
  })
}
const works = async (token: string | undefined): Promise<boolean> =>
  (await mcp(server.url, { token: token ?? '' }).call('look')).status === 200

describe('in parallel', () => {
  it('of a thousand redemptions of one code one wins, and what it won ends, since the code was out', async () => {
    const { client_id: clientId } = await register(place)
    const { code, verifier } = await getCode(place, clientId)
    const fields = { grant_type: 'authorization_code', code, redirect_uri: CALLBACK, client_id: clientId, code_verifier: verifier }
    const answers = await Promise.all(Array.from({ length: 1_000 }, () => post(fields)))
    const won = answers.filter(({ status }) => status === 200)
    assert.equal(won.length, 1)
    for (const { status, body } of answers) if (status !== 200) assert.deepEqual([status, body.error], [400, 'invalid_grant'])
    assert.equal(await works(won[0]?.body.access_token), false)
    const refresh = { grant_type: 'refresh_token', refresh_token: won[0]?.body.refresh_token ?? '', client_id: clientId }
    assert.equal((await post(refresh)).status, 400)
  })
  it('of a thousand one wins at most where the store is slow: all of them find the code good before the first has used it', async () => {
    await using slow = await startAuthorizationServer({ store: slowly(createMemoryStore({ clock: Date.now })) })
    const { client_id: clientId } = await register(slow)
    const { code, verifier } = await getCode(slow, clientId)
    const fields = { grant_type: 'authorization_code', code, redirect_uri: CALLBACK, client_id: clientId, code_verifier: verifier }
    const answers = await Promise.all(Array.from({ length: 1_000 }, () => post(fields, slow.issuer)))
    const won = answers.filter(({ status }) => status === 200)
    assert.ok(won.length <= 1, `${won.length} won`)
    for (const { body } of won) assert.equal(await verify(slow, body.access_token ?? ''), 'revoked')
    for (const { status, body } of answers) if (status !== 200) assert.deepEqual([status, body.error], [400, 'invalid_grant'])
  })
  it('five parallel refreshes of one token all succeed, and are one family: each works, and they end together', async () => {
    const families = await Promise.all(Array.from({ length: 4 }, () => connect(place)))
    for (const { tokens, clientId } of families) {
      const fields = (token: string | undefined) => ({ grant_type: 'refresh_token', refresh_token: token ?? '', client_id: clientId })
      const answers = await Promise.all(Array.from({ length: 5 }, () => post(fields(tokens.refresh_token))))
      assert.deepEqual(
        answers.map(({ status }) => status),
        [200, 200, 200, 200, 200],
      )
      const successors = new Set(answers.map(({ body }) => body.refresh_token))
      assert.equal(successors.size, 1)
      for (const { body } of answers) assert.ok(await works(body.access_token))
      const [successor] = successors
      const next = await post(fields(successor))
      assert.equal(next.status, 200)
      await postForm(`${place.issuer}/revoke`, { token: next.body.refresh_token, client_id: clientId })
      for (const { body } of [...answers, next]) assert.equal(await works(body.access_token), false)
    }
  })
  it('two servers over one database give one code to one, and one successor to all', async () => {
    const port = String(await findFreePort())
    await using _second = await startServer({
      port: Number(port),
      dataDir: server.dataDir,
      publicUrl: place.issuer,
      rateLimit: { max: 100_000 },
    } as never)
    const turns = (at: number): string => (at % 2 === 0 ? new URL(place.issuer).port : port)
    const { client_id: clientId } = await register(place)
    const { code, verifier } = await getCode(place, clientId)
    const fields = { grant_type: 'authorization_code', code, redirect_uri: CALLBACK, client_id: clientId, code_verifier: verifier }
    const answers = await Promise.all(Array.from({ length: 200 }, (_, at) => post(fields, place.issuer, turns(at))))
    assert.ok(answers.filter(({ status }) => status === 200).length <= 1)

    const { tokens, clientId: signedIn } = await connect(place)
    const refresh = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token ?? '', client_id: signedIn }
    const renewed = await Promise.all(Array.from({ length: 10 }, (_, at) => post(refresh, place.issuer, turns(at))))
    assert.deepEqual(new Set(renewed.map(({ status }) => status)), new Set([200]))
    assert.equal(new Set(renewed.map(({ body }) => body.refresh_token)).size, 1)
    for (const { body } of renewed) assert.ok(await works(body.access_token))
  })
  it('five refreshes each of twenty tokens at once mix nothing up', async () => {
    const families = await Promise.all(Array.from({ length: 20 }, () => connect(place)))
    const answers = await Promise.all(
      families.flatMap(({ tokens, clientId }) =>
        Array.from({ length: 5 }, async () => ({
          clientId,
          ...(await post({ grant_type: 'refresh_token', refresh_token: tokens.refresh_token ?? '', client_id: clientId })),
        })),
      ),
    )
    const lines = new Map<string | undefined, Set<string>>()
    for (const { status, body, clientId } of answers) {
      assert.equal(status, 200)
      lines.set(body.refresh_token, (lines.get(body.refresh_token) ?? new Set()).add(clientId))
    }
    assert.equal(lines.size, 20)
    for (const clients of lines.values()) assert.equal(clients.size, 1)
  })
})
