// RFC 8628: a device is signed in by a code that a person types in. What a device is told while it waits, what others must not get
// by guessing, racing or sending somebody a link, and that the pages are nobody else's to use.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMemoryStore } from '../../src/storage/index.ts'
import { verifies } from '../requirements.ts'
import { ANA, type Fixture, postForm, register, SCOPES, startAuthorizationServer, type Tokens, verify } from '../support/authorization.ts'
import { type Browser, createBrowser, formsOf, prefilled, type Shown, textOf } from '../support/browser.ts'
import { slowly } from '../support/slow-store.ts'

/** All look before the first has written. */
const slow = () => ({ store: slowly(createMemoryStore({ clock: Date.now })) })

verifies('device-polling', 'device-once', 'device-phishing', 'device-guessing', 'device-forms')

const GRANT = 'urn:ietf:params:oauth:grant-type:device_code'

interface Begun {
  readonly device_code: string
  readonly user_code: string
  readonly verification_uri: string
  readonly verification_uri_complete: string
  readonly expires_in: number
  readonly interval: number
}

const registerDevice = async (fixture: Fixture, metadata: Record<string, unknown> = {}): Promise<string> =>
  (
    await register(fixture, {
      client_name: 'Living room',
      grant_types: [GRANT, 'refresh_token'],
      redirect_uris: [],
      response_types: [],
      ...metadata,
    })
  ).client_id

async function begin(fixture: Fixture, clientId: string, fields: Record<string, string> = {}): Promise<Begun> {
  const response = await postForm(`${fixture.issuer}/device_authorization`, { client_id: clientId, ...fields })
  assert.equal(response.status, 200, await response.clone().text())
  return (await response.json()) as Begun
}
const poll = ({ issuer }: Fixture, clientId: string, code: string): Promise<Response> =>
  postForm(`${issuer}/token`, { grant_type: GRANT, client_id: clientId, device_code: code })
const answerOf = async (response: Response): Promise<[number, unknown]> => [
  response.status,
  ((await response.json()) as { error?: string }).error,
]

/** Presses the button of that name and value in the first form, with what is filled in already. */
async function press(browser: Browser, page: Shown, button: readonly [string, string] | undefined, fields: Record<string, string> = {}) {
  const form = formsOf(page)[0]
  assert.ok(form, textOf(page.html))
  const filled = [...prefilled(form).filter(([name]) => !(name in fields)), ...Object.entries(fields), ...(button ? [button] : [])] as [
    string,
    string,
  ][]
  const shown = await browser.submit(page, form, filled)
  assert.ok('html' in shown)
  return shown
}
async function open(browser: Browser, url: string): Promise<Shown> {
  const shown = await browser.open(url)
  assert.ok('html' in shown)
  return shown
}
/** From the code to the page after the confirmation. */
async function confirm(browser: Browser, { verification_uri: uri, user_code: code }: Begun): Promise<Shown> {
  const asked = await press(browser, await open(browser, uri), undefined, { user_code: code })
  return press(browser, asked, ['confirm', 'yes'])
}
const signInAt = (browser: Browser, page: Shown): Promise<Shown> =>
  press(browser, page, undefined, { name: ANA.name, password: ANA.password })

