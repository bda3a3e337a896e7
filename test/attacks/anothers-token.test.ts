/**
 * One person's token used for another (T13): a thousand calls of five people at once, while tokens expire, links are closed, connections
 * end and people connect anew; on the wire of the guarded server each call has the token of the person whose call it is. And a guarded
 * server that says out loud what it was sent: neither its clients nor the log nor the audit get to see it.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createAccounts } from '../../src/people/index.ts'
import { startWorld, type World } from '../fixtures/sign-in-world.ts'
import { verifies } from '../requirements.ts'
import { ANA, connect } from '../support/authorization.ts'
import { connectAccount } from '../support/connect-account.ts'
import { startGateway } from '../support/gateway.ts'
import { mcp } from '../support/mcp.ts'
import { startPeople } from '../support/own-accounts.ts'
import { until } from '../support/until.ts'

const USERS = ['ana', 'ben', 'cem', 'dee', 'eve']
const CALLS = 1000

test('1,000 calls of five people, among expiry, closed links, ends and new connections: each with the token of its own caller', async () => {
  verifies('upstream-own-token')
  /** Whose each code, refresh token and access token is. */
  const whose = new Map<string, string>()
  const wrong: string[] = []
  let served = 0
  const world: World = await startWorld({
    token(document) {
      const form = new URLSearchParams(world.seen.at(-1)?.text)
      const user = whose.get(form.get('code') ?? form.get('refresh_token') ?? '') ?? 'nobody'
      whose.set(`Bearer ${document.access_token}`, user)
      whose.set(document.refresh_token, user)
      return document
    },
    serve(message, { headers }) {
      if (message.method !== 'tools/call') return false
      served++
      const { who } = message.params.arguments
      const shown = whose.get(headers.authorization ?? '')
      if (shown !== who) wrong.push(`${shown} for ${who}`)
      return false
    },
  })
  await using people = await startPeople({ url: world.serverUrl, idleSeconds: 1 })
  const connectAs = (user: string) =>
    people.connect(user, async (url) => {
      const landed = await world.visit(url)
      whose.set(new URL(landed).searchParams.get('code') ?? '', user)
      return landed
    })
  await Promise.all(USERS.map(connectAs))

  let answered = 0
  async function callAs(user: string, at: number): Promise<void> {
    const outcome = await people.call(user, { who: user, at })
    if (!outcome.allowed) return
    answered++
    assert.deepEqual(outcome.value.kind === 'result' && outcome.value.result['content'], [
      { type: 'text', text: JSON.stringify({ who: user, at }) },
    ])
  }
  // The same order every time, and no pattern in it.
  let seed = 42
  const random = (below: number): number => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) % below
  const under = new Set<Promise<unknown>>()
  const begin = (work: Promise<unknown>): void => {
    const one = work.finally(() => under.delete(one))
    under.add(one)
  }
  for (let at = 0; at < CALLS; at++) {
    const user = USERS[random(USERS.length)] as string
    if (at % 97 === 0) world.expireTokens()
    if (at % 131 === 130) begin(people.connections.end('notes', user).then(() => connectAs(user)))
    if (at % 50 === 0) people.advance(random(1500))
    begin(callAs(user, at))
    while (under.size >= 24) await Promise.race(under)
  }
  await Promise.all(under)
  await world[Symbol.asyncDispose]()
  assert.deepEqual(wrong, [])
  assert.ok(served > CALLS * 0.7 && answered > CALLS * 0.7, `${served} were served, ${answered} answered`)
  assert.ok(new Set(whose.values()).size === USERS.length)
})

test('a guarded server that says every token it has seen: none reaches the client, the log or the audit, and none that came to us reaches it', async () => {
  verifies('upstream-token-stays', 'T02')
  const told: string[] = []
  await using world = await startWorld({
    serve(message, { headers }, response) {
      if (message.method !== 'tools/call') return false
      const token = String(headers.authorization)
      told.push(token.replace('Bearer ', ''))
      const again = [...told, Buffer.from(token).toString('base64'), encodeURIComponent(token)]
      const body = { content: again.map((text) => ({ type: 'text', text })), structuredContent: { token }, _meta: { token } }
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ jsonrpc: '2.0', id: message.id, result: { resultType: 'complete', ...body } }))
      return true
    },
  })
  await using gateway = await startGateway({ servers: { notes: { url: world.serverUrl, tools: { echo: 'read' } } } })
  await createAccounts({ store: gateway.data.store, clock: Date.now }).create(ANA)
  const { tokens } = await connect(gateway)
  const client = mcp(gateway.url, { token: tokens.access_token })
  const link = `${gateway.issuer}/account/connections/notes`
  const page = await connectAccount({ link, person: ANA, there: (location) => world.visit(location) })
  const seen: string[] = [page]
  await until('its tools', async () => (await client.list()).some(({ name }) => name === 'echo'))
  for (let at = 0; at < 3; at++) {
    seen.push(JSON.stringify(await client.call('echo', { at })))
    // Renewed in between: the one before is known still.
    world.expireTokens()
  }
  assert.ok(new Set(told).size >= 2, 'it has seen several')
  assert.match(seen.at(-1) ?? '', /\[redacted\]/)
  const records = JSON.stringify(await gateway.records())
  for (const token of new Set(told)) {
    for (const form of [token, Buffer.from(`Bearer ${token}`).toString('base64')])
      for (const [where, text] of Object.entries({ client: seen.join(''), log: gateway.log(), audit: records }))
        assert.equal(text.includes(form), false, `the ${where} has an upstream token`)
  }
  for (const { headers, text } of world.seen) {
    assert.equal(JSON.stringify(headers).includes(tokens.access_token) || text.includes(tokens.access_token), false)
    assert.equal(JSON.stringify(headers).includes('cookie'), false)
  }
  assert.equal(records.includes('refresh-') || gateway.log().includes('refresh-'), false)
})
