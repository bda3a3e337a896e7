// Limits at sign-in: what a page of another site sends uses up nothing that programs on this computer need, and what anybody
// may have stored is small, bounded and soon forgotten.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { verifies } from '../requirements.ts'
import { ANA, authorizeUrl, CALLBACK, type Fixture, register, startAuthorizationServer } from '../support/authorization.ts'
import { createBrowser, formsOf, prefilled, type Shown, signIn, textOf } from '../support/browser.ts'

verifies('limits')

const open = (url: string, headers: Record<string, string> = {}) => fetch(url, { redirect: 'manual', headers })
const stored = async ({ store }: Fixture) => (await store.records('oauth_artifact').list()).length
const crossSite = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }

test('pages of other sites register within a budget of their own', async () => {
  await using fixture = await startAuthorizationServer({ registrationsPerHour: 3 })
  const status = async (headers: Record<string, string>) => {
    const response = await fetch(`${fixture.issuer}/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ redirect_uris: [CALLBACK], token_endpoint_auth_method: 'none' }),
    })
    if (response.status === 429) assert.ok(Number(response.headers.get('retry-after')) > 0)
    assert.equal(response.headers.get('access-control-allow-origin'), '*', 'any origin may ask')
    return response.status
  }
  const statuses: number[] = []
  for (const origin of ['https://evil.example', 'https://a.evil.example', 'null', 'http://localhost.evil.example', 'http://192.0.2.1'])
    statuses.push(await status({ origin }))
  assert.deepEqual(statuses, [201, 201, 201, 429, 429])
  assert.equal(await status({}), 201, 'a program')
  assert.equal(await status({ origin: 'http://localhost:6274' }), 201, 'a page of a program on this computer')
  assert.equal(await status({ origin: fixture.issuer }), 201)
  assert.equal(await status({}), 429, 'programs have a budget too')
})

test('a request to sign in that is longer than any real one is refused before anything is stored', async () => {
  await using fixture = await startAuthorizationServer()
  const { client_id: clientId } = await register(fixture)
  for (const changes of [{ state: 's'.repeat(2049) }, { login_hint: 'x'.repeat(4000) }, { unknown: 'x'.repeat(15_000) }]) {
    const response = await open(authorizeUrl(fixture, clientId, changes).url)
    assert.equal(response.status, 414)
    assert.match(textOf(await response.text()), /too long/)
  }
  assert.equal(await stored(fixture), 0)
  assert.deepEqual(
    fixture.records.slice(1).map(({ action, reason }) => [action, reason]),
    Array.from({ length: 3 }, () => ['authorize', 'too_long']),
  )
  const landed = new URL(await signIn(authorizeUrl(fixture, clientId, { state: 's'.repeat(2048) }).url, ANA))
  assert.equal(landed.searchParams.get('state')?.length, 2048)
})

test('a sign-in opens in a window, not as an image or a frame of another page', async () => {
  await using fixture = await startAuthorizationServer()
  const { client_id: clientId } = await register(fixture)
  const { url } = authorizeUrl(fixture, clientId)
  for (const destination of ['image', 'iframe', 'empty', 'script'])
    assert.equal((await open(url, { ...crossSite, 'sec-fetch-dest': destination })).status, 403, destination)
  assert.equal(await stored(fixture), 0)
  assert.equal((await open(url, crossSite)).status, 303)
})

test('another site opens so many sign-ins and no more; programs still open theirs, and all are forgotten after ten minutes', async () => {
  await using fixture = await startAuthorizationServer()
  const { client_id: clientId } = await register(fixture)
  const { url } = authorizeUrl(fixture, clientId)
  const statuses: number[] = []
  for (let index = 0; index < 63; index++) statuses.push((await open(url, crossSite)).status)
  assert.deepEqual(statuses.slice(59), [303, 429, 429, 429])
  const refused = await open(url, crossSite)
  assert.ok(Number(refused.headers.get('retry-after')) <= 600)
  assert.match(textOf(await refused.text()), /Too many sign-ins/)
  const most = await stored(fixture)
  assert.ok(most <= 60 * 2, String(most))
  assert.equal((await open(url, { ...crossSite, 'sec-fetch-site': 'none' })).status, 303)
  assert.ok((await signIn(url, ANA)).startsWith(`${CALLBACK}?code=`))
  fixture.advance(601_000)
  const kinds = (await fixture.store.records('oauth_artifact').list()).map(({ id }) => id.split(':')[0])
  assert.ok(!kinds.includes('Interaction'), kinds.join())
})

test('a question that was not answered for ten minutes is a page that says so', async () => {
  await using fixture = await startAuthorizationServer()
  const { client_id: clientId } = await register(fixture)
  const browser = createBrowser()
  const login = (await browser.open(authorizeUrl(fixture, clientId).url)) as Shown
  const form = formsOf(login)[0]
  assert.ok(form)
  fixture.advance(601_000)
  const late = (await browser.submit(login, form, [...prefilled(form), ['name', ANA.name], ['password', ANA.password]])) as Shown
  assert.equal(late.status, 400)
  assert.match(textOf(late.html), /ten minutes/)
})
