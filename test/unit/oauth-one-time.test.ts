/** What is good once at the provider's storage seam: the library looks and then writes, so that who is second is found here. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Adapter } from 'oidc-provider'
import { createAdapter } from '../../src/oauth/adapter.ts'
import { createArtifacts } from '../../src/oauth/artifacts.ts'
import { createGrants } from '../../src/oauth/grants.ts'
import { createLocalBus, createMemoryCounters, createMemoryStore } from '../../src/storage/index.ts'
import { createMemoryKeyRing } from '../../src/vault/index.ts'
import { verifies } from '../requirements.ts'

verifies('A15-once', 'par')

function adapterOf(model: string): Adapter {
  const [clock, store, bus] = [Date.now, createMemoryStore(), createLocalBus()]
  const artifacts = createArtifacts({ store, keyRing: createMemoryKeyRing(), clock })
  const grants = createGrants({ store, bus, clock, artifacts })
  const parts = { artifacts, grants, clock, counters: createMemoryCounters({ clock }) }
  return createAdapter(parts as Parameters<typeof createAdapter>[0])(model) as Adapter
}
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
