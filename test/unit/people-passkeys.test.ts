/** Passkeys: added, used, named and removed; and every answer that is not the right one for the right question. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPasskeys, MAX_PASSKEYS } from '../../src/people/passkeys.ts'
import { createMemoryCounters } from '../../src/storage/index.ts'
import { verifies } from '../requirements.ts'
import { createPeopleFixture, ISSUER } from '../support/accounts.ts'
import { createAuthenticator, type Quirks } from '../support/authenticator.ts'

verifies('passkey')

async function start() {
  const people = createPeopleFixture()
  const ana = await people.account('ana')
  const key = createAuthenticator(ISSUER)
  return { ...people, ana, key }
}
type Started = Awaited<ReturnType<typeof start>>
const add = async ({ passkeys, ana, key }: Started, quirks?: Quirks, name = 'Laptop') =>
  passkeys.add(ana, 'session 1', key.create(await passkeys.beginAdding(ana, 'session 1'), quirks), name)
const enter = async ({ passkeys, key }: Started, quirks?: Quirks, purpose = 'sign-in 1') =>
  (await passkeys.verify(purpose, key.get(await passkeys.beginSignIn(purpose), quirks)))?.name

test('a passkey is added once, signs in without a name, and is listed, named and removed', async () => {
  const started = await start()
  const { passkeys, ana, pass, now } = started
  assert.equal(passkeys.available, true)
  const asked = await passkeys.beginAdding(ana, 'session 1')
  assert.deepEqual([asked.rp, asked.user.name, asked.attestation], [{ name: 'mcp.example.com', id: 'mcp.example.com' }, 'ana', 'none'])
  assert.equal(asked.authenticatorSelection?.userVerification, 'required')
  assert.equal(asked.authenticatorSelection?.residentKey, 'required')
  assert.ok(!Buffer.from(asked.user.id, 'base64url').includes('ana'), 'what a device keeps says nothing of the person')

  const added = await add(started)
  assert.ok('passkey' in added)
  assert.deepEqual(added.passkey, { id: added.passkey.id, name: 'Laptop', createdAt: now(), lastUsedAt: undefined, synced: false })
  assert.deepEqual(
    (await passkeys.beginAdding(ana, 'session 1')).excludeCredentials?.map(({ id }) => id),
    [started.key.id],
  )
  assert.ok('problem' in (await add(started)), 'it is here already')

  const request = await passkeys.beginSignIn('sign-in 1')
  assert.deepEqual([request.userVerification, request.allowCredentials ?? []], ['required', []])
  pass(60)
  assert.equal(await enter(started), 'ana')
  assert.equal((await passkeys.list(ana))[0]?.lastUsedAt, now())

  assert.equal(await passkeys.rename(ana, added.passkey.id, '  My \n laptop '), true)
  assert.deepEqual(
    (await passkeys.list(ana)).map(({ name }) => name),
    ['My laptop'],
  )
  assert.equal(await passkeys.remove(ana, added.passkey.id), true)
  assert.equal(await passkeys.remove(ana, added.passkey.id), false)
  assert.equal(await enter(started), undefined)
})

test('no other answer signs anybody in', async () => {
  const started = await start()
  await add(started)
  const wrong: Record<string, Quirks> = {
    'another site': { origin: 'https://mcp.example.com.evil.example' },
    'plain http': { origin: 'http://mcp.example.com' },
    'another relying party': { rpId: 'example.com' },
    'nobody touched it': { present: false },
    'nobody showed who they are': { verified: false },
    'a counter that stands still': { counter: 1 },
    'another handle': { userHandle: Buffer.from('somebody').toString('base64url') },
    'no handle': { userHandle: '' },
    'an answer to another question': { type: 'webauthn.create' },
  }
  for (const [why, quirks] of Object.entries(wrong)) assert.equal(await enter(started, quirks), undefined, why)
  assert.equal(await enter(started, { counter: 9 }), 'ana', 'and the right one does')
  assert.equal(await enter(started, { counter: 9 }), undefined, 'a counter that did not grow is a copy’s')
})

test('a counter does not go back to none, and a challenge of another sign-in is not answered by it', async () => {
  const started = await start()
  const { passkeys, key } = started
  await add(started)
  const request = await passkeys.beginSignIn('sign-in 1')
  assert.equal(await passkeys.verify('sign-in 1', key.get(request, { counter: 0 })), undefined)
  assert.equal(await passkeys.verify('sign-in 2', key.get(request, { counter: 2 })), undefined)
})

test('an answer counts once, for five minutes, and for a challenge of ours; without a counter too', async () => {
  const started = await start()
  const { passkeys, key, pass } = started
  await add(started, { counter: 0 })
  const request = await passkeys.beginSignIn('sign-in 1')
  const answer = key.get(request, { counter: 0 })
  assert.equal(await passkeys.verify('sign-in 2', answer), undefined, 'of another sign-in')
  const all = await Promise.all(Array.from({ length: 10 }, () => passkeys.verify('sign-in 1', answer)))
  assert.equal(all.filter(Boolean).length, 1)

  const late = key.get(await passkeys.beginSignIn('sign-in 1'), { counter: 0 })
  pass(301)
  assert.equal(await passkeys.verify('sign-in 1', late), undefined)
  const own = { challenge: Buffer.alloc(62, 7).toString('base64url'), rpId: 'mcp.example.com' }
  assert.equal(await passkeys.verify('sign-in 1', key.get(own, { counter: 0 })), undefined)
  const forAdding = await passkeys.beginAdding(started.ana, 'sign-in 1')
  assert.equal(await passkeys.verify('sign-in 1', key.get(forAdding, { counter: 0 })), undefined, 'a challenge for something else')
})

test('a passkey is added for whoever asked, where they asked', async () => {
  const started = await start()
  const { passkeys, ana, key } = started
  const ben = await started.account('ben')
  const answer = key.create(await passkeys.beginAdding(ana, 'session 1'))
  assert.ok('problem' in (await passkeys.add(ben, 'session 1', answer, '')))
  assert.ok('problem' in (await passkeys.add(ana, 'session 2', answer, '')))
  for (const quirks of [{ origin: 'https://evil.example' }, { verified: false }, { rpId: 'evil.example' }] satisfies Quirks[])
    assert.ok('problem' in (await add(started, quirks)))
  const added = await passkeys.add(ana, 'session 1', answer, ' ')
  assert.ok('passkey' in added && added.passkey.name === 'Passkey')
  assert.ok('problem' in (await passkeys.add(ana, 'session 1', answer, '')), 'and the answer counts once')
  assert.ok('problem' in (await passkeys.add(ben, 'b', key.create(await passkeys.beginAdding(ben, 'b')), '')), 'nobody else gets it')
  assert.deepEqual(await passkeys.list(ben), [])
  assert.equal(await passkeys.rename(ben, added.passkey.id, 'mine'), false)
  assert.equal(await passkeys.remove(ben, added.passkey.id), false)
})

test('what is no answer at all is a wrong one', async () => {
  const started = await start()
  await add(started)
  const { passkeys, ana, key } = started
  const answer = JSON.parse(key.get(await passkeys.beginSignIn('p')))
  const broken = ['', 'null', '[]', '{}', '"x"', '{"id":1}', '{"id":"x"}', JSON.stringify({ id: key.id }), 'x'.repeat(20_000)]
  const odd = [
    { ...answer, rawId: 'x' },
    { ...answer, type: 'x' },
    { ...answer, response: null },
    { ...answer, response: { ...answer.response, authenticatorData: '' } },
  ]
  for (const each of [...broken, ...odd.map((value) => JSON.stringify(value))]) {
    assert.equal(await passkeys.verify('p', each), undefined, each.slice(0, 60))
    assert.ok('problem' in (await passkeys.add(ana, 'p', each, '')))
  }
})

test('an account has a bounded number, and an address that is a number has none', async () => {
  const started = await start()
  for (let at = 0; at < MAX_PASSKEYS; at++) {
    const key = createAuthenticator(ISSUER)
    assert.ok('passkey' in (await add({ ...started, key }, undefined, `key ${at}`)))
  }
  const one = await add(started)
  assert.ok('problem' in one && /at most 20/.test(one.problem))
  const availableAt = (issuer: string) =>
    createPasskeys({ ...started, counters: createMemoryCounters(), clock: started.now, issuer }).available
  for (const issuer of ['http://127.0.0.1:7777', 'http://[::1]:7777', 'https://192.0.2.1']) assert.equal(availableAt(issuer), false, issuer)
  for (const issuer of ['http://localhost:7777', 'https://mcp.example.com/base', 'https://1password.example'])
    assert.equal(availableAt(issuer), true, issuer)
})
