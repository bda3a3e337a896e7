// Signing in at a client's request: each way in, who is asked again, and whose session counts.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Secret, TOTP } from 'otpauth'
import { verifies } from '../requirements.ts'
import { createAuthenticator } from '../support/authenticator.ts'
import { ANA, authorizeUrl, type Fixture, register, startAuthorizationServer } from '../support/authorization.ts'
import { createBrowser, fillIn, formsOf, formWith, type Shown, signIn, textOf, visit } from '../support/browser.ts'
import { startSmallProvider } from '../support/openid-provider.ts'
import { choose, formTo, goOn, isBackAtClient, page, press, setOut, startWithProviders } from '../support/provider-walk.ts'

verifies('one-session', 'fresh-sign-in', 'second-factor')

const BEN = { name: 'ben', password: 'another long passphrase' }

async function atRequest(fixture: Fixture, changes: Record<string, string> = {}, browser = createBrowser()) {
  const { client_id: clientId } = await register(fixture)
  return { browser, clientId, page: await visit(browser, authorizeUrl(fixture, clientId, changes).url) }
}
const asksWho = (page: Shown): boolean => formsOf(page).some(({ fields }) => fields.some(({ name }) => name === 'password'))
const asksConsent = (page: Shown): boolean => formsOf(page).some(({ fields }) => fields.some(({ name }) => name === 'decision'))
const signIns = ({ records }: Fixture) => records.filter(({ action }) => action === 'sign-in')

/** Turns one-time codes on for somebody; what their app shows in `seconds` from now. */
async function withCodes({ people }: Fixture, name: string): Promise<(seconds?: number) => string> {
  const account = await people.accounts.get(name)
  assert.ok(account)
  const { uri, ticket } = await people.oneTimeCodes.begin(account)
  const app = new TOTP({ secret: Secret.fromBase32(new URL(uri).searchParams.get('secret') ?? '') })
  const at = (seconds = 0) => app.generate({ timestamp: Date.now() + seconds * 1000 })
  // The one before, so that the one of now is still good.
  assert.equal(await people.oneTimeCodes.confirm(account, ticket, at(-30)), 'on')
  return at
}
async function withPasskey({ people, issuer }: Fixture, name: string) {
  const account = await people.accounts.get(name)
  assert.ok(account)
  const authenticator = createAuthenticator(issuer)
  const options = await people.passkeys.beginAdding(account, 'a test')
  const added = await people.passkeys.add(account, 'a test', authenticator.create(options as never), 'Laptop')
  assert.ok('passkey' in added, JSON.stringify(added))
  return authenticator
}
/** What the script of the page gives the browser. */
const optionsOn = (page: Shown) =>
  JSON.parse(/data-options="([^"]*)"/.exec(page.html)?.[1]?.replaceAll('&quot;', '"') ?? assert.fail('no passkey is offered')) as {
    readonly challenge: string
  }

test('after a right password the code of the app is asked for, and both are on record', async () => {
  await using fixture = await startAuthorizationServer()
  const codeAt = await withCodes(fixture, 'ana')
  const { browser, page } = await atRequest(fixture)
  const second = await fillIn(browser, page, { name: 'ana', password: ANA.password })
  assert.equal(second.status, 200)
  assert.match(textOf(second.html), /six digits/)
  assert.deepEqual(
    signIns(fixture).map(({ decision, reason }) => [decision, reason]),
    [['deny', 'code_asked_for']],
    'nobody is signed in yet',
  )
  assert.ok(asksWho(await visit(browser, page.url)), 'nor is anybody by the password alone')

  const wrong = await fillIn(browser, second, { one_time_code: '000000' })
  assert.equal(wrong.status, 401)
  assert.match(textOf(wrong.html), /not right, or was used before/)
  assert.ok(asksConsent(await fillIn(browser, wrong, { one_time_code: codeAt() })))
  assert.deepEqual(
    signIns(fixture).map(({ decision, reason, subject, facts }) => [decision, reason, subject, facts?.['methods']]),
    [
      ['deny', 'code_asked_for', 'ana', undefined],
      ['deny', 'wrong_code', 'ana', undefined],
      ['allow', 'allowed', 'ana', ['password', 'one-time-code']],
    ],
  )
})

