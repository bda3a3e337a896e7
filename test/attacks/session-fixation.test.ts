// Session fixation: whatever an attacker has put into a browser before a person signs in there, or begun elsewhere and handed over, is
// worth nothing to the attacker afterwards.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { verifies } from '../requirements.ts'
import { ANA, authorizeUrl, type Fixture, register, startAuthorizationServer } from '../support/authorization.ts'
import { type Browser, createBrowser, fillIn, formsOf, formWith, prefilled, type Shown, textOf, visit } from '../support/browser.ts'

verifies('session-fixation')

const EVE = { name: 'eve', password: 'another long passphrase' }
const start = () => startAuthorizationServer({ people: [ANA, EVE] })
const signInAt = async (browser: Browser, page: Shown, { name, password } = ANA): Promise<Shown> =>
  fillIn(browser, page, { name, password })

/** All cookies that a browser would send to a path, by name. */
function cookiesOf(browser: Browser, url: string): Map<string, string> {
  const pairs = browser.cookies.headerFor(url).split('; ')
  return new Map(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]))
}
/** As a page of a sibling host, or a program on this computer, can: into somebody's browser, as if we had set it. */
function plant(browser: Browser, url: string, cookies: ReadonlyMap<string, string>): void {
  browser.cookies.store(
    url,
    [...cookies].map(([name, value]) => `${name}=${value}; Path=/`),
  )
}
/** Who somebody with these cookies is to us. */
async function whoIs({ issuer }: Fixture, cookies: ReadonlyMap<string, string>): Promise<string | undefined> {
  const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  const response = await fetch(`${issuer}/sign-out`, { headers: { cookie } })
  return /signed in as (\S+) /.exec(textOf(await response.text()))?.[1]
}
const personCookieOf = (fixture: Fixture): string => `sallyport_${fixture.port}_person`

test('a session that somebody planted is not the one that a sign-in begins, and ends with it', async () => {
  await using fixture = await start()
  const { issuer } = fixture
  const eves = createBrowser()
  await signInAt(eves, await visit(eves, `${issuer}/sign-in`), EVE)
  const planted = cookiesOf(eves, `${issuer}/`)
  assert.equal(await whoIs(fixture, planted), 'eve')

  const anas = createBrowser()
  plant(anas, `${issuer}/`, planted)
  const { client_id: clientId } = await register(fixture)
  const asked = await visit(anas, authorizeUrl(fixture, clientId, { prompt: 'login' }).url)
  assert.match(textOf((await signInAt(anas, asked)).html), /signed in as ana/)
  const own = cookiesOf(anas, `${issuer}/`)
  assert.notEqual(own.get(personCookieOf(fixture)), planted.get(personCookieOf(fixture)))
  assert.equal(await whoIs(fixture, own), 'ana')
  assert.equal(await whoIs(fixture, planted), undefined, 'what was planted is nobody’s now')
})

test('a made-up session is not taken over, whatever it looks like', async () => {
  await using fixture = await start()
  const name = personCookieOf(fixture)
  for (const value of ['A'.repeat(43), '', 'ana', '../ana', 'bs_00000000000000000000', 'x'.repeat(5000)]) {
    const browser = createBrowser()
    plant(browser, `${fixture.issuer}/`, new Map([[name, value]]))
    await signInAt(browser, await visit(browser, `${fixture.issuer}/sign-in`))
    const given = cookiesOf(browser, `${fixture.issuer}/`).get(name)
    assert.match(given ?? '', /^[\w-]{43}$/)
    assert.notEqual(given, value)
    assert.equal(await whoIs(fixture, new Map([[name, value]])), undefined)
  }
})

test('the id of a session that a list shows opens nothing, and the token is kept nowhere', async () => {
  await using fixture = await start()
  const browser = createBrowser()
  await signInAt(browser, await visit(browser, `${fixture.issuer}/sign-in`))
  const [session] = await fixture.people.sessions.list('ana')
  assert.ok(session)
  assert.equal(await whoIs(fixture, new Map([[personCookieOf(fixture), session.id]])), undefined)
  const token = cookiesOf(browser, `${fixture.issuer}/`).get(personCookieOf(fixture)) ?? assert.fail('no cookie')
  const kept = JSON.stringify(await fixture.store.records('browser_session').list())
  assert.ok(!kept.includes(token))
  assert.ok(!JSON.stringify(fixture.records).includes(token))
  const [record] = await fixture.store.records('browser_session').list()
  assert.equal(await whoIs(fixture, new Map([[personCookieOf(fixture), record?.id ?? '']])), undefined, 'nor does its key in the store')
})

