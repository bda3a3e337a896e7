// A11, T20: a consent is the answer of one person, in one browser, to one question about one client. Whatever else comes with a cookie, a
// form or a token of another question grants nothing.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createCookieNames, personCookie } from '../../src/oauth/cookies.ts'
import { verifies } from '../requirements.ts'
import { ANA, authorizeUrl, type Fixture, register, startAuthorizationServer } from '../support/authorization.ts'
import { createBrowser, prefilled, textOf } from '../support/browser.ts'
import { type Asked, landed, openConsent } from '../support/consent.ts'

verifies('A11', 'T20')

const BEN = { name: 'ben', password: 'another long passphrase' }
const grants = async ({ store }: Fixture): Promise<number> => (await store.records('grant').list()).length
const fieldsOf = ({ form }: Asked): Record<string, string> => ({ ...Object.fromEntries(prefilled(form)), decision: 'allow' })

/** Sends a form by hand: with any cookie, to anywhere. */
async function post(action: string, fields: Record<string, string>, cookie: string, headers: Record<string, string> = {}): Promise<number> {
  const sent = { cookie, origin: new URL(action).origin, ...headers }
  const response = await fetch(action, { method: 'POST', body: new URLSearchParams(fields), headers: sent, redirect: 'manual' })
  await response.body?.cancel()
  return response.status
}

describe('A11: the form of a consent', () => {
  it('counts only with the token and the time that were shown, from our own page, in the browser that was asked', async () => {
    await using fixture = await startAuthorizationServer({ people: [ANA, BEN] })
    const { client_id: clientId } = await register(fixture)
    const mine = await openConsent(fixture, clientId)
    const bens = await openConsent(fixture, clientId, {}, { person: BEN })
    const { action } = mine.form
    const cookie = mine.browser.cookies.headerFor(action)
    const fields = fieldsOf(mine)
    const { csrf = '', shown = '' } = fieldsOf(bens)
    const { csrf: _, ...withoutToken } = fields
    const { shown: __, ...withoutTime } = fields
    for (const [name, status, attempt] of [
      ['no token', 403, () => post(action, withoutToken, cookie)],
      ['an empty token', 403, () => post(action, { ...fields, csrf: '' }, cookie)],
      ['another person’s token', 403, () => post(action, { ...fields, csrf }, cookie)],
      ['no time', 403, () => post(action, withoutTime, cookie)],
      ['another person’s time', 403, () => post(action, { ...fields, shown }, cookie)],
      ['a time as text', 403, () => post(action, { ...fields, shown: '0' }, cookie)],
      ['another site', 403, () => post(action, fields, cookie, { origin: 'https://evil.example' })],
      ['a frame without an origin', 403, () => post(action, fields, cookie, { origin: 'null' })],
      ['no cookie', 400, () => post(action, fields, '')],
      ['another browser’s cookie', 400, () => post(action, fields, bens.browser.cookies.headerFor(bens.form.action))],
    ] as const) {
      assert.equal(await attempt(), status, name)
      assert.equal(await grants(fixture), 0, name)
    }
    const refused = fixture.records.filter(({ action: what, decision }) => what === 'consent' && decision === 'deny')
    assert.equal(refused.length, 10, 'each is on record')
    assert.ok(!JSON.stringify(refused).includes(fields['csrf'] ?? ''))
    assert.ok(landed(await mine.answer()).get('code'))
  })
  it('is of no use once the person has signed out, or is somebody else', async () => {
    await using fixture = await startAuthorizationServer({ people: [ANA, BEN] })
    const { client_id: clientId } = await register(fixture)
    const browser = createBrowser()
    const first = await openConsent(fixture, clientId, {}, { browser })
    const switched = first.page.html.match(/<form id="switch"[^>]*action="([^"]+)"/)?.[1]
    assert.ok(switched)
    const { csrf = '' } = fieldsOf(first)
    const cookies = browser.cookies.headerFor(first.form.action)
    const out = await browser.submit(first.page, { action: new URL(switched, fixture.issuer).href, method: 'post', fields: [] }, [
      ['csrf', csrf],
    ])
    assert.ok('html' in out)
    // The very same cookies as before, and the form as it was.
    assert.ok((await post(first.form.action, fieldsOf(first), cookies)) >= 400)
    await openConsent(fixture, clientId, {}, { browser, person: BEN })
    assert.ok((await post(first.form.action, fieldsOf(first), browser.cookies.headerFor(first.form.action))) >= 400)
    assert.equal(await grants(fixture), 0)
  })
  it('is in no frame and no cache, runs no script, and its cookies are out of reach of scripts, other hosts and other sites', async () => {
    await using fixture = await startAuthorizationServer()
    const { client_id: clientId } = await register(fixture)
    const { page, browser } = await openConsent(fixture, clientId)
    const policy = page.headers.get('content-security-policy') ?? ''
    for (const part of ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"]) assert.ok(policy.includes(part), policy)
    assert.doesNotMatch(policy, /script-src|unsafe/)
    assert.equal(page.headers.get('x-frame-options'), 'DENY')
    assert.equal(page.headers.get('cache-control'), 'no-store')
    assert.doesNotMatch(page.html, /<script|\son\w+=/i)
    const set = browser.cookies.seen.filter((line) => !/=;/.test(line))
    assert.ok(set.length >= 3)
    for (const line of set) assert.match(line, /(?=.*httponly)(?=.*samesite=lax)/i)
    // On https, where the prefixes mean something (RFC 6265bis §4.1.3).
    const { session, interaction, resume } = createCookieNames('https://mcp.example.com').names
    assert.deepEqual(
      [session, personCookie('https://mcp.example.com').name].map((name) => name.slice(0, 7)),
      ['__Host-', '__Host-'],
    )
    assert.ok([interaction, resume].every((name) => name.startsWith('__Secure-')))
    assert.match(personCookie('https://mcp.example.com').attributes, /^Path=\/; Secure; HttpOnly; SameSite=Lax$/)
  })
})