test('a device shows a code, a person signs in and allows it, and the device gets tokens for this server', async () => {
  await using fixture = await startAuthorizationServer()
  const clientId = await registerDevice(fixture)
  const begun = await begin(fixture, clientId, { scope: 'tools:read tools:execute' })
  assert.match(begun.user_code, /^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/)
  assert.deepEqual([begun.verification_uri, begun.interval, begun.expires_in], [`${fixture.issuer}/device`, 5, 600])
  assert.deepEqual(await answerOf(await poll(fixture, clientId, begun.device_code)), [400, 'authorization_pending'])

  const browser = createBrowser()
  const asked = await press(browser, await open(browser, begun.verification_uri), undefined, { user_code: begun.user_code.toLowerCase() })
  const text = textOf(asked.html)
  for (const part of [begun.user_code, 'Living room', '127.0.0.1', 'Use the tools that only read', 'If somebody sent you this code'])
    assert.ok(text.includes(part), `${part} in: ${text}`)
  const consent = await signInAt(browser, await press(browser, asked, ['confirm', 'yes']))
  assert.ok(textOf(consent.html).includes('the device that showed you the code'))
  const done = await press(browser, consent, ['decision', 'allow'])
  assert.ok(textOf(done.html).includes('The device is connected'), textOf(done.html))

  const response = await poll(fixture, clientId, begun.device_code)
  assert.equal(response.status, 200, await response.clone().text())
  const tokens = (await response.json()) as Tokens
  const principal = await verify(fixture, tokens.access_token)
  assert.ok(typeof principal === 'object')
  assert.deepEqual(
    [principal.subject, principal.clientId, [...principal.scopes].sort()],
    ['ana', clientId, ['tools:execute', 'tools:read']],
  )
  const refreshed = await postForm(`${fixture.issuer}/token`, {
    grant_type: 'refresh_token',
    client_id: clientId,
    refresh_token: tokens.refresh_token,
  })
  assert.equal(refreshed.status, 200)

  // Once: whoever comes with it later ends what came of it.
  assert.deepEqual(await answerOf(await poll(fixture, clientId, begun.device_code)), [400, 'invalid_grant'])
  assert.equal(await verify(fixture, tokens.access_token), 'revoked')
})

test('whoever asks too often is told to slow down, each time for longer', async () => {
  await using fixture = await startAuthorizationServer()
  const clientId = await registerDevice(fixture)
  const { device_code: code } = await begin(fixture, clientId)
  const next = async () => (await answerOf(await poll(fixture, clientId, code)))[1]
  assert.equal(await next(), 'authorization_pending')
  assert.equal(await next(), 'slow_down')
  fixture.advance(5_500)
  assert.equal(await next(), 'slow_down', 'ten seconds by now')
  fixture.advance(15_500)
  assert.equal(await next(), 'authorization_pending')
  fixture.advance(5_500)
  assert.equal(await next(), 'slow_down')
  const other = await begin(fixture, clientId)
  assert.equal((await answerOf(await poll(fixture, clientId, other.device_code)))[1], 'authorization_pending', 'each code for itself')
})

test('a refused device is told so, and so is one whose code is unknown or another’s', async () => {
  await using fixture = await startAuthorizationServer()
  const clientId = await registerDevice(fixture)
  const another = await registerDevice(fixture)
  const stopped = await begin(fixture, clientId)
  const browser = createBrowser()
  const asked = await press(browser, await open(browser, stopped.verification_uri), undefined, { user_code: stopped.user_code })
  const end = await press(browser, asked, ['abort', 'yes'])
  assert.ok(textOf(end.html).includes('Nothing was allowed'))
  assert.deepEqual(await answerOf(await poll(fixture, clientId, stopped.device_code)), [400, 'access_denied'])

  const denied = await begin(fixture, clientId)
  const consent = await signInAt(browser, await confirm(browser, denied))
  const refused = await press(browser, consent, ['decision', 'deny'])
  assert.ok(textOf(refused.html).includes('Nothing was allowed'), textOf(refused.html))
  assert.deepEqual(await answerOf(await poll(fixture, clientId, denied.device_code)), [400, 'access_denied'])

  const own = await begin(fixture, clientId)
  assert.deepEqual(await answerOf(await poll(fixture, another, own.device_code)), [400, 'invalid_grant'])
  assert.deepEqual(await answerOf(await poll(fixture, clientId, 'x'.repeat(43))), [400, 'invalid_grant'])
  assert.deepEqual(await answerOf(await poll(fixture, 'cl_nobody', own.device_code)), [401, 'invalid_client'])
})

