// A3: a code, and anybody's browser, goes to exactly the address that the client registered; whatever is wrong before that is known ends
// on a page of ours. Each attempt differs from a registered address in one thing, and has a twin that gets through.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { verifies } from '../requirements.ts'
import { ANA, authorizeUrl, type Fixture, redeem, register, startAuthorizationServer } from '../support/authorization.ts'
import { createBrowser, formsOf, prefilled, type Shown, signIn } from '../support/browser.ts'
import { getCode, land } from '../support/codes.ts'

verifies('A3')

const WEB = 'https://app.example.com/oauth/callback'
const NATIVE = 'http://127.0.0.1:53591/oauth/callback'

/** What a browser is told that opens that, without being sent anywhere else. */
const open = (fixture: Fixture, clientId: string, redirectUri: string | undefined, more: Record<string, string> = {}): Promise<Response> =>
  fetch(authorizeUrl(fixture, clientId, { redirect_uri: redirectUri, ...more }).url, {
    redirect: 'manual',
    headers: { accept: 'text/html' },
  })

async function assertHeldBack(answer: Response, what: string): Promise<void> {
  assert.equal(answer.status, 400, what)
  assert.equal(answer.headers.get('location'), null, what)
  assert.equal(answer.headers.get('refresh'), null, what)
  const html = await answer.text()
  assert.doesNotMatch(html, /http-equiv|<script|<a [^>]*href="(?!\/)[^"]*evil/i, what)
}
const begins = ({ status, headers }: Response): boolean => status === 303 && (headers.get('location') ?? '').includes('/interaction/')

describe('A3: exact match', () => {
  it('an address that differs in anything is not the one that was registered', async () => {
    await using fixture = await startAuthorizationServer()
    const { client_id: clientId } = await register(fixture, { redirect_uris: [WEB] })
    for (const uri of [
      `${WEB}/`,
      `${WEB}/more`,
      `${WEB}?`,
      `${WEB}?next=https://evil.example`,
      `${WEB}#`,
      `${WEB}#x`,
      `${WEB}%00`,
      `${WEB}%2f..`,
      `${WEB};x`,
      ` ${WEB}`,
      `${WEB} `,
      'https://app.example.com/oauth/Callback',
      'https://app.example.com/oauth//callback',
      'https://app.example.com/oauth/./callback',
      'https://app.example.com/x/../oauth/callback',
      'https://app.example.com/oauth/%63allback',
      'https://app.example.com/oauth/callback/../../evil',
      'https://app.example.com',
      'https://APP.example.com/oauth/callback',
      'HTTPS://app.example.com/oauth/callback',
      'https://app.example.com:443/oauth/callback',
      'https://app.example.com:8443/oauth/callback',
      'https://app.example.com./oauth/callback',
      'https://evil.app.example.com/oauth/callback',
      'https://app.example.com.evil.example/oauth/callback',
      'https://app.example.com@evil.example/oauth/callback',
      'https://evil.example\\@app.example.com/oauth/callback',
      'https://evil.example#@app.example.com/oauth/callback',
      'https://evil.example?app.example.com/oauth/callback',
      'https://app.example.com%2eevil.example/oauth/callback',
      'https://user@app.example.com/oauth/callback',
      'http://app.example.com/oauth/callback',
      '//app.example.com/oauth/callback',
      '/oauth/callback',
      'javascript:alert(1)//app.example.com/oauth/callback',
      'data:text/html,app.example.com/oauth/callback',
      '*',
    ])
      await assertHeldBack(await open(fixture, clientId, uri), uri)
    assert.ok(begins(await open(fixture, clientId, WEB)), 'the twin that is right')
  })
  it('on this machine the port is free and nothing else', async () => {
    await using fixture = await startAuthorizationServer()
    const { client_id: clientId } = await register(fixture, { redirect_uris: [NATIVE] })
    for (const uri of [
      'http://localhost:53591/oauth/callback',
      'http://[::1]:53591/oauth/callback',
      'https://127.0.0.1:53591/oauth/callback',
      'http://127.0.0.2:53591/oauth/callback',
      'http://127.0.0.1:53591/oauth/callback/',
      'http://127.0.0.1:53591/oauth/callback?x=1',
      'http://127.0.0.1:53591/',
      'http://127.0.0.1:53591@evil.example/oauth/callback',
      'http://127.0.0.1:99999/oauth/callback',
      'http://127.1:53591/oauth/callback',
    ])
      await assertHeldBack(await open(fixture, clientId, uri), uri)
    for (const port of ['1024', '65535', '53591']) assert.ok(begins(await open(fixture, clientId, NATIVE.replace('53591', port))), port)
  })
  it('two addresses in one request are none, and so is a missing one where there are two', async () => {
    await using fixture = await startAuthorizationServer()
    const { client_id: clientId } = await register(fixture, { redirect_uris: [WEB, NATIVE] })
    const { url } = authorizeUrl(fixture, clientId, { redirect_uri: WEB })
    for (const second of [WEB, NATIVE, 'https://evil.example/']) {
      const twice = await fetch(`${url}&redirect_uri=${encodeURIComponent(second)}`, { redirect: 'manual' })
      await assertHeldBack(twice, second)
    }
    await assertHeldBack(await open(fixture, clientId, undefined), 'none')
    await assertHeldBack(await open(fixture, clientId, ''), 'an empty one')
  })
  it('an address of one client is nothing for another', async () => {
    await using fixture = await startAuthorizationServer()
    const { client_id: victim } = await register(fixture, { redirect_uris: [WEB] })
    const { client_id: thief } = await register(fixture, { redirect_uris: ['https://evil.example/cb'] })
    await assertHeldBack(await open(fixture, victim, 'https://evil.example/cb'), 'a thief’s address')
    await assertHeldBack(await open(fixture, thief, WEB), 'a victim’s address')
  })
  it('the address of the authorization request is asked for again with the code', async () => {
    await using fixture = await startAuthorizationServer()
    const { client_id: clientId } = await register(fixture, { redirect_uris: [WEB, 'https://app.example.com/other'] })
    for (const uri of ['https://app.example.com/other', `${WEB}/`, undefined, '', 'https://evil.example/']) {
      const { code, verifier } = await getCode(fixture, clientId, { redirect_uri: WEB })
      assert.equal((await redeem(fixture, clientId, code, verifier, { redirect_uri: uri })).status, 400, String(uri))
    }
    const { code, verifier } = await getCode(fixture, clientId, { redirect_uri: WEB })
    assert.equal((await redeem(fixture, clientId, code, verifier, { redirect_uri: WEB })).status, 200)
  })
})

