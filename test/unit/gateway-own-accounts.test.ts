/** People's own accounts at a guarded server: found, connected, renewed once, ended. On the wire of a server that keeps to the specification. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMemoryStore } from '../../src/storage/index.ts'
import { createMemoryKeyRing } from '../../src/vault/index.ts'
import { AnyAnswer, startWorld, type World } from '../fixtures/sign-in-world.ts'
import { verifies } from '../requirements.ts'
import { atBrowser, redirectUriOf, startPeople } from '../support/own-accounts.ts'
import { until } from '../support/until.ts'

const bearers = (world: World, start = '/mcp'): (string | undefined)[] => world.to(start).map(({ headers }) => headers.authorization)
const tokenRequests = (world: World): Record<string, string>[] =>
  world.to('/token').map(({ text }) => Object.fromEntries(new URLSearchParams(text)))

test('a server that asks is found by itself; who has not connected is told where to, and what the gateway asks waits', async () => {
  await using world = await startWorld()
  await using people = await startPeople({ url: world.serverUrl })
  assert.equal(people.personal.isPersonal(), true)
  assert.equal(people.upstream.state, 'down')
  assert.deepEqual(await people.call('ana'), {
    allowed: false,
    denial: {
      reason: 'not_connected',
      sentence: 'The server notes needs you to connect your account there.',
      url: 'http://localhost:7777/account/connections/notes',
    },
  })
  const nobody = await people.call(undefined)
  assert.equal(!nobody.allowed && nobody.denial.reason, 'not_permitted')
  assert.deepEqual(new Set(bearers(world)), new Set([undefined]))
  assert.deepEqual(await people.connections.list('ana'), [
    {
      id: 'notes',
      kind: 'oauth',
      title: new URL(world.serverUrl).host,
      servers: ['notes'],
      state: 'missing',
      since: undefined,
      lastUsedAt: undefined,
    },
  ])
})

test('who connects has a token of their own, and the gateway reads with that of the first', async () => {
  await using world = await startWorld()
  await using people = await startPeople({ url: world.serverUrl })
  assert.deepEqual(await people.connect('ana', world.visit), { id: 'notes' })
  assert.deepEqual(await people.connect('ben', world.visit), { id: 'notes' })
  assert.equal((await people.call('ana', { who: 'ana' })).allowed, true)
  assert.equal((await people.call('ben', { who: 'ben' })).allowed, true)
  const calls = world.to('/mcp').filter(({ text }) => text.includes('"tools/call"'))
  assert.equal(new Set(calls.map(({ headers }) => headers.authorization)).size, 2)
  for (const { headers } of calls) assert.match(String(headers.authorization), /^Bearer access-/)
  const [first, second] = tokenRequests(world)
  assert.equal(first?.['resource'], world.serverUrl)
  assert.equal(first?.['redirect_uri'], redirectUriOf('notes'))
  assert.notEqual(first?.['code_verifier'], second?.['code_verifier'])
  assert.equal(world.clients.size, 1, 'registered once')
  const [shown] = await people.connections.list('ana')
  assert.equal(shown?.state, 'connected')
  assert.equal(JSON.stringify(shown).includes('access-'), false)
  for (const { value } of await people.store.records('connection').list())
    assert.doesNotMatch(JSON.stringify(value), /access-|refresh-|client-/)
})

test('a token that is refused is renewed once for all calls that find it so', async () => {
  verifies('upstream-renewed-once')
  await using world = await startWorld()
  await using people = await startPeople({ url: world.serverUrl })
  await people.connect('ana', world.visit)
  await people.call('ana')
  world.expireTokens()
  const answers = await Promise.all(Array.from({ length: 20 }, () => people.call('ana')))
  assert.ok(answers.every(({ allowed }) => allowed))
  assert.equal(tokenRequests(world).filter(({ grant_type: type }) => type === 'refresh_token').length, 1)
})

test('one that is about to expire is renewed before it is sent, by one of two processes', async () => {
  await using world = await startWorld({ expiresInSeconds: 600 })
  const store = createMemoryStore({ clock: Date.now })
  const keyRing = createMemoryKeyRing()
  await using here = await startPeople({ url: world.serverUrl, store, keyRing })
  await using there = await startPeople({ url: world.serverUrl, store, keyRing })
  await here.connect('ana', world.visit)
  for (const one of [here, there]) assert.equal((await one.call('ana')).allowed, true)
  here.advance(580_000)
  there.advance(580_000)
  const answers = await Promise.all([here, there, here, there].map((one) => one.call('ana')))
  assert.ok(answers.every(({ allowed }) => allowed))
  assert.equal(tokenRequests(world).filter(({ grant_type: type }) => type === 'refresh_token').length, 1)
})

test('an authorization server that does not answer ends nothing; one that refuses the grant ends the connection, on record', async () => {
  let mood: 'well' | 'down' | 'refusing' = 'well'
  await using world = await startWorld({
    expiresInSeconds: 600,
    token: (document) =>
      mood === 'well'
        ? document
        : new AnyAnswer(mood === 'down' ? { status: 503, body: {} } : { status: 400, body: { error: 'invalid_grant' } }),
  })
  await using people = await startPeople({ url: world.serverUrl })
  await people.connect('ana', world.visit)
  await people.call('ana')
  mood = 'down'
  people.advance(580_000)
  assert.equal((await people.call('ana')).allowed, true, 'the token is still good')
  const asked = world.to('/token').length
  assert.equal((await people.call('ana')).allowed, true)
  assert.equal(world.to('/token').length, asked, 'and is not asked for in vain at every call')
  world.expireTokens()
  const later = await people.call('ana')
  assert.equal(!later.allowed && later.denial.reason, 'upstream_unavailable')
  assert.equal((await people.connections.list('ana'))[0]?.state, 'connected')
  mood = 'refusing'
  people.advance(20_000)
  const ended = await people.call('ana')
  assert.equal(!ended.allowed && ended.denial.reason, 'not_connected')
  assert.equal((await people.connections.list('ana'))[0]?.state, 'ended')
  assert.deepEqual(people.recorded, ['connection.end ana'])
})

test('a further permission that a call needs is asked for when the person connects again', async () => {
  await using world = await startWorld({
    serve(message, _, response) {
      if (message.method !== 'tools/call') return false
      response.writeHead(403, { 'www-authenticate': 'Bearer error="insufficient_scope", scope="tools:execute"' }).end()
      return true
    },
    token: (document) => ({ ...document, scope: 'tools:read' }),
  })
  await using people = await startPeople({ url: world.serverUrl })
  await people.connect('ana', world.visit)
  const refused = await people.call('ana')
  assert.match(
    !refused.allowed && refused.denial.reason === 'not_connected' ? refused.denial.sentence : '',
    /again, with a further permission/,
  )
  const begun = await people.connections.begin('notes', atBrowser('ana'), redirectUriOf('notes'))
  assert.deepEqual('location' in begun ? new URL(begun.location).searchParams.get('scope')?.split(' ').sort() : begun, [
    'tools:execute',
    'tools:read',
  ])
})

test('what was connected at one address is not sent to another, nor is a record that is somebody else’s', async () => {
  verifies('upstream-tokens-sealed')
  await using world = await startWorld()
  await using other = await startWorld()
  const store = createMemoryStore({ clock: Date.now })
  const keyRing = createMemoryKeyRing()
  {
    await using before = await startPeople({ url: world.serverUrl, store, keyRing })
    await before.connect('ana', world.visit)
  }
  await using after = await startPeople({ url: other.serverUrl, store, keyRing })
  const refused = await after.call('ana')
  assert.equal(!refused.allowed && refused.denial.reason, 'not_connected')
  assert.deepEqual(new Set(bearers(other)), new Set([undefined]))

  await using people = await startPeople({ url: world.serverUrl, store, keyRing })
  await people.connect('ben', world.visit)
  const records = store.records<{ user: string; sealed: string }>('connection')
  const kept = await records.list()
  const ana = kept.find(({ value }) => value.user === 'ana')
  const ben = kept.find(({ value }) => value.user === 'ben')
  assert.ok(ana && ben)
  await records.compareAndSet(ben.id, ben.version, { ...ben.value, sealed: ana.value.sealed })
  people.advance(1500)
  const moved = await people.call('ben')
  assert.equal(!moved.allowed && moved.denial.reason, 'not_connected')
})

test('what was begun at one address is not ended at another that the configuration names meanwhile', async () => {
  verifies('upstream-tokens-sealed')
  await using world = await startWorld()
  await using other = await startWorld()
  const parts = { store: createMemoryStore({ clock: Date.now }), keyRing: createMemoryKeyRing() }
  let begun: Awaited<ReturnType<Awaited<ReturnType<typeof startPeople>>['connections']['begin']>>
  {
    await using before = await startPeople({ url: world.serverUrl, ...parts })
    begun = await before.connections.begin('notes', atBrowser('ana'), redirectUriOf('notes'))
  }
  assert.ok('location' in begun)
  const callback = new URL(await world.visit(begun.location)).searchParams
  await using after = await startPeople({ url: other.serverUrl, ...parts })
  assert.match(JSON.stringify(await after.connections.finish(atBrowser('ana'), callback, redirectUriOf('notes'))), /another address/)
  assert.equal(world.to('/token').length, 0)
  const refused = await after.call('ana')
  assert.equal(!refused.allowed && refused.denial.reason, 'not_connected')
  assert.deepEqual(new Set(bearers(other)), new Set([undefined]))
})

test('a connection that is ended is given back and serves nobody any more', async () => {
  await using world = await startWorld({
    serverMetadata: (document, { issuer }) => ({ ...document, revocation_endpoint: `${issuer}/revoke` }),
  })
  const revoked = (): string[] => world.to('/revoke').map(({ text }) => new URLSearchParams(text).get('token') ?? '')
  await using people = await startPeople({ url: world.serverUrl })
  await people.connect('ana', world.visit)
  assert.equal((await people.call('ana')).allowed, true)
  assert.equal(await people.connections.end('notes', 'ana'), true)
  assert.equal(await people.connections.end('notes', 'ana'), false)
  const refused = await people.call('ana')
  assert.equal(!refused.allowed && refused.denial.reason, 'not_connected')
  await until('it is revoked', () => revoked().length > 0)
  // Behind what somebody else gives back, nothing more of hers can come.
  await people.connect('ben', world.visit)
  assert.equal(await people.connections.end('notes', 'ben'), true)
  await until('his is revoked', () => revoked().length > 1)
  assert.equal(new Set(revoked()).size, 2)
  assert.equal(revoked().length, 2)
  for (const token of revoked()) assert.match(token, /^refresh-/)
})

test('links are bounded, and one that has nothing to do ends', async () => {
  await using world = await startWorld()
  await using people = await startPeople({ url: world.serverUrl, maxLinks: 2, idleSeconds: 1 })
  const users = ['ana', 'ben', 'cem', 'dee']
  for (const user of users) await people.connect(user, world.visit)
  for (const user of users) {
    assert.equal((await people.call(user)).allowed, true)
    people.advance(5)
  }
  const discovered = (): number => world.to('/mcp').filter(({ text }) => text.includes('server/discover')).length
  const before = discovered()
  await people.call('ana')
  assert.equal(discovered(), before + 1, 'the first one made room and is opened again')
})