test('a recovery code does in place of the app, once', async () => {
  await using fixture = await startAuthorizationServer()
  await withCodes(fixture, 'ana')
  const account = await fixture.people.accounts.get('ana')
  assert.ok(account)
  const [code = ''] = await fixture.people.recoveryCodes.renew(account)
  for (const expected of [true, false]) {
    const { browser, page } = await atRequest(fixture)
    const second = await fillIn(browser, page, { name: 'ana', password: ANA.password })
    const after = await fillIn(browser, second, { recovery_code: code })
    assert.equal(asksConsent(after), expected)
    if (!expected) assert.match(textOf(after.html), /recovery code is not right/)
  }
})

test('the second step of one sign-in is none of another, and ends with the time that a person needs', async () => {
  await using fixture = await startAuthorizationServer()
  const codeAt = await withCodes(fixture, 'ana')
  const { browser, page } = await atRequest(fixture)
  const second = await fillIn(browser, page, { name: 'ana', password: ANA.password })
  const ticket = formWith(second, 'ticket').fields.find(({ name }) => name === 'ticket')?.value ?? ''

  const other = await atRequest(fixture)
  const theirs = await fillIn(other.browser, other.page, { name: 'ana', password: ANA.password })
  const taken = await fillIn(other.browser, theirs, { one_time_code: codeAt(), ticket })
  assert.ok(asksWho(taken), 'a ticket of another browser begins anew')
  assert.match(textOf(taken.html), /took too long/)

  fixture.advance(301_000)
  assert.ok(asksWho(await fillIn(browser, second, { one_time_code: codeAt(301) })))
  assert.ok(signIns(fixture).every(({ decision }) => decision === 'deny'))
})

test('a passkey signs in without a name; what it signed counts once, and for this sign-in alone', async () => {
  await using fixture = await startAuthorizationServer()
  const authenticator = await withPasskey(fixture, 'ana')
  const { browser, page } = await atRequest(fixture)
  const other = await atRequest(fixture)
  const credential = authenticator.get(optionsOn(page) as never)
  const stolen = await fillIn(other.browser, other.page, { credential })
  assert.equal(stolen.status, 401)
  assert.match(textOf(stolen.html), /opens no account here/)

  const fresh = authenticator.get(optionsOn(page) as never)
  assert.ok(asksConsent(await fillIn(browser, page, { credential: fresh })))
  assert.deepEqual(signIns(fixture).at(-1)?.facts?.['methods'], ['passkey'])
  const again = await fillIn(createBrowser(), page, { credential: fresh })
  assert.equal(again.status, 400, 'another browser')
  for (const nonsense of ['', '{}', 'null', '{"id":1}', 'x'.repeat(20_000)]) {
    const answer = await fillIn(other.browser, stolen, { credential: nonsense })
    assert.equal(answer.status, 401)
  }
})

test('whoever is signed in is not asked again, and whoever was and is not any more is, whatever the provider remembers', async () => {
  await using fixture = await startAuthorizationServer()
  const { browser, page } = await atRequest(fixture)
  await fillIn(browser, page, { name: 'ana', password: ANA.password })
  const go = async () => (await atRequest(fixture, {}, browser)).page
  assert.ok(asksConsent(await go()))

  await fixture.people.sessions.endAll('ana')
  assert.match(browser.cookies.headerFor(fixture.issuer), /_session=/, 'the provider still has its own')
  const after = await go()
  assert.ok(asksWho(after))
  assert.ok(asksConsent(await fillIn(browser, after, { name: 'ana', password: ANA.password })))

  fixture.advance(12 * 3_600_000 + 1000)
  assert.ok(asksWho(await go()), 'a session ends by itself')
  assert.equal(signIns(fixture).length, 2)
})