test('a code that has expired says so', async (t) => {
  await using fixture = await startAuthorizationServer()
  const clientId = await registerDevice(fixture)
  const { device_code: code, user_code: user, verification_uri: uri } = await begin(fixture, clientId)
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 610_000 })
  assert.deepEqual(await answerOf(await poll(fixture, clientId, code)), [400, 'expired_token'])
  const browser = createBrowser()
  const page = await press(browser, await open(browser, uri), undefined, { user_code: user })
  assert.ok(textOf(page.html).includes('No device waits with that code'))
})

test('of many redemptions at once one wins at most', async () => {
  await using fixture = await startAuthorizationServer(slow())
  const clientId = await registerDevice(fixture)
  const begun = await begin(fixture, clientId)
  const browser = createBrowser()
  await press(browser, await signInAt(browser, await confirm(browser, begun)), ['decision', 'allow'])
  const raced = await Promise.all(Array.from({ length: 50 }, () => poll(fixture, clientId, begun.device_code)))
  const won = raced.filter(({ status }) => status === 200)
  // None where a loser has ended the grant before the winner has looked at it: the device shows another code then.
  assert.ok(won.length <= 1, `${won.length} won`)
})

test('of two who confirm one code at once, one goes on', async () => {
  await using fixture = await startAuthorizationServer(slow())
  const clientId = await registerDevice(fixture)
  const begun = await begin(fixture, clientId)
  const browsers = Array.from({ length: 8 }, () => createBrowser())
  const pages = await Promise.all(
    browsers.map(async (browser) => press(browser, await open(browser, begun.verification_uri), undefined, { user_code: begun.user_code })),
  )
  const after = await Promise.all(browsers.map((browser, at) => press(browser, pages[at] as Shown, ['confirm', 'yes'])))
  assert.equal(after.filter(({ html }) => html.includes('type="password"')).length, 1)
  // And nobody after them.
  const late = createBrowser()
  const page = await press(late, await open(late, begun.verification_uri), undefined, { user_code: begun.user_code })
  assert.ok(textOf(page.html).includes('No device waits with that code'))
})

test('of two answers for one code at once, one is heard', async () => {
  await using fixture = await startAuthorizationServer(slow())
  const clientId = await registerDevice(fixture)
  const begun = await begin(fixture, clientId)
  const browser = createBrowser()
  const consent = await signInAt(browser, await confirm(browser, begun))
  const decisions = ['allow', 'deny', 'allow', 'deny'] as const
  const pages = await Promise.all(decisions.map((decision) => press(browser, consent, ['decision', decision])))
  const done = pages.filter(({ status }) => status === 200)
  assert.ok(done.length <= 1, done.map(({ html }) => textOf(html)).join('\n---\n'))
})

test('a link with a code in it does nothing by itself, and the page warns before anybody signs in', async () => {
  await using fixture = await startAuthorizationServer()
  const clientId = await registerDevice(fixture)
  const begun = await begin(fixture, clientId)
  const browser = createBrowser()
  const page = await open(browser, begun.verification_uri_complete)
  assert.ok(page.html.includes(`value="${begun.user_code}"`), 'it is filled in')
  assert.ok(textOf(page.html).includes('Only do this if you started it yourself'))
  assert.ok(!/<script|onload=/i.test(page.html) && page.headers.get('content-security-policy')?.includes("default-src 'none'"))
  assert.ok(!page.html.includes('type="password"'))
  fixture.advance(6_000)
  assert.deepEqual(await answerOf(await poll(fixture, clientId, begun.device_code)), [400, 'authorization_pending'])
  // What is no code is not shown at all.
  const odd = await open(browser, `${fixture.issuer}/device?user_code=${encodeURIComponent('"><b>CALL 555-0100</b>')}`)
  assert.ok(!odd.html.includes('555'))
})

