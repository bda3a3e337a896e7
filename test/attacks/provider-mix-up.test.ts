/**
 * OAuth login at an upstream, attacked: answers of one provider for another, a state that is used again or elsewhere, a client that hopes
 * that nobody is asked, a provider that was swapped, and names that are somebody else's.
 */

import assert from 'node:assert/strict'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { test } from 'node:test'
import { createCrossings } from '../../src/oauth/sign-in/provider-crossings.ts'
import { createAccounts, type SignInProvider } from '../../src/people/index.ts'
import { createMemoryStore } from '../../src/storage/index.ts'
import { verifies } from '../requirements.ts'
import { createPeopleFixture, ISSUER } from '../support/accounts.ts'
import { createAuthenticator } from '../support/authenticator.ts'
import { type Fixture, postForm, type Tokens, verify } from '../support/authorization.ts'
import { type Browser, createBrowser, formsOf, prefilled, textOf } from '../support/browser.ts'
import { type SmallProvider, startSmallProvider } from '../support/openid-provider.ts'
import {
  allow,
  ask,
  choose,
  comingBack,
  formTo,
  goOn,
  isBackAtClient,
  page,
  press,
  setOut,
  startWithProviders,
} from '../support/provider-walk.ts'

/** Nobody is signed in in this browser. */
async function isStranger({ issuer }: Fixture, browser: Browser): Promise<boolean> {
  const landed = await browser.open(`${issuer}/sign-in?next=/account`, (url) => url === `${issuer}/account`)
  return !('stoppedAt' in landed)
}
async function nobody(fixture: Fixture, browser: Browser): Promise<void> {
  assert.ok(await isStranger(fixture, browser), 'nobody is signed in')
  assert.deepEqual(await fixture.accounts.list(), [], 'no account was made')
}
const crossingCookies = ({ headers }: { headers: Headers }): string[] =>
  headers.getSetCookie().filter((cookie) => cookie.includes('_crossing_') && !cookie.includes('Max-Age=0'))
const kept = async ({ store }: Fixture): Promise<number> => (await store.records('provider_crossing').list()).length

test('nobody is sent to a provider for a client before they have seen which one; state and cookie come after that', async () => {
  verifies('G2', 'G3')
  await using small = await startSmallProvider()
  await using fixture = await startWithProviders([small.entry()])
  const browser = createBrowser()
  const asked = await ask(fixture, browser, { client_name: 'Notes' })
  assert.equal(crossingCookies(asked.signIn).length, 0)
  const chosen = await choose(browser, asked.signIn)
  assert.match(textOf(chosen.html), /calls itself “Notes” asks for access/)
  assert.equal(chosen.headers.get('refresh'), null)
  assert.equal(crossingCookies(chosen).length, 0)
  assert.equal(await kept(fixture), 0)
  assert.equal(small.asked.length, 0, 'the provider has heard nothing')

  const location = new URL(await goOn(browser, chosen))
  assert.equal(await kept(fixture), 1)
  assert.match(location.searchParams.get('state') ?? '', /^[\w-]{43}$/)
  const cookie = browser.cookies.seen.find((line) => line.includes('_crossing_'))
  assert.match(cookie ?? '', /; Path=\/sign-in\/callback\/acme; Max-Age=600; HttpOnly; SameSite=Lax$/)
  const [record] = await fixture.store.records<{ sealed: string }>('provider_crossing').list()
  assert.ok(!JSON.stringify(record).includes(location.searchParams.get('state') as string), 'the store cannot give the state away')
})

