/** What is good once at the provider's storage seam: the library looks and then writes, so that who is second is found here. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Adapter } from 'oidc-provider'
import { createAdapter } from '../../src/oauth/adapter.ts'
import { createArtifacts } from '../../src/oauth/artifacts.ts'
import { createGrants } from '../../src/oauth/grants.ts'
import { createLocalBus, createMemoryCounters, createMemoryStore } from '../../src/storage/index.ts'
import { createMemoryKeyRing, createMemoryVault } from '../../src/vault/index.ts'
import { verifies } from '../requirements.ts'

verifies('A15-once', 'par', 'device-once', 'code-injection')

function seam(model: string) {
  const [clock, store, bus] = [Date.now, createMemoryStore(), createLocalBus()]
  const artifacts = createArtifacts({ store, keyRing: createMemoryKeyRing(), vault: createMemoryVault(), clock })
  const grants = createGrants({ store, bus, clock, artifacts })
  const parts = { artifacts, grants, clock, counters: createMemoryCounters({ clock }) }
  return { grants, adapter: createAdapter(parts as Parameters<typeof createAdapter>[0])(model) as Adapter }
}
const adapterOf = (model: string): Adapter => seam(model).adapter
const winners = (outcomes: readonly PromiseSettledResult<unknown>[]): number =>
  outcomes.filter(({ status }) => status === 'fulfilled').length

test('of those who bring the same proof or assertion, each sure that it is new, one is the first', async () => {
  const adapter = adapterOf('ReplayDetection')
  const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => adapter.upsert('one', {}, 300)))
  assert.equal(winners(outcomes), 1)
  for (const each of outcomes) if (each.status === 'rejected') assert.equal(each.reason.error, 'invalid_grant')
  await adapter.upsert('another', {}, 300)
})

test('of those who come back with one pushed request, one goes on', async () => {
  const adapter = adapterOf('PushedAuthorizationRequest')
  await adapter.upsert('one', { request: 'x' }, 60)
  const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => adapter.consume('one')))
  assert.equal(winners(outcomes), 1)
  for (const each of outcomes) if (each.status === 'rejected') assert.equal(each.reason.error, 'invalid_request_uri')
  const found = await adapter.find('one')
  assert.ok(found?.consumed)
})

test('of those who answer for one device code, and of those who confirm it, one is heard', async () => {
  const adapter = adapterOf('DeviceCode')
  const pending = { userCode: 'BCDFGHJK', clientId: 'cl_1' }
  await adapter.upsert('one', pending, 60)
  for (const step of [{ inFlight: true }, { accountId: 'ana', grantId: 'gr_1' }]) {
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => adapter.upsert('one', { ...pending, ...step }, 60)))
    assert.equal(winners(outcomes), 1)
    for (const each of outcomes) if (each.status === 'rejected') assert.equal(each.reason.error, 'access_denied')
  }
})

test('of those who redeem one code one wins, and the others end the grant that came of it', async () => {
  const { adapter, grants } = seam('AuthorizationCode')
  await grants.save('gr_1', { accountId: 'ana', clientId: 'cl_1' }, 60)
  await adapter.upsert('one', { grantId: 'gr_1', clientId: 'cl_1' }, 60)
  const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => adapter.consume('one')))
  assert.equal(winners(outcomes), 1)
  for (const each of outcomes) if (each.status === 'rejected') assert.equal(each.reason.error, 'invalid_grant')
  assert.equal(await grants.find('gr_1'), undefined)
})