describe('A3: no open redirect', () => {
  it('what is wrong before client and address are known ends on a page, whatever else is in the request', async () => {
    await using fixture = await startAuthorizationServer()
    const evil = 'https://evil.example/cb'
    const { client_id: clientId } = await register(fixture, { redirect_uris: [WEB] })
    for (const [client, uri] of [
      ['cl_nobody', evil],
      ['', evil],
      ['https://evil.example/client.json', evil],
      [clientId, evil],
    ] as const)
      for (const more of [
        {},
        { prompt: 'none' },
        { response_type: 'nonsense' },
        { scope: 'nonsense' },
        { response_mode: 'form_post' },
      ] as Record<string, string>[]) {
        const answer = await open(fixture, client, uri, more)
        assert.ok(answer.status >= 400, `${client} ${JSON.stringify(more)}`)
        assert.equal(answer.headers.get('location'), null)
        assert.doesNotMatch(await answer.text(), /(?:href|action|src|url)=["']?https:\/\/evil/i)
      }
  })
  it('a mistake in a link sends nobody to a program that nobody has let in: they are shown where it leads', async () => {
    await using fixture = await startAuthorizationServer()
    const phish = 'https://phish.example/login'
    const metadata = { redirect_uris: [phish], client_name: 'Your bank” <b>' }
    const { client_id: clientId } = await register(fixture, metadata)
    const mistakes = [
      { scope: 'nothing that exists' },
      { prompt: 'none' },
      { resource: 'https://elsewhere.example' },
      { code_challenge_method: 'plain' },
      { response_type: 'token' },
    ] as Record<string, string>[]
    for (const mistake of mistakes) {
      const answer = await open(fixture, clientId, phish, mistake)
      assert.deepEqual([answer.status, answer.headers.get('location'), answer.headers.get('refresh')], [400, null, null])
      const html = await answer.text()
      assert.match(html, /<a href="https:\/\/phish\.example\/login[?#][^"]*error=[^"]*" rel="noreferrer nofollow">/)
      assert.doesNotMatch(html, /http-equiv|<script|bank” <b>/)
    }
    // Once somebody let it in, and on this machine, clients are told as ever.
    const { code, verifier } = await getCode(fixture, clientId, { redirect_uri: phish })
    assert.equal((await redeem(fixture, clientId, code, verifier, { redirect_uri: phish })).status, 200)
    const { client_id: native } = await register(fixture, { redirect_uris: [NATIVE] })
    for (const [client, uri] of [
      [clientId, phish],
      [native, NATIVE],
    ] as const) {
      const told = await open(fixture, client, uri, { prompt: 'none' })
      assert.equal(told.status, 303)
      assert.equal(new URL(told.headers.get('location') ?? '').searchParams.get('error'), 'login_required')
    }
  })
  it('no other parameter decides where a browser goes, at any step', async () => {
    await using fixture = await startAuthorizationServer()
    const { client_id: clientId } = await register(fixture, { redirect_uris: [WEB] })
    const evil = 'https://evil.example/'
    const wishes = Object.fromEntries(
      ['return_to', 'returnTo', 'next', 'url', 'redirect', 'continue', 'post_logout_redirect_uri', 'request_uri', 'target_link_uri'].map(
        (name) => [name, evil],
      ),
    )
    const query = new URLSearchParams(wishes).toString()
    const browser = createBrowser()
    const isEvil = (url: string): boolean => new URL(url).hostname.endsWith('evil.example')
    const isEnd = (url: string): boolean => isEvil(url) || url.startsWith(WEB)
    const { request_uri: _, ...without } = wishes
    let shown = await browser.open(authorizeUrl(fixture, clientId, { redirect_uri: WEB, ...without }).url, isEnd)
    for (const filled of [
      [
        ['name', ANA.name],
        ['password', ANA.password],
      ],
      [['decision', 'allow']],
    ] as [string, string][][]) {
      const page = shown as Shown
      const form = formsOf(page)[0]
      assert.ok(form)
      const action = `${form.action}${form.action.includes('?') ? '&' : '?'}${query}`
      shown = await browser.submit(page, { ...form, action }, [...prefilled(form), ...filled, ...Object.entries(wishes)], isEnd)
    }
    assert.ok('stoppedAt' in shown)
    assert.ok(shown.stoppedAt.startsWith(`${WEB}?code=`), shown.stoppedAt)
  })
  it('a request by reference to somewhere else is neither fetched nor followed', async () => {
    await using fixture = await startAuthorizationServer()
    const { client_id: clientId } = await register(fixture, { redirect_uris: [WEB] })
    for (const more of [{ request_uri: 'https://evil.example/request.jwt' }, { request: 'eyJhbGciOiJub25lIn0.e30.' }] as Record<
      string,
      string
    >[]) {
      const answer = await open(fixture, clientId, WEB, more)
      const said = `${answer.headers.get('location') ?? ''}${await answer.text()}`
      assert.match(said, /request_(uri_)?not_supported|invalid_request/, JSON.stringify(more))
      assert.doesNotMatch(said, /[?&]code=|\/interaction\//)
    }
  })
  it('Deny and Allow of one person lead to that client only, with its state and no other', async () => {
    await using fixture = await startAuthorizationServer()
    for (const state of ['a&b=c', 'https://evil.example/?x=1#y', '<script>', 'ü=ä', '%26code%3Dforged']) {
      const { client_id: clientId } = await register(fixture, { redirect_uris: [WEB] })
      const denied = new URL(await signIn(authorizeUrl(fixture, clientId, { redirect_uri: WEB, state }).url, { ...ANA, deny: true }))
      assert.deepEqual([denied.origin + denied.pathname, denied.hash, denied.searchParams.get('error')], [WEB, '', 'access_denied'])
      const allowed = await land(fixture, clientId, { redirect_uri: WEB, state })
      for (const landed of [denied, allowed]) {
        assert.deepEqual(landed.searchParams.getAll('state'), [state])
        assert.equal(landed.origin + landed.pathname, WEB)
      }
      assert.deepEqual(allowed.searchParams.getAll('code').length, 1)
      assert.deepEqual(denied.searchParams.getAll('code'), [])
    }
  })
})

describe('A3: mix-up', () => {
  it('a code of one server is worth nothing at another, and neither knows the other’s clients', async () => {
    await using one = await startAuthorizationServer()
    await using other = await startAuthorizationServer()
    const { client_id: clientId } = await register(one)
    const { client_id: known } = await register(other)
    const { code, verifier } = await getCode(one, clientId)
    assert.equal((await redeem(other, clientId, code, verifier)).status, 401, 'a client of the first')
    assert.equal((await redeem(other, known, code, verifier)).status, 400, 'a client of its own')
    assert.equal((await redeem(one, clientId, code, verifier)).status, 200, 'that has not used it up')
  })
})
