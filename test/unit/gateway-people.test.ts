/** What a gateway keeps for people stands while their account does (`gateway/people.ts`). */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRedactor, silentLog } from '../../src/core/index.ts'
import { createPeople } from '../../src/gateway/index.ts'
import { createAccounts } from '../../src/people/index.ts'
import { createMemoryStore } from '../../src/storage/index.ts'
import { createMemoryKeyRing, createMemoryVault } from '../../src/vault/index.ts'

const DAY_MS = 86_400_000
const provider = {
  id: 'corp',
  title: 'Corp',
  issuer: 'https://id.corp.example',
  clientId: 'gateway',
  clientSecret: 'not a secret at all',
  dangerouslyAllowAnyone: true,
}

test('what somebody connected stands no longer than the word of the identity provider about them', async () => {
  let now = Date.UTC(2026, 5, 1)
  const clock = (): number => now
  const store = createMemoryStore({ clock })
  const data = { store, keyRing: createMemoryKeyRing(), vault: createMemoryVault() }
  const made = await createAccounts({ store, clock }).upsertFromProvider({
    identity: { provider: provider.issuer, subject: '1' },
    preferredName: 'ana',
    roles: [],
    groups: [],
  })
  assert.ok(made !== 'disabled')
  const { name } = made.account
  const connectedAt = (now += DAY_MS)
  const parts = { data, servers: [], redactor: createRedactor(), log: silentLog, clock }
  const people = createPeople({ ...parts, signIn: [provider] })
  assert.equal(await people.stands(name, connectedAt), true)
  now += 30 * DAY_MS
  assert.equal(await people.stands(name, connectedAt), false, 'nobody has vouched for them for a month')
  people.close()

  const without = createPeople({ ...parts, clock: () => connectedAt, signIn: [] })
  assert.equal(await without.stands(name, connectedAt), false, 'the provider is not configured any more')
  without.close()
})
