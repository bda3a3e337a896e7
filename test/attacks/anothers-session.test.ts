/**
 * A session at a guarded server that outlives whose it was. Servers of 2025 remember in a session who opened it, so that neither somebody
 * who connected another account since, nor a person who has the name of one that is gone, may get to the session of the first; nor to
 * their connection.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRedactor, type Principal, silentLog } from '../../src/core/index.ts'
import type { PersonalCredentials } from '../../src/gateway/credentials/index.ts'
import { createPeopleLinks } from '../../src/gateway/each-person/people-links.ts'
import { createSecretBook } from '../../src/gateway/secrets/book.ts'
import { createAccounts } from '../../src/people/index.ts'
import { createMemoryStore } from '../../src/storage/index.ts'
import { createMemoryKeyRing, createNamedSecrets } from '../../src/vault/index.ts'
import { startWorld, type World } from '../fixtures/sign-in-world.ts'
import { verifies } from '../requirements.ts'
import { ANA } from '../support/authorization.ts'
import { type People, principalOf, startPeople } from '../support/own-accounts.ts'
import { vaultOf } from '../support/vault.ts'

verifies('upstream-own-token')

interface Remembering extends AsyncDisposable {
  readonly world: World
  /** Of each call: whose token it had, and who opened its session. */
  readonly calls: { readonly token: string; readonly session: string }[]
  /** Signs in there as somebody. */
  readonly as: (account: string) => (url: string) => Promise<string>
}
/** A server with sessions, which holds what it knows of its caller in them. */
async function startRemembering(): Promise<Remembering> {
  const whose = new Map<string, string>()
  const sessions = new Map<string, string>()
  const calls: Remembering['calls'] = []
  const world: World = await startWorld({
    token(document) {
      const form = new URLSearchParams(world.seen.at(-1)?.text)
      const account = whose.get(form.get('code') ?? form.get('refresh_token') ?? '') ?? 'nobody'
      whose.set(`Bearer ${document.access_token}`, account)
      whose.set(document.refresh_token, account)
      return document
    },
    serve(message, { headers }, response) {
      const token = whose.get(headers.authorization ?? '') ?? 'nobody'
      const say = (body: object, more: Record<string, string> = {}): true => {
        response.writeHead(200, { 'content-type': 'application/json', ...more })
        response.end(JSON.stringify({ jsonrpc: '2.0', id: message.id, ...body }))
        return true
      }
      if (message.method === 'server/discover') return say({ error: { code: -32_601, message: 'Method not found' } })
      if (message.method === 'initialize') {
        const id = `session-${sessions.size}`
        sessions.set(id, token)
        const result = { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo: { name: 'remembering', version: '1' } }
        return say({ result }, { 'mcp-session-id': id })
      }
      if (message.method !== 'tools/call') return false
      calls.push({ token, session: sessions.get(String(headers['mcp-session-id'])) ?? 'none' })
      return false
    },
  })
  return {
    world,
    calls,
    as: (account) => async (url) => {
      const landed = await world.visit(url)
      whose.set(new URL(landed).searchParams.get('code') ?? '', account)
      return landed
    },
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  }
}
const reasonOf = async (people: People, user: string): Promise<string> => {
  const outcome = await people.call(user)
  return outcome.allowed ? 'allowed' : outcome.denial.reason
}

const partsFor = ({ world }: Remembering) => ({
  server: 'notes',
  target: { url: world.serverUrl, headers: {} },
  client: { name: 'sallyport', version: '0' },
  log: silentLog,
  redactor: createRedactor(),
  clock: Date.now,
  stale() {},
})
const callOf = (principal: Principal) => ({
  method: 'tools/call',
  params: { name: 'echo', arguments: {} },
  mirrors: [],
  deadlineAt: Date.now() + 20_000,
  caller: { principal, meta: {}, capabilities: {}, logLevel: undefined, notify() {}, onAbort() {} },
})

test('who connects another account calls in a session of that account, also where another process served the page', async () => {
  await using there = await startRemembering()
  const store = createMemoryStore({ clock: Date.now })
  const keyRing = createMemoryKeyRing()
  await using people = await startPeople({ url: there.world.serverUrl, store, keyRing })
  await using pages = await startPeople({ url: there.world.serverUrl, store, keyRing })
  await people.connect('ana', there.as('private'))
  assert.equal(await reasonOf(people, 'ana'), 'allowed')
  await people.connections.end('notes', 'ana')
  await people.connect('ana', there.as('work'))
  assert.equal(await reasonOf(people, 'ana'), 'allowed')
  await pages.connect('ana', there.as('club'))
  people.advance(1500)
  assert.equal(await reasonOf(people, 'ana'), 'allowed')
  // Renewed, it stays the same connection, and the session goes on.
  there.world.expireTokens()
  assert.equal(await reasonOf(people, 'ana'), 'allowed')
  assert.deepEqual(
    there.calls,
    ['private', 'work', 'club', 'club'].map((account) => ({ token: account, session: account })),
  )
  const opened = there.world.to('/mcp').filter(({ text }) => text.includes('"initialize"')).length
  assert.equal(await reasonOf(people, 'ana'), 'allowed')
  assert.equal(there.world.to('/mcp').filter(({ text }) => text.includes('"initialize"')).length, opened)
})

