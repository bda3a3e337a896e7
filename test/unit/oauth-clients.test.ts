/** Clients that an operator makes: how long they stay, what is shown of them, and what people can allow them. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NewClient } from '../../src/oauth/index.ts'
import { ANA, authorizeUrl, CALLBACK, redeem, register, startAuthorizationServer, type Tokens } from '../support/authorization.ts'
import { createBrowser, signIn, textOf } from '../support/browser.ts'

const DAY_MS = 86_400_000
const app: NewClient = {
  name: 'our app',
  grantTypes: ['authorization_code', 'refresh_token'],
  redirectUris: [CALLBACK],
  authMethod: 'none',
  scopes: ['tools:read', 'prompts:read'],
  createdBy: 'operator',
}

test('a client that an operator made is never dropped; one that registered itself is, unless somebody allows it something', async () => {
  await using fixture = await startAuthorizationServer()
  const { id, secret } = await fixture.clients.create(app)
  assert.equal(secret, undefined)
  const { client_id: own } = await register(fixture)
  assert.deepEqual((await fixture.clients.list()).map(({ registered }) => registered).sort(), ['by-itself', 'by-operator'])
  fixture.advance(2 * 3_600_000)
  assert.equal(await fixture.clients.exists(own), false)
  fixture.advance(1000 * DAY_MS)
  const info = await fixture.clients.get(id)
  assert.deepEqual([info?.name, info?.createdBy, info?.expiresAt, info?.lastUsedAt], ['our app', 'operator', undefined, undefined])
  assert.ok(await fixture.clients.find(id), 'the library finds it')
})

test('a person can allow it no more than it was registered for, and is asked for no more', async () => {
  await using fixture = await startAuthorizationServer()
  const { id } = await fixture.clients.create(app)
  for (const [asked, got] of [
    [undefined, ['prompts:read', 'tools:read']],
    ['tools:read tools:execute', ['tools:read']],
  ] as const) {
    const { url, verifier } = authorizeUrl(fixture, id, { scope: asked })
    const code = new URL(await signIn(url, ANA)).searchParams.get('code') ?? ''
    const tokens = (await (await redeem(fixture, id, code, verifier)).json()) as Tokens
    assert.deepEqual(tokens.scope?.split(' ').sort(), got)
  }
  const { url } = authorizeUrl(fixture, id, { scope: 'tools:execute' })
  const page = await createBrowser().open(url, (at) => at.startsWith(CALLBACK))
  assert.ok(
    'stoppedAt' in page && new URL(page.stoppedAt).searchParams.get('error') === 'invalid_scope',
    'html' in page ? textOf(page.html) : '',
  )
  assert.ok(((await fixture.clients.get(id))?.lastUsedAt ?? 0) > 0)
})

test('of many who note a use or remove a client at once, nothing is lost and one has removed it', async () => {
  await using fixture = await startAuthorizationServer()
  const { id } = await fixture.clients.create(app)
  await Promise.all(Array.from({ length: 20 }, () => fixture.clients.used(id)))
  const removed = await Promise.all(Array.from({ length: 20 }, () => fixture.clients.remove(id)))
  assert.equal(removed.filter(Boolean).length, 1)
  assert.equal(await fixture.clients.get(id), undefined)
})