test('another client is asked about anew, although the browser, the person and the provider know each other', async () => {
  verifies('G2')
  await using small = await startSmallProvider()
  await using fixture = await startWithProviders([small.entry()])
  const browser = createBrowser()
  const first = await setOut(fixture, browser)
  await allow(fixture, browser, page(await browser.open(first.location, isBackAtClient)), first)
  const second = await ask(fixture, browser, { client_name: 'Another' }, { prompt: 'login' })
  const chosen = await choose(browser, second.signIn)
  assert.match(textOf(chosen.html), /calls itself “Another” asks/)
  // What was shown for one client is no form of another's: neither its token nor its place.
  const third = await ask(fixture, browser, { client_name: 'Third' }, { prompt: 'login' })
  const theirs = formTo(chosen, '/provider-continue')
  const place = formTo(third.signIn, '/provider').action.replace(/provider$/, 'provider-continue')
  const stolen = page(await browser.submit(third.signIn, { ...theirs, action: place }, prefilled(theirs)))
  assert.equal(stolen.status, 403)
  assert.equal(stolen.headers.get('refresh'), null)
  // Another browser has no such place, with the whole form.
  const foreign = page(await createBrowser().submit(chosen, theirs, prefilled(theirs)))
  assert.equal(foreign.status, 400)
  assert.equal(foreign.headers.get('refresh'), null)
  // A page of another site cannot press it.
  const forged = await fetch(theirs.action, {
    method: 'POST',
    redirect: 'manual',
    headers: {
      origin: 'https://evil.example',
      cookie: browser.cookies.headerFor(theirs.action),
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: new URLSearchParams(prefilled(theirs)),
  })
  assert.equal(forged.status, 403)
  assert.equal(small.requests.length, 1, 'only the first was forwarded')
})

test('a state is good once', async () => {
  verifies('G3')
  await using small = await startSmallProvider()
  await using fixture = await startWithProviders([small.entry()])
  const browser = createBrowser()
  const { location } = await setOut(fixture, browser)
  const back = await comingBack(location)
  const cookie = browser.cookies.headerFor(back)
  assert.ok(cookie.includes('_crossing_'))
  page(await browser.open(back))
  assert.equal(small.redeemed.length, 1)
  // Once more, with the cookie that the browser had: a copied URL, a crawler, the back button.
  for (const headers of [{ cookie }, {}] as Record<string, string>[]) {
    const again = await fetch(back, { redirect: 'manual', headers })
    assert.equal(again.status, 400)
    assert.equal(again.headers.getSetCookie().filter((line) => line.includes('person')).length, 0)
  }
  assert.equal(small.redeemed.length, 1, 'no code was sent anywhere')
  assert.equal(fixture.records.at(-1)?.reason, 'expired')
})

test('of many at once with one state a single one is taken', async () => {
  verifies('G3')
  await using small = await startSmallProvider()
  await using fixture = await startWithProviders([small.entry()])
  const browser = createBrowser()
  const back = await comingBack((await setOut(fixture, browser)).location)
  const headers = { cookie: browser.cookies.headerFor(back) }
  const answers = await Promise.all(Array.from({ length: 20 }, () => fetch(back, { redirect: 'manual', headers })))
  assert.equal(answers.filter(({ status }) => status === 303).length, 1)
  assert.equal(small.redeemed.length, 1)
})

test('the state of another browser signs nobody in, and is used up: neither an attacker’s account into a victim’s browser, nor the other way', async () => {
  verifies('G3')
  await using small = await startSmallProvider()
  await using fixture = await startWithProviders([small.entry()])
  const [attacker, victim] = [createBrowser(), createBrowser()]
  const back = await comingBack((await setOut(fixture, attacker)).location)
  const shown = page(await victim.open(back))
  assert.equal(shown.status, 400)
  assert.equal(fixture.records.at(-1)?.reason, 'other_browser')
  await nobody(fixture, victim)
  assert.equal(small.redeemed.length, 0, 'the code stayed where it was')
  assert.equal(page(await attacker.open(back)).status, 400, 'used up')
  await nobody(fixture, attacker)
  // Who is under way themselves has a cookie, but not that one.
  const other = await comingBack((await setOut(fixture, attacker)).location)
  await setOut(fixture, victim)
  assert.equal(page(await victim.open(other)).status, 400)
  await nobody(fixture, victim)
})

test('a state lasts ten minutes, and not longer', async () => {
  verifies('G3')
  await using small = await startSmallProvider()
  await using fixture = await startWithProviders([small.entry()])
  const browser = createBrowser()
  const back = await comingBack((await setOut(fixture, browser)).location)
  fixture.advance(600_001)
  assert.equal(page(await browser.open(back)).status, 400)
  await nobody(fixture, browser)
  await fixture.store.sweep()
  assert.equal(await kept(fixture), 0)
})

test('a state that is changed by a letter is none', async () => {
  verifies('G3')
  await using small = await startSmallProvider()
  await using fixture = await startWithProviders([small.entry()])
  const browser = createBrowser()
  const back = new URL(await comingBack((await setOut(fixture, browser)).location))
  const state = back.searchParams.get('state') as string
  const other = (letter: string) => (letter === 'A' ? 'B' : 'A')
  for (const wrong of [other(state[0] as string) + state.slice(1), state.toLowerCase(), `${state}=`, ` ${state}`, state.slice(1), '']) {
    if (wrong === state) continue
    back.searchParams.set('state', wrong)
    assert.equal(page(await browser.open(back.href)).status, 400, wrong)
  }
  assert.equal(small.redeemed.length, 0)
})

/** Two providers, of which one is evil. */
async function withTwo(
  run: (parts: { honest: SmallProvider; evil: SmallProvider; fixture: Fixture; browser: Browser }) => Promise<void>,
): Promise<void> {
  await using honest = await startSmallProvider()
  await using evil = await startSmallProvider()
  await using fixture = await startWithProviders([honest.entry(), evil.entry({ id: 'evil', title: 'Evil' })])
  await run({ honest, evil, fixture, browser: createBrowser() })
}

test('mix-up: the answer of one provider is never taken for another’s, and no code goes to whom it is not from', async () => {
  verifies('provider-answers', 'G3')
  await withTwo(async ({ honest, evil, fixture, browser }) => {
    // The person chose Evil, which sends them on to the honest one with its own state: the code comes back to Evil's address.
    const { location } = await setOut(fixture, browser, 'evil')
    const evils = new URL(location).searchParams
    const lured = new URL(`${honest.issuer}/authorize`)
    for (const [name, value] of evils) lured.searchParams.set(name, value)
    const back = await comingBack(lured.href)
    const shown = page(await browser.open(back))
    assert.equal(shown.status, 400)
    assert.equal(fixture.records.at(-1)?.reason, 'other_provider')
    assert.equal(evil.redeemed.length, 0, 'the honest provider’s code did not go to Evil')
    await nobody(fixture, browser)
  })
  await withTwo(async ({ honest, evil, fixture, browser }) => {
    // The same, but to the honest provider's address: its redirect URI is not what Evil's state was made for.
    const { location } = await setOut(fixture, browser, 'evil')
    const lured = new URL(`${honest.issuer}/authorize`)
    for (const [name, value] of new URL(location).searchParams) lured.searchParams.set(name, value)
    lured.searchParams.set('redirect_uri', `${fixture.issuer}/sign-in/callback/acme`)
    assert.equal(page(await browser.open(await comingBack(lured.href))).status, 400)
    assert.equal(fixture.records.at(-1)?.reason, 'other_provider')
    assert.equal(honest.redeemed.length + evil.redeemed.length, 0)
    await nobody(fixture, browser)
  })
})

test('mix-up: a code of the honest provider that Evil passes off as its own reaches nobody’s token endpoint but Evil’s, without a verifier that fits', async () => {
  verifies('provider-answers')
  await withTwo(async ({ honest, evil, fixture, browser }) => {
    // Evil says that it is itself, and names its own issuer: the code goes to Evil, who has none that it could redeem it with.
    evil.metadata['authorization_endpoint'] = `${honest.issuer}/authorize`
    const { location } = await setOut(fixture, browser, 'evil')
    const back = new URL(await comingBack(location))
    back.searchParams.set('iss', evil.issuer)
    page(await browser.open(back.href))
    await nobody(fixture, browser)
    const [stolen] = evil.redeemed
    assert.ok(stolen, 'Evil got the code')
    // To sign in as the victim with it, Evil would have to bring it back in a browser of its own, whose verifier is another.
    const own = createBrowser()
    const mine = new URL(await comingBack((await setOut(fixture, own, 'acme')).location))
    mine.searchParams.set('code', stolen.form.get('code') as string)
    page(await own.open(mine.href))
    await nobody(fixture, own)
  })
})

test('a provider that is another one by now, under the same id, gets no answer of before, and nobody of before is its own', async () => {
  verifies('provider-identity', 'G3')
  await using before = await startSmallProvider()
  await using after = await startSmallProvider()
  await using fixture = await startWithProviders([after.entry()])
  const vouched = {
    identity: { provider: before.issuer, subject: '1001' },
    preferredName: 'ana@acme.example',
    roles: ['admin'],
    groups: [],
  }
  await fixture.accounts.upsertFromProvider(vouched)
  // The same subject and the same e-mail address, and yet somebody else.
  const browser = createBrowser()
  const consent = page(await browser.open((await setOut(fixture, browser)).location))
  assert.match(textOf(consent.html), /ana@acme\.example-[0-9a-f]{6}/)
  const accounts = await fixture.accounts.list()
  assert.deepEqual(new Set(accounts.map(({ identity }) => identity?.provider)), new Set([before.issuer, after.issuer]))
  assert.deepEqual(accounts.find(({ identity }) => identity?.provider === after.issuer)?.roles, [])

  const { issuer, keyRing, vault, store } = fixture
  const crossings = createCrossings({ issuer, basePath: '', keyRing, vault, store, clock: Date.now })
  for (const provider of [after.entry(), before.entry({ id: 'other' }), before.entry()]) {
    const begun = crossings.draft(before.entry(), { asks: { kind: 'own' }, next: '/account', path: '/sign-in' }, false)
    const cookies: string[] = []
    const response = { appendHeader: (_name: string, value: string) => cookies.push(value) } as unknown as ServerResponse
    await crossings.begin(response, before.entry(), begun)
    const request = { headers: { cookie: cookies[0]?.split(';')[0] } } as IncomingMessage
    const taken = await crossings.take(request, response, provider, begun.state)
    assert.equal(
      typeof taken === 'string' ? taken : 'taken',
      provider.id === 'acme' && provider.issuer === before.issuer ? 'taken' : 'other_provider',
    )
  }
})

test('an account whose provider is not configured any more stands for nobody', async () => {
  verifies('provider-identity')
  await using small = await startSmallProvider()
  const store = createMemoryStore({ clock: Date.now })
  const identity = { provider: small.issuer, subject: '1' }
  await createAccounts({ store, clock: Date.now }).upsertFromProvider({ identity, preferredName: 'ana', roles: [], groups: [] })
  const of = (signIn: readonly SignInProvider[]) => createAccounts({ store, clock: Date.now, signIn }).get('ana')
  assert.ok(await of([small.entry()]))
  assert.equal(await of([]), undefined)
  assert.equal(await of([small.entry({ issuer: `${small.issuer}/` })]), undefined)
})

test('somebody of a provider gets no passkey, and one from elsewhere opens nothing: it would outlive the provider’s word', async () => {
  verifies('provider-identity')
  const people = createPeopleFixture()
  const ana = await people.account('ana')
  const key = createAuthenticator(ISSUER)
  await people.passkeys.add(ana, 's', key.create(await people.passkeys.beginAdding(ana, 's')), 'Laptop')
  const enter = async () => (await people.passkeys.verify('p', key.get(await people.passkeys.beginSignIn('p'))))?.name
  assert.equal(await enter(), 'ana')
  const records = people.store.records<Record<string, unknown>>('account')
  const kept = await records.get('ana')
  assert.ok(kept)
  await records.compareAndSet('ana', kept.version, { ...kept.value, identity: { provider: 'https://idp.example', subject: '1' } })
  assert.equal(await enter(), undefined)
  const vouched = await people.accounts.get('ana')
  assert.ok(vouched)
  const other = createAuthenticator(ISSUER)
  const made = await people.passkeys.add(vouched, 's', other.create(await people.passkeys.beginAdding(vouched, 's')), 'Phone')
  assert.ok('problem' in made)

  await using small = await startSmallProvider()
  await using fixture = await startWithProviders([small.entry()])
  const browser = createBrowser()
  await browser.open((await setOut(fixture, browser)).location)
  const security = page(await browser.open(`${fixture.issuer}/account/security`))
  assert.equal(security.status, 200)
  assert.match(textOf(security.html), /Acme/)
  assert.ok(!security.html.includes('/passkeys/new'))
  const asked = page(await browser.open(`${fixture.issuer}/account/passkeys/new`))
  assert.ok(asked.status >= 400 && !asked.html.includes('data-passkey'))
})

test('names that are taken stay whose they are: a local account, and one of another provider', async () => {
  verifies('provider-identity')
  await using small = await startSmallProvider()
  await using other = await startSmallProvider()
  const entries = [small.entry({ nameClaim: 'name' }), other.entry({ id: 'other', title: 'Other', nameClaim: 'name' })]
  await using fixture = await startWithProviders(entries, { people: [{ name: 'ana', password: 'a quiet harbour at dawn' }] })
  const signInAs = async (provider: SmallProvider, id: string, person: Record<string, unknown>) => {
    provider.person = { email: 'ana@acme.example', email_verified: true, ...person }
    const browser = createBrowser()
    const consent = page(await browser.open((await setOut(fixture, browser, id)).location))
    assert.equal(consent.status, 200)
    return textOf(consent.html)
  }
  assert.match(await signInAs(small, 'acme', { sub: '1', name: 'ana' }), /ana-[0-9a-f]{6}/)
  assert.match(await signInAs(small, 'acme', { sub: '2', name: 'ANA' }), /ana-[0-9a-f]{6}/)
  await signInAs(other, 'other', { sub: '1', name: 'ana' })
  // A name that only looks alike names nobody.
  assert.match(await signInAs(other, 'other', { sub: '9', name: 'аna' }), /person-[0-9a-f]{6}/)
  const names = (await fixture.accounts.list()).map(({ name }) => name)
  assert.equal(new Set(names).size, 5)
  const local = await fixture.accounts.get('ana')
  assert.equal(local?.identity, undefined)
  assert.deepEqual(local?.roles, ['staff'], 'nothing of theirs has changed')
  // The same person again is the same account.
  await signInAs(small, 'acme', { sub: '1', name: 'somebody else' })
  assert.equal((await fixture.accounts.list()).length, 5)
})

test('an account that an operator has switched off is not let in by its provider', async () => {
  verifies('provider-identity')
  await using small = await startSmallProvider()
  await using fixture = await startWithProviders([small.entry()])
  const first = createBrowser()
  await first.open((await setOut(fixture, first)).location)
  await fixture.accounts.disable('ana@acme.example')
  const browser = createBrowser()
  const refused = page(await browser.open((await setOut(fixture, browser)).location))
  assert.equal(refused.status, 403)
  assert.equal(fixture.records.at(-1)?.reason, 'account_disabled')
})

test('a provider’s word ends: after some weeks without a sign-in there, nothing that was allowed counts; and again after one', async () => {
  verifies('provider-identity')
  await using small = await startSmallProvider()
  await using fixture = await startWithProviders([small.entry({ signInEveryDays: 7 })])
  const browser = createBrowser()
  const asked = await setOut(fixture, browser)
  const consent = page(await browser.open(asked.location, isBackAtClient))
  const tokens = (await (await allow(fixture, browser, consent, asked)).json()) as Tokens
  const refresh = async () => {
    const { status } = await postForm(`${fixture.issuer}/token`, {
      grant_type: 'refresh_token',
      refresh_token: tokens.refresh_token,
      client_id: asked.clientId,
    })
    return status
  }
  const stands = async () => (await isStranger(fixture, browser)) === false
  assert.ok(await stands())
  assert.equal(await refresh(), 200)
  const records = fixture.store.records<{ vouchedAt: number }>('account')
  const found = await records.get('ana@acme.example')
  assert.ok(found)
  await records.compareAndSet('ana@acme.example', found.version, { ...found.value, vouchedAt: Date.now() - 7 * 86_400_000 - 1 })
  assert.equal(await stands(), false)
  assert.equal(await refresh(), 400)
  assert.equal(typeof (await verify(fixture, tokens.access_token)), 'string')
  await browser.open((await setOut(fixture, browser)).location)
  assert.ok(await stands())
})

test('one address begins a bounded number of crossings', async () => {
  await using small = await startSmallProvider()
  await using fixture = await startWithProviders([small.entry()])
  const browser = createBrowser()
  const { signIn } = await ask(fixture, browser)
  const chosen = await choose(browser, signIn)
  const form = formTo(chosen, '/provider-continue')
  let last = 200
  for (let i = 0; i < 320 && last === 200; i++) last = page(await press(browser, chosen, form)).status
  assert.equal(last, 429)
  assert.ok((await kept(fixture)) <= 300)
  assert.equal(formsOf(chosen).length, 1)
})