test('an account that was removed and made anew under the same name finds no connection, and no session of the first', async () => {
  verifies('upstream-tokens-sealed')
  await using there = await startRemembering()
  const store = createMemoryStore({ clock: Date.now })
  const keyRing = createMemoryKeyRing()
  const accounts = createAccounts({ store, clock: Date.now })
  const secrets = createNamedSecrets({ store, vault: vaultOf(keyRing), clock: Date.now })
  const book = createSecretBook({ secrets, accounts, redactor: createRedactor(), log: silentLog })
  await using people = await startPeople({ url: there.world.serverUrl, store, keyRing, stands: book.stands })
  await accounts.create(ANA)
  await people.connect('ana', there.as('the first'))
  assert.equal(await reasonOf(people, 'ana'), 'allowed')
  const records = store.records('connection')
  const [kept] = await records.list()
  assert.ok(kept)

  await accounts.remove('ana')
  assert.deepEqual(await records.list(), [])
  await accounts.create(ANA)
  people.advance(1500)
  assert.equal(await reasonOf(people, 'ana'), 'not_connected')
  assert.equal((await people.connections.list('ana'))[0]?.state, 'missing')
  // What comes back from somewhere, or was never taken away, is not theirs either; nor does the gateway use it for itself.
  await records.putIfAbsent(kept.id, kept.value, { group: 'account:ana', expiresAt: Date.now() + 60_000 })
  assert.equal(await reasonOf(people, 'ana'), 'not_connected')
  assert.equal((await people.connections.list('ana'))[0]?.state, 'missing')
  assert.equal((await people.personal.credentials.present(undefined)).allowed, false)
  // Whoever is connected next is asked for, and not whose account is gone.
  await accounts.create({ name: 'ben', password: 'a kettle beside the window' })
  await people.connect('ben', there.as('of ben'))
  assert.equal((await people.personal.credentials.present(undefined)).allowed, true)

  await people.connect('ana', there.as('the second'))
  assert.equal(await reasonOf(people, 'ana'), 'allowed')
  assert.deepEqual(there.calls, [
    { token: 'the first', session: 'the first' },
    { token: 'the second', session: 'the second' },
  ])
  book.close()
})

test('an account that is made anew while its predecessor’s sign-in is being ended gets nothing of it', async () => {
  let madeAt = 0
  await using world = await startWorld({
    token(document) {
      madeAt = Date.now() + 1
      while (Date.now() <= madeAt);
      return document
    },
  })
  await using people = await startPeople({ url: world.serverUrl, stands: async (_, at) => at >= madeAt })
  await people.connect('ana', world.visit)
  assert.equal(world.to('/token').length, 1)
  assert.equal((await people.connections.list('ana'))[0]?.state, 'missing')
  assert.equal(await reasonOf(people, 'ana'), 'not_connected')
})

test('where nothing tells one connection from another, each person has a link of their own all the same', async () => {
  await using there = await startRemembering()
  await using people = await startPeople({ url: there.world.serverUrl })
  for (const user of ['ana', 'ben']) await people.connect(user, there.as(user))
  const personal: PersonalCredentials = { ...people.personal, boundTo: () => undefined, close: async () => {} }
  const upstream = createPeopleLinks({ ...partsFor(there), personal })
  await upstream.start()
  for (const user of ['ana', 'ben', 'ana', 'ben']) assert.equal((await upstream.call(callOf(principalOf(user)))).allowed, true)
  assert.deepEqual(
    there.calls,
    ['ana', 'ben', 'ana', 'ben'].map((account) => ({ token: account, session: account })),
  )
  await upstream.close()
})

test('a call that is another’s by the time it is sent goes out on nobody’s link', async () => {
  await using there = await startRemembering()
  await using people = await startPeople({ url: there.world.serverUrl })
  for (const user of ['ana', 'ben']) await people.connect(user, there.as(user))
  const principal: { -readonly [Key in keyof Principal]: Principal[Key] } = { ...principalOf('ana') }
  const { credentials } = people.personal
  const turning: PersonalCredentials = {
    ...people.personal,
    credentials: {
      ...credentials,
      present(who) {
        const given = credentials.present(who)
        if (who === principal) principal.user = 'ben'
        return given
      },
    },
    close: async () => {},
  }
  const upstream = createPeopleLinks({ ...partsFor(there), personal: turning })
  await upstream.start()
  const outcome = await upstream.call(callOf(principal))
  assert.equal(principal.user, 'ben')
  assert.equal(!outcome.allowed && outcome.denial.reason, 'upstream_unavailable')
  assert.deepEqual(there.calls, [])
  await upstream.close()
})
