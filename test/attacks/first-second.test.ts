// Clickjacking by a double click: the second click of somebody who was made to click twice falls on our page, which came in between. It
// grants nothing, by the server's own clock.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createAuthorizationServer } from '../../src/oauth/index.ts'
import { MCPServer } from '../../src/server/index.ts'
import { createLocalBus, createMemoryCounters, createMemoryStore } from '../../src/storage/index.ts'
import { createMemoryKeyRing, createMemoryVault } from '../../src/vault/index.ts'
import { verifies } from '../requirements.ts'
import { type Fixture, register, startAuthorizationServer } from '../support/authorization.ts'
import { formsOf, textOf } from '../support/browser.ts'
import { landed, openConsent, toAsked } from '../support/consent.ts'

verifies('consent-first-second')

const grants = async ({ store }: Fixture): Promise<number> => (await store.records('grant').list()).length

test('an Allow in the first second is not one, and the page that asks again begins a second of its own', async () => {
  await using fixture = await startAuthorizationServer({ takesTimeToRead: true })
  const { client_id: clientId } = await register(fixture)
  const asked = await openConsent(fixture, clientId)
  const first = await asked.answer({ untick: [['group', 'run']], changed: { lasts: 'hour' } })
  assert.ok('html' in first)
  assert.equal(first.status, 400)
  assert.match(textOf(first.html), /faster than anybody can read this\. Nothing was allowed yet/)
  const ticked = formsOf(first)[0]
    ?.fields.filter(({ checked }) => checked)
    .map(({ name, value }) => `${name} ${value}`)
  assert.deepEqual(ticked, ['group read', 'lasts hour'], 'it is as the person left it')
  const again = toAsked(asked.browser, first)
  assert.ok('html' in (await again.answer()))
  assert.equal(await grants(fixture), 0)
  const refused = fixture.records
    .filter(({ action }) => action === 'consent')
    .map(({ decision, reason, subject }) => [decision, reason, subject])
  assert.deepEqual(refused, [
    ['deny', 'too_soon', 'ana'],
    ['deny', 'too_soon', 'ana'],
  ])

  fixture.advance(1000)
  assert.ok(landed(await again.answer()).get('code'))
  assert.equal(await grants(fixture), 1)
})

test('many clicks at once gain nothing', async () => {
  await using fixture = await startAuthorizationServer({ takesTimeToRead: true })
  const { client_id: clientId } = await register(fixture)
  const asked = await openConsent(fixture, clientId)
  for (const shown of await Promise.all(Array.from({ length: 8 }, () => asked.answer()))) assert.ok('html' in shown)
  assert.equal(await grants(fixture), 0)
})

test('the time is ours: it cannot be made, taken from another question, or be yet to come', async () => {
  await using fixture = await startAuthorizationServer({ takesTimeToRead: true })
  const { client_id: clientId } = await register(fixture)
  const earlier = await openConsent(fixture, clientId)
  const old = earlier.form.fields.find(({ name }) => name === 'shown')?.value
  fixture.advance(5000)
  const asked = await openConsent(fixture, clientId, {}, { browser: earlier.browser })
  for (const shown of [old, undefined, '', '0', String(Date.now() - 60_000), `${old}x`]) {
    const answered = await asked.answer({ changed: { shown } })
    assert.ok('html' in answered)
    assert.equal(answered.status, 403, String(shown))
  }
  fixture.advance(-3000)
  const early = await asked.answer()
  assert.ok('html' in early && early.status === 403, 'a clock that was set back')
  assert.equal(await grants(fixture), 0)
})

test('whoever refuses need not wait', async () => {
  await using fixture = await startAuthorizationServer({ takesTimeToRead: true })
  const { client_id: clientId } = await register(fixture)
  assert.equal(landed(await (await openConsent(fixture, clientId)).answer({ decision: 'deny' })).get('error'), 'access_denied')
})

test('nobody can configure it away, and a test that does is warned', async () => {
  const auth = { dangerouslyTakeHastyConsent: true } as object
  assert.throws(() => new MCPServer({ name: 'notes', version: '1', auth }), /dangerouslyTakeHastyConsent: there is no such key/)

  const clock = Date.now
  const warned: string[] = []
  const server = createAuthorizationServer({
    issuer: 'http://localhost:1',
    resources: ['http://localhost:1/mcp'],
    scopes: () => ['tools:read'],
    store: createMemoryStore({ clock }),
    keyRing: createMemoryKeyRing(),
    vault: createMemoryVault(),
    bus: createLocalBus(),
    counters: createMemoryCounters({ clock }),
    clock,
    log: (level, message) => void (level === 'warn' && warned.push(message)),
    audit() {},
    dangerouslyTakeHastyConsent: true,
  })
  await server.close()
  assert.match(warned.join(), /^dangerouslyTakeHastyConsent: /)
})
