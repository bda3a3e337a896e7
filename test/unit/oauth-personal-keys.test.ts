/** A key of a person, and when what a person granted was last used. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createApiKeys } from '../../src/oauth/index.ts'
import { createAccounts } from '../../src/people/index.ts'
import { createMemoryStore } from '../../src/storage/index.ts'
import { createMemoryKeyRing } from '../../src/vault/index.ts'
import { verifies } from '../requirements.ts'
import { ANA, connect, startAuthorizationServer, verify } from '../support/authorization.ts'
import { until } from '../support/until.ts'

verifies('personal-keys', 'grant-use')

function start() {
  let now = 1_800_000_000_000
  const clock = () => now
  const store = createMemoryStore({ clock })
  const keyRing = createMemoryKeyRing()
  const accounts = createAccounts({ store, clock })
  const keys = createApiKeys({ store, keyRing, clock, accounts })
  return { keys, store, keyRing, clock, accounts, later: () => void (now += 1000) }
}
type Keys = ReturnType<typeof start>['keys']

async function callerOf(keys: Keys, value: string) {
  const decision = await keys.verifier.verify({ scheme: 'bearer', value }, 'http://localhost:7777/mcp')
  if (decision.allowed) return decision.value.principal
  return decision.denial.reason === 'unauthenticated' ? decision.denial.problem : decision.denial.reason
}
const OWN = { name: 'my script', scopes: ['tools:read'], createdBy: 'ana', account: 'ana' }

test('it is its owner who calls, with the roles that they have now; and the key is told apart in it', async () => {
  const { keys, accounts, store } = start()
  await accounts.create({ ...ANA, roles: ['staff'] })
  const { id, key } = await keys.create({ ...OWN, roles: ['owner'] })
  const principal = await callerOf(keys, key)
  assert.deepEqual(principal, {
    issuer: 'key',
    subject: 'ana',
    user: 'ana',
    clientId: `spk_${id}`,
    credential: 'key',
    scopes: ['tools:read'],
    roles: ['staff'],
    credentialId: `spk_${id}`,
  })
  const records = store.records<{ roles: string[] }>('account')
  const found = await records.get('ana')
  assert.ok(found)
  await records.compareAndSet('ana', found.version, { ...found.value, roles: [] })
  assert.deepEqual(((await callerOf(keys, key)) as { roles: readonly string[] }).roles, [])
})

test('it ends with the account, and is nothing to another one of the same name', async () => {
  const { keys, accounts, store, later } = start()
  const ana = await keys.create(OWN)
  assert.equal(await callerOf(keys, ana.key), 'revoked', 'there is no account')
  later()
  await accounts.create(ANA)
  assert.equal(await callerOf(keys, ana.key), 'revoked', 'the account came after the key')
  const own = await keys.create(OWN)
  assert.equal(typeof (await callerOf(keys, own.key)), 'object')
  await store.records('account').takeOnce('ana')
  assert.equal(await callerOf(keys, own.key), 'revoked')
  later()
  await accounts.create(ANA)
  assert.equal(await callerOf(keys, own.key), 'revoked', 'somebody else of that name')
  const rolled = await keys.roll(own.id, { overlapMs: 0, by: 'an operator' })
  assert.ok('key' in rolled)
  assert.equal(await callerOf(keys, rolled.key), 'revoked', 'nor is its successor that person’s')
})

test('what was found out about it is looked at again within a quarter of an hour: an account can end by the time alone', async () => {
  const { keys, accounts, clock } = start()
  await accounts.create(ANA)
  const outcome = async (made: { readonly key: string }) => {
    const decision = await keys.verifier.verify({ scheme: 'bearer', value: made.key }, 'http://localhost:7777/mcp')
    return decision.allowed ? decision.value.expiresAt - clock() : undefined
  }
  assert.equal(await outcome(await keys.create(OWN)), 900_000)
  assert.equal(await outcome(await keys.create({ ...OWN, expiresInDays: 1 / 1440 })), 60_000, 'no later than the key itself')
})

test('where nobody says whose accounts there are, it is good for nothing', async () => {
  const { keys, accounts, store, keyRing, clock } = start()
  await accounts.create(ANA)
  const { key } = await keys.create(OWN)
  assert.equal(await callerOf(createApiKeys({ store, keyRing, clock }), key), 'revoked')
})

test('its successor is the same person’s, and lists are by person', async () => {
  const { keys, accounts } = start()
  await accounts.create(ANA)
  await accounts.create({ ...ANA, name: 'ben' })
  const first = await keys.create(OWN)
  // Whoever made it at the command line may be called like an account.
  await keys.create({ name: 'ci', scopes: ['tools:read'], createdBy: 'ana' })
  await keys.create({ ...OWN, createdBy: 'ben', account: 'ben' })
  const second = await keys.roll(first.id, { overlapMs: 60_000, by: 'ana' })
  assert.ok('key' in second)
  const [before, after] = [await callerOf(keys, first.key), await callerOf(keys, second.key)]
  assert.deepEqual(after, { ...(before as object), credentialId: `spk_${second.id}` })
  assert.deepEqual((await keys.listOf('ana')).map(({ id }) => id).sort(), [first.id, second.id].sort())
  assert.equal((await keys.listOf('ben')).length, 1)
})

test('a grant says when it was last used and from where, to the minute, and lives no longer for it', async () => {
  await using fixture = await startAuthorizationServer()
  const { tokens } = await connect(fixture)
  const principal = await verify(fixture, tokens.access_token)
  assert.ok(typeof principal === 'object')
  const grants = fixture.store.records<{ payload: { exp: number }; lastUsed?: { at: number; from: string } }>('grant')
  const kept = async () => (await grants.list())[0]
  const at = Date.now()
  const note = (after: number, over: object = {}) =>
    fixture.server.noteUse?.({
      at: at + after,
      decision: 'allow',
      credential: 'token',
      credentialId: principal.credentialId,
      address: '2001:db8:1:2:3:4:5:6',
      ...over,
    })
  assert.equal((await kept())?.value.lastUsed, undefined)
  note(0, { credentialId: 'somebody’s' })
  note(0, { credential: 'key' })
  note(1000)
  for (let call = 0; call < 1000; call++) note(2000 + call)
  await until('the use to be written', async () => (await kept())?.value.lastUsed !== undefined)
  const written = await kept()
  assert.deepEqual(written?.value.lastUsed, { at: at + 1000, from: '2001:db8:1:2::/64' })
  note(62_000)
  await until('the next to be written', async () => (await kept())?.value.lastUsed?.at === at + 62_000)
  assert.equal((await kept())?.version, (written?.version ?? 0) + 1, 'one write')
  fixture.advance((written?.value.payload.exp ?? 0) * 1000 - Date.now() + 1000)
  assert.equal(await kept(), undefined, 'it ends when it would have')
})