describe('T20: what was allowed to one client', () => {
  it('allows nothing to another: it is asked about anew, whatever the browser brings', async () => {
    await using fixture = await startAuthorizationServer()
    const browser = createBrowser()
    const { client_id: known } = await register(fixture, { client_name: 'Known' })
    const { client_id: other } = await register(fixture, { client_name: 'Known' })
    const first = await openConsent(fixture, known, {}, { browser })
    assert.ok(landed(await first.answer()).get('code'))
    const kept = browser.cookies.headerFor(first.form.action)

    const second = await openConsent(fixture, other, {}, { browser })
    assert.match(second.text, /Allow “Known” not verified/)
    const cookie = browser.cookies.headerFor(second.form.action)
    const old = fieldsOf(first)
    const now = fieldsOf(second)
    for (const [name, attempt] of Object.entries({
      'the form of the first, sent to the second': () => post(second.form.action, old, cookie),
      'its token': () => post(second.form.action, { ...now, csrf: old['csrf'] ?? '' }, cookie),
      'its time': () => post(second.form.action, { ...now, shown: old['shown'] ?? '' }, cookie),
      'its cookies': () => post(second.form.action, now, kept),
      'the form of the second, sent to the first': () => post(first.form.action, now, kept),
    })) {
      assert.ok((await attempt()) >= 400, name)
      assert.equal(await grants(fixture), 1, name)
    }
    // The way back to the first request, with all that the browser has.
    for (const path of [`/authorize/${new URL(first.page.url).pathname.split('/').at(-1)}`, new URL(first.page.url).pathname]) {
      const shown = await fetch(fixture.issuer + path, { headers: { cookie: `${kept}; ${cookie}` }, redirect: 'manual' })
      assert.equal(shown.status, 400, path)
    }
    const denied = landed(await second.answer({ decision: 'deny' }))
    assert.equal(denied.get('error'), 'access_denied')
    assert.equal(await grants(fixture), 1)
  })
  it('allows nothing more to the same client, and nothing without being asked', async () => {
    await using fixture = await startAuthorizationServer()
    const browser = createBrowser()
    const { client_id: clientId } = await register(fixture)
    const first = await openConsent(fixture, clientId, { scope: 'tools:read' }, { browser })
    landed(await first.answer())
    // Nobody to ask: what a page elsewhere could load in the background ends in an error, not in a code (OpenID Connect Core §3.1.2.1).
    const silent = await browser.open(authorizeUrl(fixture, clientId, { scope: 'tools:read', prompt: 'none' }).url, (url) =>
      url.includes('/callback'),
    )
    assert.ok('html' in silent || !new URL(silent.stoppedAt).searchParams.has('code'))
    const more = await openConsent(fixture, clientId, { scope: 'tools:read tools:execute' }, { browser })
    assert.match(more.text, /It can read.*It can delete things or run code/)
    assert.equal(await grants(fixture), 1)
    assert.ok(textOf(more.page.html).includes('signed in as ana'))
  })
})