test('a question that was open when its session ended is taken from nobody', async () => {
  await using fixture = await startAuthorizationServer({ people: [ANA, BEN] })
  const { browser, page } = await atRequest(fixture)
  const consent = await fillIn(browser, page, { name: 'ana', password: ANA.password })
  await fixture.people.sessions.endAll('ana')
  const late = await fillIn(browser, consent, { decision: 'allow' })
  assert.equal(late.status, 400)
  assert.deepEqual(await fixture.store.records('grant').list(), [])
  const again = await visit(browser, consent.url)
  assert.ok(asksWho(again), 'the page asks who is there')

  const asBen = await fillIn(browser, again, { name: 'ben', password: BEN.password })
  assert.ok(asksConsent(asBen))
  assert.match(textOf(asBen.html), /signed in as ben/)
})

test('prompt=login is answered by a sign-in at this request alone', async () => {
  await using fixture = await startAuthorizationServer()
  const first = await atRequest(fixture)
  const { browser } = first
  await fillIn(browser, first.page, { name: 'ana', password: ANA.password })
  const { page } = await atRequest(fixture, { prompt: 'login' }, browser)
  assert.ok(asksWho(page), 'a session from before does not answer')
  const proof = new URL((await visit(browser, page.url)).url)
  proof.searchParams.set('signed_in', 'A'.repeat(43))
  assert.ok(asksWho(await visit(browser, proof.href)), 'nor does a made-up proof')

  // A sign-in at another request, in the same browser, proves nothing for this one.
  const beside = await atRequest(fixture, { prompt: 'login' }, browser)
  let wentTo = ''
  await browser.submit(
    beside.page,
    formWith(beside.page, 'password'),
    [
      ...formWith(beside.page, 'password')
        .fields.filter(({ type }) => type === 'hidden')
        .map(({ name, value }) => [name, value] as const),
      ['name', 'ana'],
      ['password', ANA.password],
    ],
    (url) => {
      if (url.includes('signed_in=')) wentTo = url
      return wentTo !== ''
    },
  )
  const copied = new URL(page.url)
  copied.search = new URL(wentTo).search
  assert.ok(asksWho(await visit(browser, copied.href)), 'nor does the proof of another request')
  assert.ok(asksConsent(await visit(browser, wentTo)))
  assert.ok(asksConsent(await fillIn(browser, page, { name: 'ana', password: ANA.password })))
})

test('prompt=none is told that a sign-in is needed once the session has ended', async () => {
  await using fixture = await startAuthorizationServer()
  const { browser, page, clientId } = await atRequest(fixture)
  await fillIn(browser, page, { name: 'ana', password: ANA.password })
  const silently = async () => {
    const shown = await browser.open(authorizeUrl(fixture, clientId, { prompt: 'none' }).url, (url) => url.includes('/callback'))
    return 'stoppedAt' in shown ? new URL(shown.stoppedAt).searchParams.get('error') : textOf(shown.html)
  }
  assert.equal(await silently(), 'interaction_required', 'a consent')
  await fixture.people.sessions.endAll('ana')
  assert.equal(await silently(), 'login_required')
})

test('somebody else can take over the question: the one who was there is signed out', async () => {
  await using fixture = await startAuthorizationServer({ people: [ANA, BEN] })
  const { browser, page } = await atRequest(fixture)
  const consent = await fillIn(browser, page, { name: 'ana', password: ANA.password })
  const form = formsOf(consent).find(({ action }) => action.endsWith('/switch'))
  assert.ok(form, 'a way to another account')
  const csrf = form.fields.find(({ name }) => name === 'csrf')?.value ?? ''
  const forged = await browser.submit(consent, form, [['csrf', 'A'.repeat(csrf.length)]])
  assert.ok('status' in forged && forged.status === 403)
  assert.equal((await fixture.people.sessions.list('ana')).length, 1)

  const switched = await browser.submit(consent, form, [['csrf', csrf]])
  assert.ok('status' in switched && asksWho(switched))
  assert.equal((await fixture.people.sessions.list('ana')).length, 0)
  const asBen = await fillIn(browser, switched, { name: 'ben', password: BEN.password })
  assert.match(textOf(asBen.html), /signed in as ben/)
  assert.equal(fixture.records.filter(({ action, decision }) => action === 'sign-out' && decision === 'allow')[0]?.subject, 'ana')
})

