// Signing in before one's own pages, signing out, and the pages behind links for one person.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { verifies } from '../requirements.ts'
import { ANA, authorizeUrl, type Fixture, register, startAuthorizationServer } from '../support/authorization.ts'
import { type Browser, createBrowser, fillIn, formWith, prefilled, type Shown, textOf, visit } from '../support/browser.ts'

verifies('only-own-pages', 'one-session')

const BEN = { name: 'ben', password: 'another long passphrase' }

/** Where the browser is sent once somebody has signed in, without going there. */
async function signInAt(browser: Browser, url: string, { name, password } = ANA): Promise<string> {
  const page = await visit(browser, url)
  const form = formWith(page, 'password')
  const after = await browser.submit(
    page,
    form,
    [...prefilled(form), ['name', name], ['password', password]],
    (next) => !next.includes('/sign-in'),
  )
  return 'stoppedAt' in after ? after.stoppedAt : assert.fail(`${after.status}: ${textOf(after.html)}`)
}
const cookieOf = (browser: Browser, { issuer }: Fixture) => browser.cookies.headerFor(`${issuer}/account`)

test('signing in leads to the page that somebody wanted, and to no other place', async () => {
  await using fixture = await startAuthorizationServer({ base: '/auth' })
  const { issuer } = fixture
  const { host, origin } = new URL(issuer)
  const leads: Record<string, string> = {
    '': '/auth/account',
    '/auth/account': '/auth/account',
    '/auth/account/keys?page=2': '/auth/account/keys?page=2',
    '/auth/account/../account/keys': '/auth/account/keys',
    [`${origin}/auth/account/keys`]: '/auth/account/keys',
    '/account': '/auth/account',
    '/auth/accounting': '/auth/account',
    '/auth/account/../authorize': '/auth/account',
    '/auth/account/%2e%2e/authorize': '/auth/account',
    'https://evil.example/auth/account': '/auth/account',
    '//evil.example/auth/account': '/auth/account',
    '\\\\evil.example\\auth\\account': '/auth/account',
    '/\\evil.example/auth/account': '/auth/account',
    [`https://${host}@evil.example/auth/account`]: '/auth/account',
    'javascript:alert(1)//auth/account': '/auth/account',
    'data:text/html,/auth/account': '/auth/account',
    [`/auth/account/${'x'.repeat(600)}`]: '/auth/account',
  }
  for (const [next, expected] of Object.entries(leads)) {
    const query = next === '' ? '' : `?${new URLSearchParams({ next })}`
    const landed = await signInAt(createBrowser(), `${issuer}/sign-in${query}`)
    assert.equal(landed, origin + expected, next)
  }
})

test('whoever is signed in goes on at once; what matters wants a sign-in of the last ten minutes', async () => {
  await using fixture = await startAuthorizationServer({ people: [ANA, BEN] })
  const { issuer } = fixture
  const browser = createBrowser()
  const leaves = (url: string) => !url.includes('/sign-in')
  await signInAt(browser, `${issuer}/sign-in`)
  for (const [query, minutes, staysHere] of [
    ['', 0, false],
    ['?again=yes', 0, false],
    ['', 11, false],
    ['?again=yes', 0, true],
  ] as const) {
    fixture.advance(minutes * 60_000)
    const shown = await browser.open(`${issuer}/sign-in${query}`, leaves)
    assert.equal(!('stoppedAt' in shown), staysHere, `${query} after ${minutes} more minutes`)
    if ('status' in shown) {
      assert.match(textOf(shown.html), /Show that it is you/)
      assert.equal(formWith(shown, 'password').fields.find(({ name }) => name === 'name')?.value, 'ana')
    }
  }
  await signInAt(browser, `${issuer}/sign-in?again=yes`)
  const after = await browser.open(`${issuer}/sign-in?again=yes`, leaves)
  assert.ok('stoppedAt' in after, 'that was a fresh one')
  assert.equal((await fixture.people.sessions.list('ana')).length, 1, 'in place of the one before')
})

test('a wrong password and a long wait are said on the page, as at a client’s request', async () => {
  await using fixture = await startAuthorizationServer()
  const browser = createBrowser()
  let page = await visit(browser, `${fixture.issuer}/sign-in?next=/account/keys`)
  const statuses: number[] = []
  for (let attempt = 0; attempt < 5; attempt++) {
    page = await fillIn(browser, page, { name: 'ana', password: 'not the password' })
    statuses.push(page.status)
  }
  assert.deepEqual(statuses, [401, 401, 401, 401, 429])
  assert.match(textOf(page.html), /Wait a second|Wait \d+ seconds/)
  assert.ok(Number(page.headers.get('retry-after')) > 0)
  assert.match(formWith(page, 'password').action, /next=%2Faccount%2Fkeys/, 'where they want to go stays')
})

