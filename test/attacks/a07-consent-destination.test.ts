// A7: where the answer goes is a fact, and read before anything is granted: the whole host, in letters that cannot be mistaken, and a
// warning where anybody's program could be behind it.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type ConsentPage, consentPage } from '../../src/oauth/pages/consent.ts'
import { verifies } from '../requirements.ts'
import { CALLBACK, postJson, register, startAuthorizationServer } from '../support/authorization.ts'
import { textOf } from '../support/browser.ts'
import { openConsent } from '../support/consent.ts'

verifies('A7')

const boxOf = (html: string): { readonly text: string; readonly isWarning: boolean } => {
  const [, classes = '', inside = ''] = /<p class="(where big[^"]*)">(.*?)<\/p>/s.exec(html) ?? []
  return { text: textOf(inside), isWarning: classes.includes('warn') }
}

describe('A7: the consent page', () => {
  it('names the host that the answer goes to, in full, as it is registered', async () => {
    await using fixture = await startAuthorizationServer()
    for (const [redirect, shown] of [
      ['https://app.example.com/callback', 'app.example.com'],
      ['https://app.example.com:8443/callback', 'app.example.com:8443'],
      // What only looks like this computer, or like a known host, is read to its end.
      ['https://localhost.evil.example/callback', 'localhost.evil.example'],
      ['https://claude.ai.evil.example/claude.ai', 'claude.ai.evil.example'],
      ['https://xn--pple-43d.example/callback', 'xn--pple-43d.example'],
    ] as const) {
      const { client_id: clientId } = await register(fixture, { redirect_uris: [redirect] })
      const { page } = await openConsent(fixture, clientId, { redirect_uri: redirect })
      assert.deepEqual(boxOf(page.html), { text: `It will send you back to ${shown} , which gets the access.`, isWarning: false })
    }
  })
  it('says that any program could be behind an address of this computer', async () => {
    await using fixture = await startAuthorizationServer()
    for (const redirect of [CALLBACK, 'http://localhost:1/cb', 'http://[::1]:8080/cb']) {
      const { client_id: clientId } = await register(fixture, { redirect_uris: [redirect] })
      const { page } = await openConsent(fixture, clientId, { redirect_uri: redirect })
      const { text } = boxOf(page.html)
      assert.ok(text.includes(`this computer (${new URL(redirect).host})`), text)
      assert.match(text, /can be any program on this computer/)
    }
  })
  it('never gets as far for an address that others could read, or that a browser reads another way', async () => {
    await using fixture = await startAuthorizationServer()
    for (const redirect of [
      'http://app.example.com/callback',
      'http://127.0.0.1.evil.example/callback',
      'https://app.example.com@evil.example/callback',
      'https://аpple.example/callback',
      'https:\\\\evil.example/callback',
      'https://evil.example\u3002com/callback',
      'javascript:alert(1)',
      'data:text/html,hello',
    ]) {
      const response = await postJson(`${fixture.issuer}/register`, { client_name: 'App', redirect_uris: [redirect] })
      assert.equal(response.status, 400, redirect)
    }
  })
  it('would show in red what goes over a connection that others can read', () => {
    const page = (redirectUri: string): ConsentPage => ({
      action: '/',
      csrf: '',
      shown: '',
      account: 'ana',
      accountPage: '/account',
      client: 'App',
      clientId: 'cl_1',
      redirectUri,
      server: 'here.example',
      groups: [],
      lasts: 'month',
      accessMinutes: 60,
      voucher: { kind: 'nobody' },
      nameProblems: [],
      firstSeenAt: undefined,
      othersFromThere: undefined,
    })
    for (const redirect of ['http://app.example.com/cb', 'http://localhost.example/cb', 'http://127.0.0.1.example/cb', 'app:/cb'])
      assert.ok(boxOf(consentPage(page(redirect)).body.text).isWarning, redirect)
    for (const redirect of ['https://app.example.com/cb', 'http://127.9.9.9/cb'])
      assert.ok(!boxOf(consentPage(page(redirect)).body.text).isWarning, redirect)
  })
})