test('who changes accounts is asked anew by a provider that remembers them, also after a page that leads back', async () => {
  await using small = await startSmallProvider()
  await using fixture = await startWithProviders([small.entry()])
  const browser = createBrowser()
  const first = await setOut(fixture, browser)
  assert.equal(new URL(first.location).searchParams.get('max_age'), null, 'at first it need not')
  const consent = page(await browser.open(first.location, isBackAtClient))
  const switched = page(await press(browser, consent, formTo(consent, '/switch')))
  for (const shown of [switched, await visit(browser, switched.url)]) {
    const location = await goOn(browser, await choose(browser, shown))
    assert.equal(new URL(location).searchParams.get('max_age'), '0')
  }
  const again = await choose(browser, switched)
  const back = /<a\b[^>]*href="([^"]*\/interaction\/[^"]*)"/.exec(again.html)?.[1] ?? assert.fail('a way back')
  const from = await visit(browser, new URL(back, fixture.issuer).href)
  const location = await goOn(browser, await choose(browser, from))
  assert.equal(new URL(location).searchParams.get('max_age'), '0')
  small.person = { ...small.person, sub: 'somebody else', email: 'ben@acme.example', preferred_username: 'ben' }
  assert.ok(asksConsent(page(await browser.open(location, isBackAtClient))), 'and goes on as whoever that is')
})

test('where people sign in elsewhere alone, no password and no passkey is asked for or taken', async () => {
  await using fixture = await startAuthorizationServer({
    localAccounts: false,
    signIn: [
      {
        id: 'acme',
        title: 'Acme',
        issuer: 'https://id.acme.example',
        clientId: 'sallyport',
        clientSecret: 'a secret of ours',
        dangerouslyAllowAnyone: true,
      },
    ],
  })
  const { browser, page } = await atRequest(fixture)
  assert.match(textOf(page.html), /Continue with Acme/)
  assert.doesNotMatch(page.html, /type="password"|data-passkey/)
  const form = formWith(page, 'provider')
  const csrf = form.fields.find(({ name }) => name === 'csrf')?.value ?? ''
  for (const step of ['login', 'second-factor', 'passkey']) {
    const shown = await browser.submit(page, { ...form, action: form.action.replace(/provider$/, step) }, [
      ['csrf', csrf],
      ['name', ANA.name],
      ['password', ANA.password],
    ])
    assert.ok('status' in shown && shown.status === 403, step)
  }
  assert.deepEqual(
    signIns(fixture).map(({ reason }) => reason),
    ['not_offered', 'not_offered', 'not_offered'],
  )
})

test('the same page is sent whether or not there is such a name, but for what is random', async () => {
  await using fixture = await startAuthorizationServer()
  await withCodes(fixture, 'ana')
  await withPasskey(fixture, 'ana')
  const seen = await Promise.all(
    ['ana', 'nobody'].map(async (name) => {
      const { browser, page } = await atRequest(fixture)
      const { status, html } = await fillIn(browser, page, { name, password: 'not the password at all' })
      return [status, textOf(html.replaceAll(name, 'NAME'))]
    }),
  )
  assert.deepEqual(seen[0], seen[1])
})

test('a sign-in with everything goes all the way to a code', async () => {
  await using fixture = await startAuthorizationServer()
  const codeAt = await withCodes(fixture, 'ana')
  const { client_id: clientId } = await register(fixture)
  const landed = new URL(await signIn(authorizeUrl(fixture, clientId).url, { ...ANA, oneTimeCode: () => codeAt() }))
  assert.ok(landed.searchParams.get('code'))
})