test('signing out ends the session for everything here, and only by the button', async () => {
  await using fixture = await startAuthorizationServer()
  const { issuer } = fixture
  const browser = createBrowser()
  await signInAt(browser, `${issuer}/sign-in`)
  const former = cookieOf(browser, fixture)
  const page = await visit(browser, `${issuer}/sign-out`)
  assert.match(textOf(page.html), /signed in as ana/)
  assert.equal((await fixture.people.sessions.list('ana')).length, 1, 'looking at the page ends nothing')

  const done = await browser.submit(page, formWith(page, 'csrf'), prefilled(formWith(page, 'csrf')))
  assert.ok('status' in done)
  assert.match(textOf(done.html), /You are signed out/)
  assert.doesNotMatch(cookieOf(browser, fixture), /_person=/)
  const again = await fetch(`${issuer}/sign-out`, { headers: { cookie: former } })
  assert.match(textOf(await again.text()), /You are signed out/, 'the old cookie is nobody’s')

  const { client_id: clientId } = await register(fixture)
  const asked = await visit(browser, authorizeUrl(fixture, clientId).url)
  assert.ok(formWith(asked, 'password'), 'a client’s request asks who is there')
  const [record] = fixture.records.filter(({ action }) => action === 'sign-out')
  assert.deepEqual([record?.decision, record?.subject], ['allow', 'ana'])
})

test('an invitation makes the account that an operator meant, with a password that its owner chose', async () => {
  await using fixture = await startAuthorizationServer()
  const { people, issuer } = fixture
  const { code } = await people.links.create({ kind: 'invitation', name: 'eve', roles: ['staff'], groups: ['night'] })
  const browser = createBrowser()
  const page = await visit(browser, `${issuer}/welcome?code=${code}`)
  assert.match(textOf(page.html), /Welcome, eve/)
  for (const [values, problem] of [
    [{ password: 'short', again: 'short' }, /at least 12/],
    [{ password: 'a long enough password', again: 'another long password' }, /not the same/],
  ] as const) {
    const refused = await fillIn(browser, page, values)
    assert.equal(refused.status, 400)
    assert.match(textOf(refused.html), problem)
  }
  const mine = { password: 'violet umbrella parade', again: 'violet umbrella parade' }
  const done = await fillIn(browser, page, { ...mine, username: 'ana', roles: 'owner' })
  assert.equal(done.status, 201)
  const made = await people.accounts.get('eve')
  assert.deepEqual([made?.roles, made?.groups, made?.owner], [['staff'], ['night'], false], 'nothing of it is the form’s to say')
  assert.equal(await signInAt(createBrowser(), `${issuer}/sign-in`, { name: 'eve', password: mine.password }), `${issuer}/account`)

  const second: Shown[] = [
    await fillIn(browser, page, mine),
    await visit(browser, page.url),
    await visit(browser, `${issuer}/welcome?code=nonsense`),
  ]
  for (const { status, html } of second) {
    assert.equal(status, 410)
    assert.match(textOf(html), /no longer works/)
  }
  assert.deepEqual(
    fixture.records
      .filter(({ action }) => action === 'account.create' || action === 'one-time-link')
      .map(({ decision, subject }) => [decision, subject]),
    [
      ['allow', 'eve'],
      ['deny', undefined],
      ['deny', undefined],
      ['deny', undefined],
    ],
  )
  for (const record of fixture.records) assert.doesNotMatch(JSON.stringify(record), new RegExp(`${code}|${mine.password}`))
})

test('a new password by a link ends every session, and signs nobody in', async () => {
  await using fixture = await startAuthorizationServer()
  const { people, issuer } = fixture
  const browser = createBrowser()
  await signInAt(browser, `${issuer}/sign-in`)
  const account = await people.accounts.get('ana')
  assert.ok(account)
  const { code } = await people.links.create({ kind: 'password', name: 'ana', since: account.since })
  const other = createBrowser()
  const page = await visit(other, `${issuer}/welcome?code=${code}`)
  const password = 'violet umbrella parade'
  const done = await fillIn(other, page, { password, again: password })
  assert.match(textOf(done.html), /signed out everywhere/)
  assert.doesNotMatch(cookieOf(other, fixture), /_person=/)
  assert.deepEqual(await people.sessions.list('ana'), [])
  assert.ok(formWith(await visit(browser, `${issuer}/sign-in`), 'password'))
  assert.equal(await signInAt(browser, `${issuer}/sign-in`, { name: 'ana', password }), `${issuer}/account`)
})