test('the pages take no form of another page or browser, and are not framed', async () => {
  await using fixture = await startAuthorizationServer()
  const clientId = await registerDevice(fixture)
  const begun = await begin(fixture, clientId)
  const browser = createBrowser()
  const page = await open(browser, begun.verification_uri)
  assert.match(page.headers.get('content-security-policy') ?? '', /frame-ancestors 'none'/)
  assert.equal(page.headers.get('x-frame-options'), 'DENY')
  const fields = { ...Object.fromEntries(prefilled(formsOf(page)[0] as never)), user_code: begun.user_code }
  const cookie = browser.cookies.headerFor(begun.verification_uri)
  const send = (headers: Record<string, string>, over: Record<string, string> = {}) =>
    postForm(begun.verification_uri, { ...fields, ...over }, headers)
  assert.equal((await send({ cookie, origin: 'https://evil.example' })).status, 403)
  for (const [what, headers, over] of [
    ['no cookie', {}, {}],
    ['another token', { cookie }, { xsrf: 'x'.repeat(48) }],
    ['none', { cookie }, { xsrf: '' }],
  ] as const) {
    const answer = await send(headers, { ...over, confirm: 'yes' })
    assert.ok(!(await answer.text()).includes('type="password"') && answer.status >= 400, what)
  }
  const framed = await fetch(begun.verification_uri, { headers: { 'sec-fetch-dest': 'iframe' } })
  assert.equal(framed.status, 403)
  fixture.advance(6_000)
  assert.deepEqual(await answerOf(await poll(fixture, clientId, begun.device_code)), [400, 'authorization_pending'], 'nothing has happened')
})

test('codes are not guessed: an address may try few, and beginning is bounded too', async () => {
  await using fixture = await startAuthorizationServer()
  const clientId = await registerDevice(fixture)
  const begun = await begin(fixture, clientId)
  const browser = createBrowser()
  const statuses: number[] = []
  let page = await open(browser, begun.verification_uri)
  for (let tried = 0; tried < 31; tried++) {
    const next = await press(browser, page, undefined, { user_code: 'BBBB-BBBB' })
    statuses.push(next.status)
    if (next.status === 400) page = next
  }
  assert.deepEqual([statuses.filter((status) => status === 400).length, statuses.at(-1)], [30, 429])
  const right = await press(browser, page, undefined, { user_code: begun.user_code })
  assert.equal(right.status, 429, 'not even the right one')
  assert.ok(fixture.records.some(({ reason, action }) => reason === 'rate_limited' && action === 'device'))

  let last = 200
  for (let at = 0; at < 60; at++) last = (await postForm(`${fixture.issuer}/device_authorization`, { client_id: clientId })).status
  assert.equal(last, 429)
})

test('only clients that are registered for it begin, and only with scopes that there are', async () => {
  await using fixture = await startAuthorizationServer()
  const { client_id: other } = await register(fixture)
  const device = await registerDevice(fixture)
  const ask = async (fields: Record<string, string>) => answerOf(await postForm(`${fixture.issuer}/device_authorization`, fields))
  assert.deepEqual(await ask({ client_id: other }), [400, 'invalid_request'])
  assert.deepEqual(await ask({ client_id: 'cl_nobody' }), [401, 'invalid_client'])
  assert.deepEqual(await ask({ client_id: device, scope: 'no:such' }), [400, 'invalid_scope'])
  assert.deepEqual(await ask({ client_id: device, resource: 'https://elsewhere.example/mcp' }), [400, 'invalid_target'])
  const metadata = (await (await fetch(`${fixture.issuer}/.well-known/oauth-authorization-server`)).json()) as Record<string, unknown>
  assert.equal(metadata['device_authorization_endpoint'], `${fixture.issuer}/device_authorization`)
  assert.ok((metadata['grant_types_supported'] as string[]).includes(GRANT))
})

test('nothing of a code can be read in the store', async () => {
  await using fixture = await startAuthorizationServer()
  const clientId = await registerDevice(fixture)
  const { device_code: device, user_code: user } = await begin(fixture, clientId, { scope: SCOPES[0] as string })
  const stored = JSON.stringify(await fixture.store.records('oauth_artifact').list())
  for (const secret of [device, user, user.replace('-', '')]) assert.ok(!stored.includes(secret))
})
