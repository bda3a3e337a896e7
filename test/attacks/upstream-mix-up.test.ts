/**
 * Mix-up at the upstream (RFC 9700 §4.4): a guarded server of bad will names the authorization server of an honest one for the person to
 * sign in at, and its own endpoint for the code; or lets one server's answer come back as another's.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRedactor, silentLog } from '../../src/core/index.ts'
import { createVouched } from '../../src/gateway/credentials/vouched.ts'
import { startWorld } from '../fixtures/sign-in-world.ts'
import { verifies } from '../requirements.ts'
import { atBrowser, principalOf, redirectUriOf, startPeople } from '../support/own-accounts.ts'

verifies('upstream-mix-up')

test('a code of the honest issuer is not sent to the token endpoint of the other: its answer says who gave it', async () => {
  await using honest = await startWorld()
  await using bad = await startWorld({
    serverMetadata: (document) => ({ ...document, authorization_endpoint: `${honest.issuer}/authorize` }),
  })
  await using people = await startPeople({ url: bad.serverUrl, server: 'bad' })
  const ended = await people.connect('ana', honest.visit)
  assert.match('problem' in ended ? ended.problem : '', /did not come from where you were sent to/)
  assert.equal(bad.to('/token').length + honest.to('/token').length, 0, 'the code went nowhere')
})

test('an honest issuer that does not say who it is sends the browser to the place of its own server, where the other’s answer counts for nothing', async () => {
  const silent = {
    serverMetadata: (document: Record<string, unknown>) => ({ ...document, authorization_response_iss_parameter_supported: undefined }),
  }
  await using world = await startWorld({ ...silent, callback: (url) => url.searchParams.delete('iss') })
  await using people = await startPeople({ url: world.serverUrl })
  const begun = await people.connections.begin('notes', atBrowser('ana'), redirectUriOf('notes'))
  assert.ok('location' in begun)
  assert.equal(new URL(begun.location).searchParams.get('redirect_uri'), redirectUriOf('notes'))
  const callback = new URL(await world.visit(begun.location)).searchParams
  const elsewhere = await people.connections.finish(atBrowser('ana'), callback, redirectUriOf('bad'))
  assert.ok('problem' in elsewhere)
  assert.equal(world.to('/token').length, 0)
})

test('an issuer that says that it names itself, and does not, is not believed', async () => {
  await using world = await startWorld({ callback: (url) => url.searchParams.delete('iss') })
  await using people = await startPeople({ url: world.serverUrl })
  assert.ok('problem' in (await people.connect('ana', world.visit)))
  assert.equal(world.to('/token').length, 0)
})

test('a server that names another issuer later gets nothing that the first one gave', async () => {
  await using second = await startWorld()
  let moved = false
  await using first = await startWorld({
    resourceMetadata: (document) => (moved ? { ...document, authorization_servers: [second.issuer] } : document),
  })
  await using people = await startPeople({ url: first.serverUrl })
  await people.connect('ana', first.visit)
  moved = true
  first.expireTokens()
  await people.call('ana')
  assert.equal(first.to('/token').length, 2, 'renewed where it came from')
  assert.equal(second.seen.length, 0)
  // Whoever signs in now is a new client there: the id and secret of the first stay with the first.
  const begun = await people.connections.begin('notes', atBrowser('ben'), redirectUriOf('notes'))
  assert.ok('location' in begun)
  assert.equal(new URL(begun.location).origin, new URL(second.issuer).origin)
  assert.equal(second.clients.size, 1)
  for (const { text } of second.seen) for (const secret of first.clients.values()) assert.equal(text.includes(secret ?? 'no secret'), false)
})

test('a client that the operator registered with one issuer is not shown to another', async () => {
  await using second = await startWorld()
  await using first = await startWorld({ resourceMetadata: (document) => ({ ...document, authorization_servers: [second.issuer] }) })
  await using people = await startPeople({
    url: first.serverUrl,
    settings: { clientId: 'ours', clientSecret: 'a-secret-of-the-first', issuer: first.issuer },
  })
  const begun = await people.connections.begin('notes', atBrowser('ana'), redirectUriOf('notes'))
  assert.match('problem' in begun ? begun.problem : '', /Nothing was connected/)
  assert.equal(second.seen.length, 0)
})

test('what we say of people, and the secret that goes with it, are shown to the issuer of the configuration and no other', async () => {
  await using second = await startWorld()
  let moved = false
  await using first = await startWorld({
    resourceMetadata: (document) => (moved ? { ...document, authorization_servers: [second.issuer] } : document),
  })
  const signed: unknown[] = []
  let offset = 0
  const vouched = createVouched({
    server: 'notes',
    url: first.serverUrl,
    settings: { type: 'exchange', clientId: 'ours', clientSecret: 'a-secret-of-the-first', issuer: first.issuer },
    clientInfo: { name: 'sallyport', version: '0' },
    sign: async ({ aud }) => {
      signed.push(aud)
      return 'an-assertion'
    },
    clock: () => Date.now() + offset,
    redactor: createRedactor(),
    log: silentLog,
  })
  await vouched.credentials.present(principalOf('ana'))
  assert.equal(first.to('/token').length, 1)
  moved = true
  offset = 600_000
  assert.equal((await vouched.credentials.present(principalOf('ana'))).allowed, false)
  assert.equal(second.seen.length, 0)
  assert.deepEqual(signed, [first.issuer])
  await vouched.close()
})
