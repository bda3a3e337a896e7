/** Signing in at an identity provider, from a client's request to its token: what is shown, what is kept, and what becomes of claims. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SignInProvider } from '../../src/people/index.ts'
import { verifies } from '../requirements.ts'
import { type Tokens, verify } from '../support/authorization.ts'
import { createBrowser, formsOf, prefilled, textOf } from '../support/browser.ts'
import { startRealProvider, startSmallProvider } from '../support/openid-provider.ts'
import {
  allow,
  ask,
  choose,
  comingBack,
  formTo,
  goOn,
  isBackAtClient,
  leavingTo,
  page,
  press,
  setOut,
  startWithProviders,
} from '../support/provider-walk.ts'

const staff: Partial<SignInProvider> = {
  roles: [{ roles: ['staff'] }, { claim: 'groups', value: 'payments', roles: ['payer'], groups: ['payments'] }],
}

test('with a real provider: sign in there, consent here, and a token for an account that it names', async () => {
  await using provider = await startRealProvider(() => [`${fixture.issuer}/sign-in/callback/acme`])
  await using fixture = await startWithProviders([provider.entry(staff)])
  provider.people.set('1001', { email: 'ana@acme.example', email_verified: true, name: 'Ana', groups: ['payments'] })
  const browser = createBrowser()
  const asked = await ask(fixture, browser, { client_name: 'Notes' })
  assert.match(textOf(asked.signIn.html), /Acme/)

  const chosen = await choose(browser, asked.signIn)
  const text = textOf(chosen.html)
  assert.match(text, /A program that calls itself “Notes” asks for access to localhost:\d+/)
  assert.match(text, new RegExp(`You sign in at ${new URL(provider.issuer).host} ?, and come back here`))
  assert.ok(text.includes(asked.clientId), 'the client id is shown')

  const theirs = page(await browser.open(await goOn(browser, chosen), isBackAtClient))
  assert.match(theirs.html, /Acme: sign in/)
  const consent = page(await press(browser, theirs, formTo(theirs, ''), [['login', '1001']]))
  assert.match(textOf(consent.html), /ana@acme\.example/, 'who is signed in')
  const response = await allow(fixture, browser, consent, asked)
  assert.equal(response.status, 200)
  const principal = await verify(fixture, ((await response.json()) as Tokens).access_token)
  assert.ok(typeof principal === 'object', JSON.stringify(principal))
  assert.equal(principal.subject, 'ana@acme.example')
  assert.deepEqual(principal.roles, ['staff', 'payer'])

  const account = await fixture.accounts.get('ana@acme.example')
  assert.deepEqual(account?.identity, { provider: provider.issuer, subject: '1001' })
  assert.deepEqual(account?.groups, ['payments'])
  assert.equal(account?.hasPassword, false)
  const signedIn = fixture.records.find(({ action, decision }) => action === 'sign-in' && decision === 'allow')
  assert.deepEqual(signedIn?.facts?.['methods'], ['provider:acme'])
  assert.equal(signedIn?.clientName, 'Notes')
})

test('whoever says no there comes back to a page that says so, and can choose another way', async () => {
  await using provider = await startRealProvider(() => [`${fixture.issuer}/sign-in/callback/acme`])
  await using fixture = await startWithProviders([provider.entry()])
  const browser = createBrowser()
  const { location } = await setOut(fixture, browser)
  const theirs = page(await browser.open(location))
  const refused = page(await press(browser, theirs, formTo(theirs, ''), [['login', 'nobody']]))
  assert.equal(refused.status, 403)
  assert.match(textOf(refused.html), /Acme did not sign you in/)
  const back = /<a class="button" href="([^"]+)"/.exec(refused.html)?.[1]
  const again = page(await browser.open(new URL(back as string, fixture.issuer).href))
  assert.ok(formTo(again, '/provider'), 'the sign-in page of the same request')
  const last = fixture.records.at(-1)
  assert.equal(last?.reason, 'access_denied')
})

test('before our own pages nobody asks for a client: the button leads there at once, and back to the page', async () => {
  await using small = await startSmallProvider()
  await using fixture = await startWithProviders([small.entry()])
  const browser = createBrowser()
  const signIn = page(await browser.open(`${fixture.issuer}/sign-in?next=/account/sessions`))
  const leaving = page(await press(browser, signIn, formTo(signIn, '/provider')))
  const landed = await browser.open(leavingTo(leaving), (url) => url.startsWith(`${fixture.issuer}/account`))
  assert.deepEqual(landed, { stoppedAt: `${fixture.issuer}/account/sessions` })
})

test('roles and groups are what the claims give at the latest sign-in; they end at once, tokens or not', async () => {
  verifies('provider-roles')
  await using small = await startSmallProvider()
  small.person = { ...small.person, groups: ['payments'] }
  await using fixture = await startWithProviders([small.entry(staff)])
  const first = createBrowser()
  const asked = await setOut(fixture, first)
  const consent = page(await first.open(asked.location, isBackAtClient))
  const { access_token: token } = (await (await allow(fixture, first, consent, asked)).json()) as Tokens
  const rolesOf = async () => {
    const principal = await verify(fixture, token)
    return typeof principal === 'object' ? principal.roles : principal
  }
  assert.deepEqual(await rolesOf(), ['staff', 'payer'])

  small.person = { ...small.person, groups: [], email: 'ana.berg@acme.example' }
  const elsewhere = createBrowser()
  await elsewhere.open((await setOut(fixture, elsewhere)).location, isBackAtClient)
  assert.deepEqual(await rolesOf(), ['staff'], 'the same account, under its first name')
  assert.deepEqual((await fixture.accounts.get('ana@acme.example'))?.groups, [])
  assert.equal((await fixture.accounts.list()).length, 1)
})

test('who is not let in is told so, has no account, and the record says which rule', async () => {
  verifies('provider-email')
  await using small = await startSmallProvider()
  await using fixture = await startWithProviders([small.entry()])
  for (const [person, sentence] of [
    [{ email: 'ana@other.example', email_verified: true }, /not among allow\.emails/],
    [{ email: 'ana@acme.example', email_verified: false }, /no e-mail address that it has verified/],
    [{ email: 'ana@acme.example' }, /no e-mail address that it has verified/],
  ] as const) {
    small.person = { sub: '7', ...person }
    const browser = createBrowser()
    const refused = page(await browser.open((await setOut(fixture, browser)).location))
    assert.equal(refused.status, 403)
    assert.match(textOf(refused.html), /does not let that account in/)
    assert.ok(!refused.html.includes('other.example'), 'what the provider said is not shown')
    assert.match(fixture.records.at(-1)?.sentence ?? '', sentence)
    assert.equal(fixture.records.at(-1)?.reason, 'not_let_in')
  }
  assert.deepEqual(await fixture.accounts.list(), [])
})

test('without accounts of our own there is no form for a password, and none is taken', async () => {
  await using small = await startSmallProvider()
  await using fixture = await startWithProviders([small.entry()], {
    localAccounts: false,
    people: [{ name: 'bob', password: 'a long password of bob' }],
  })
  const browser = createBrowser()
  const { signIn } = await ask(fixture, browser)
  assert.ok(!signIn.html.includes('type="password"'))
  const form = formTo(signIn, '/provider')
  const posted = page(
    await browser.submit(signIn, { ...form, action: form.action.replace(/provider$/, 'login') }, [
      ...prefilled(form),
      ['name', 'bob'],
      ['password', 'a long password of bob'],
    ]),
  )
  assert.equal(posted.status, 403)
  assert.equal(await fixture.server.createSetupLink(), undefined, 'no owner is made, who could not sign in')
})

test('a provider that does not answer is said so, and the operator learns why', async () => {
  await using small = await startSmallProvider()
  small.wrong.status = { '/.well-known/openid-configuration': 500 }
  await using fixture = await startWithProviders([small.entry()])
  const browser = createBrowser()
  const { signIn } = await ask(fixture, browser)
  const chosen = await choose(browser, signIn)
  const closed = page(await press(browser, chosen, formTo(chosen, '/provider-continue')))
  assert.equal(closed.status, 503)
  assert.match(textOf(closed.html), /does not answer as it should/)
  assert.equal(fixture.records.at(-1)?.reason, 'provider_unavailable')
  assert.equal(closed.headers.getSetCookie().length, 0)
})

test('the pages on the way are as guarded as all others, and hold nothing of the provider but its name and host', async () => {
  await using small = await startSmallProvider()
  await using fixture = await startWithProviders([small.entry({ title: 'Acme <b>&' })])
  const browser = createBrowser()
  const { signIn } = await ask(fixture, browser, { client_name: '<script>alert(1)</script>' })
  const chosen = await choose(browser, signIn)
  const leaving = page(await press(browser, chosen, formTo(chosen, '/provider-continue')))
  for (const { headers, html } of [chosen, leaving]) {
    assert.match(headers.get('content-security-policy') ?? '', /^default-src 'none'.*frame-ancestors 'none'/)
    assert.equal(headers.get('x-frame-options'), 'DENY')
    assert.equal(headers.get('cache-control'), 'no-store')
    assert.ok(!html.includes('<script') && !html.includes('Acme <b>'))
  }
  assert.equal(formsOf(leaving).length, 0)
  assert.match(
    leaving.html,
    new RegExp(
      `href="${leavingTo(leaving)
        .replaceAll('&', '&amp;')
        .replace(/[?+.*]/g, '\\$&')}"`,
    ),
  )
})

test('what comes back to a provider that is not configured, or is too long, ends there', async () => {
  await using small = await startSmallProvider()
  await using fixture = await startWithProviders([small.entry()])
  const browser = createBrowser()
  for (const path of [
    'other?code=x&state=y',
    'acme',
    'acme?state=short&code=x',
    `acme?state=${'x'.repeat(43)}&code=${'y'.repeat(9_000)}`,
  ]) {
    const shown = page(await browser.open(`${fixture.issuer}/sign-in/callback/${path}`))
    assert.equal(shown.status, 400, path)
  }
  assert.equal(small.asked.length, 0)
})

test('somebody who comes back keeps what comes next: the second way round asks nothing', async () => {
  await using small = await startSmallProvider()
  await using fixture = await startWithProviders([small.entry()])
  const browser = createBrowser()
  const { location } = await setOut(fixture, browser)
  await browser.open(await comingBack(location))
  const { signIn: consent } = await ask(fixture, browser)
  assert.match(textOf(consent.html), /ana@acme\.example/, 'their session here answers')
  assert.equal(small.requests.length, 1)
  // A client that wants a fresh sign-in gets one, at the provider too.
  const { signIn } = await ask(fixture, browser, {}, { prompt: 'login' })
  const fresh = await goOn(browser, await choose(browser, signIn))
  assert.equal(new URL(fresh).searchParams.get('max_age'), '0')
  const back = page(await browser.open(fresh))
  assert.ok(formTo(back, '/consent'))
})