test('the provider’s session that somebody planted does not become the one of who signs in', async () => {
  await using fixture = await start()
  const { issuer } = fixture
  const { client_id: clientId } = await register(fixture)
  const eves = createBrowser()
  await signInAt(eves, await visit(eves, authorizeUrl(fixture, clientId).url), EVE)
  const planted = new Map([...cookiesOf(eves, `${issuer}/`)].filter(([name]) => name.includes('_session')))
  assert.ok(planted.size >= 2, 'a session and its signature')

  const anas = createBrowser()
  plant(anas, `${issuer}/`, planted)
  const asked = await visit(anas, authorizeUrl(fixture, clientId).url)
  assert.ok(formWith(asked, 'password'), 'the planted session lets nobody in')
  assert.match(textOf((await signInAt(anas, asked)).html), /signed in as ana/)
  // Eve still has the cookie that she planted, and her own session.
  const hers = await visit(eves, authorizeUrl(fixture, clientId).url)
  assert.doesNotMatch(textOf(hers.html), /signed in as ana/)
})

test('a sign-in that somebody began in their own browser is none in another, whoever is signed in there', async () => {
  await using fixture = await start()
  const { client_id: clientId } = await register(fixture)
  const eves = createBrowser()
  const begun = await visit(eves, authorizeUrl(fixture, clientId).url)

  const anas = createBrowser()
  await signInAt(anas, await visit(anas, `${fixture.issuer}/sign-in`))
  const handed = await visit(anas, begun.url)
  assert.equal(handed.status, 400)
  assert.match(textOf(handed.html), /begun in another browser/)
  const form = formWith(begun, 'password')
  const answered = await anas.submit(begun, form, [...prefilled(form), ['name', ANA.name], ['password', ANA.password]])
  assert.ok('status' in answered && answered.status === 400)
  assert.ok(
    formsOf(await visit(eves, begun.url)).some(({ fields }) => fields.some(({ type }) => type === 'password')),
    'Eve is asked who she is, still',
  )
})

test('even with the cookie of that sign-in planted, the code goes to nobody without Ana’s consent', async () => {
  // On plain http loopback a cookie can be planted. What Eve gains: Ana is asked for consent, by name, for what she did not begin.
  await using fixture = await start()
  const { client_id: clientId } = await register(fixture)
  const eves = createBrowser()
  const begun = await visit(eves, authorizeUrl(fixture, clientId).url)
  const anas = createBrowser()
  await signInAt(anas, await visit(anas, `${fixture.issuer}/sign-in`))
  plant(anas, begun.url, new Map([...cookiesOf(eves, begun.url)].filter(([name]) => name.includes('_interaction'))))
  await anas.open(begun.url, (url) => url.includes('/callback'))
  assert.deepEqual(await fixture.store.records('grant').list(), [])
  const resumed = await eves.open(begun.url.replace('/interaction/', '/authorize/'), (url) => url.includes('/callback'))
  if ('status' in resumed) assert.doesNotMatch(textOf(resumed.html), /signed in as ana/, 'nor is Eve asked in her name')
  else assert.fail('Eve went all the way')
})

test('every sign-in and every sign-out makes what was there before worthless', async () => {
  await using fixture = await start()
  const { issuer } = fixture
  const browser = createBrowser()
  const seen = new Set<string>()
  for (let round = 0; round < 3; round++) {
    fixture.advance(700_000)
    await signInAt(browser, await visit(browser, `${issuer}/sign-in?again=yes`))
    const token = cookiesOf(browser, `${issuer}/`).get(personCookieOf(fixture)) ?? assert.fail('no cookie')
    for (const former of seen) assert.equal(await whoIs(fixture, new Map([[personCookieOf(fixture), former]])), undefined)
    assert.ok(!seen.has(token))
    seen.add(token)
  }
  assert.equal((await fixture.people.sessions.list('ana')).length, 1)
  const page = await visit(browser, `${issuer}/sign-out`)
  await browser.submit(page, formWith(page, 'csrf'), prefilled(formWith(page, 'csrf')))
  for (const former of seen) assert.equal(await whoIs(fixture, new Map([[personCookieOf(fixture), former]])), undefined)
})
