/** What people and clients leave behind goes by itself, the last of it a little after nothing can be done with it any more. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createApiKeys } from '../../src/oauth/index.ts'
import type { RecordKind, Store } from '../../src/storage/index.ts'
import { ANA, connect, startAuthorizationServer } from '../support/authorization.ts'

const DAY_MS = 86_400_000
const KINDS: readonly RecordKind[] = ['api_key', 'client', 'grant', 'oauth_artifact', 'one_time_link']

const left = async (store: Store): Promise<Record<string, number>> =>
  Object.fromEntries(await Promise.all(KINDS.map(async (kind) => [kind, (await store.records(kind).list()).length] as const)))

test('a client that was allowed something outlives its grants, and not by much', async () => {
  await using fixture = await startAuthorizationServer()
  const { clientId, tokens } = await connect(fixture, { person: { ...ANA, lasts: 'open' } })
  assert.equal((await fixture.clients.get(clientId))?.lastUsedAt !== undefined, true, 'a token was given to it')
  fixture.advance(364 * DAY_MS)
  assert.ok(await fixture.clients.exists(clientId))
  assert.equal((await fixture.store.records('grant').list()).length, 1)
  fixture.advance(1.5 * DAY_MS)
  assert.ok(await fixture.clients.exists(clientId), 'it is there while any grant is')
  assert.equal((await fixture.store.records('grant').list()).length, 0)
  fixture.advance(DAY_MS)
  assert.equal(await fixture.clients.exists(clientId), false)
  assert.ok(tokens.access_token)
})

test('after everything has ended, nothing is left of any of it, and the sweep takes it off the disk', async () => {
  await using fixture = await startAuthorizationServer()
  const keys = createApiKeys({ store: fixture.store, keyRing: fixture.keyRing, clock: Date.now })
  for (let person = 0; person < 3; person++) {
    const client = await connect(fixture)
    for (let again = 0; again < 3; again++) await client.refresh()
    const { id } = await keys.create({ name: 'a', scopes: ['tools:read'], createdBy: 'test' })
    await keys.roll(id, { overlapMs: 1000, by: 'test' })
  }
  const before = await left(fixture.store)
  assert.deepEqual([before['client'], before['grant'], before['api_key']], [3, 3, 6])
  fixture.advance(400 * DAY_MS)
  assert.deepEqual(await left(fixture.store), Object.fromEntries(KINDS.map((kind) => [kind, 0])))
  assert.ok((await fixture.store.sweep()) >= 12)
})
