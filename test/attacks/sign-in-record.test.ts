// T11: whoever tries codes, forges forms or sends too much at sign-in is on record, each try once.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { verifies } from '../requirements.ts'
import { ANA, authorizeUrl, type Fixture, register, startAuthorizationServer } from '../support/authorization.ts'
import { createBrowser, formsOf, prefilled, type Shown } from '../support/browser.ts'

verifies('T11')

/** Reasons and actions of what was put on record meanwhile. */
async function recorded({ records }: Fixture, act: () => Promise<unknown>): Promise<(string | undefined)[][]> {
  const earlier = records.length
  await act()
  return records.slice(earlier).map(({ decision, action, reason, subject, clientId }) => {
    assert.equal(decision, 'deny')
    return clientId === undefined ? [action, reason] : [action, reason, subject]
  })
}
const post = (url: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
  fetch(url, { method: 'POST', body: new URLSearchParams(fields), headers })

test('a set-up code that does not open anything', async () => {
  await using fixture = await startAuthorizationServer({ people: [] })
  const link = (await fixture.server.createSetupLink()) ?? ''
  const guess = '0'.repeat(32)
  const password = 'a quiet harbour at dawn'
  assert.deepEqual(await recorded(fixture, () => fetch(link)), [])
  const unknown = [['account.create', 'unknown_code']]
  assert.deepEqual(await recorded(fixture, () => fetch(`${fixture.issuer}/setup?code=${guess}`)), unknown)
  assert.deepEqual(
    await recorded(fixture, () => post(`${fixture.issuer}/setup`, { code: guess, name: 'eve', password, again: password })),
    unknown,
  )
  const code = new URL(link).searchParams.get('code') ?? ''
  const foreign = () =>
    post(`${fixture.issuer}/setup`, { code, name: 'eve', password, again: password }, { origin: 'https://evil.example' })
  assert.deepEqual(await recorded(fixture, foreign), [['account.create', 'forged_form']])
  assert.deepEqual(await fixture.accounts.list(), [])
  assert.ok(!JSON.stringify(fixture.records).includes(guess))
})

test('the name of an account that is switched off uses up no set-up link', async () => {
  await using fixture = await startAuthorizationServer({ people: [ANA] })
  await fixture.accounts.disable(ANA.name)
  const link = (await fixture.server.createSetupLink()) ?? ''
  const code = new URL(link).searchParams.get('code') ?? ''
  const fill = (name: string) => post(`${fixture.issuer}/setup`, { code, name, password: ANA.password, again: ANA.password })
  assert.match(await (await fill(ANA.name)).text(), /There is an account of that name/)
  assert.equal((await fill('owner')).status, 201)
})

test('login and consent forms that are not ours, or come to no open question', async () => {
  await using fixture = await startAuthorizationServer()
  const { client_id: clientId } = await register(fixture)
  const browser = createBrowser()
  const login = (await browser.open(authorizeUrl(fixture, clientId).url)) as Shown
  const form = formsOf(login)[0]
  assert.ok(form)
  const cookie = () => browser.cookies.headerFor(form.action)
  const filled = { name: ANA.name, password: ANA.password }
  const csrf = prefilled(form)[0]?.[1] ?? ''
  const forged = [['sign-in', 'forged_form', undefined]]
  assert.deepEqual(await recorded(fixture, () => post(form.action, { ...filled, csrf: 'guess' }, { cookie: cookie() })), forged)
  const foreign = { cookie: cookie(), origin: 'https://evil.example' }
  assert.deepEqual(await recorded(fixture, () => post(form.action, { ...filled, csrf }, foreign)), forged)
  assert.deepEqual(await recorded(fixture, () => post(form.action, { ...filled, csrf })), [['sign-in', 'expired']])

  const consent = (await browser.submit(login, form, [...prefilled(form), ...Object.entries(filled)])) as Shown
  const asked = formsOf(consent)[0]
  assert.ok(asked)
  const headers = { cookie: browser.cookies.headerFor(asked.action) }
  assert.deepEqual(await recorded(fixture, () => post(asked.action, { decision: 'allow', group: 'read', csrf }, headers)), [
    ['consent', 'forged_form', 'ana'],
  ])
  assert.deepEqual(await recorded(fixture, () => post(asked.action, { decision: 'allow' })), [['consent', 'expired']])
})

test('more than any form of ours has', async () => {
  await using fixture = await startAuthorizationServer()
  for (const [path, action] of [
    ['/setup', 'account.create'],
    ['/register', 'client.register'],
    ['/token', 'token'],
    ['/revoke', 'revoke'],
    ['/interaction/unknown-unknown/login', 'sign-in'],
    ['/interaction/unknown-unknown/consent', 'consent'],
  ] as const) {
    const answered = await recorded(fixture, async () => {
      assert.equal((await post(fixture.issuer + path, { name: 'x'.repeat(70_000) })).status, 413)
    })
    assert.deepEqual(answered, [[action, 'body_too_large']], path)
  }
})
