// What a client says of itself: names that are made to look like others, and addresses that would run in the page. A name is text in an
// element of its own, with a warning where it is made up; an address of its own is never in a page.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { problemsWithName } from '../../src/oauth/consent/names.ts'
import { verifies } from '../requirements.ts'
import { CALLBACK, postJson, register, startAuthorizationServer } from '../support/authorization.ts'
import { openConsent } from '../support/consent.ts'

verifies('client-names', 'A11')

describe('a client’s name', () => {
  it('is found out where it mixes alphabets, has letters of another style, or hides characters', () => {
    for (const name of [
      'Claude Code (notes)',
      'Über-Notizen',
      'Ноутбук Анны',
      'Σημειώσεις',
      'メモ帳 app',
      '笔记 Notes',
      '메모장 app',
      'العربية',
      'עברית',
      'Tiếng Việt',
      'VS Code 2',
      '',
    ])
      assert.deepEqual(problemsWithName(name), [], name)
    for (const name of ['Сlaude Code', 'Claude Cоde', 'ϹΙaude', 'Gοogle', 'Ꮯlaude', 'Claude Ϲode', 'Вank of Claude'])
      assert.ok(problemsWithName(name).includes('mixes'), name)
    for (const name of ['𝐂laude', 'Ｃｌａｕｄｅ', '𝒢oogle', 'ﬁle', 'ℂlaude']) assert.ok(problemsWithName(name).includes('unusual'), name)
    for (const name of ['Claude\u200b Code', 'evil\u202eedualC', 'a\u0000b', 'Claude\u3164', '\u{e0041}Claude', 'Cl\u00adaude'])
      assert.ok(problemsWithName(name).includes('hides'), name)
  })
  it('is shown with a warning then, as text, in quotation marks and an element of its own', async () => {
    await using fixture = await startAuthorizationServer()
    for (const [client_name, warning] of [
      ['Сlaude Code', /mixes letters of several alphabets/],
      ['𝐂laude 𝐂ode', /unusual letters/],
      ['Claude\u202e Code\u200b', /had characters that nobody sees/],
      ['Claude Code', undefined],
    ] as const) {
      const { client_id: clientId } = await register(fixture, { client_name })
      const { page, text } = await openConsent(fixture, clientId)
      if (warning === undefined) assert.doesNotMatch(text, /Its name/)
      else assert.match(text, warning)
      assert.doesNotMatch(page.html, /[\u202e\u200b]/)
      assert.equal([...page.html.matchAll(/<bdi class="name">“[^<]*”<\/bdi>/g)].length, 1)
    }
  })
  it('cannot speak for the page: it says nothing outside of its quotation marks', async () => {
    await using fixture = await startAuthorizationServer()
    const client_name =
      '”</bdi></h1><p>verified by who runs this server</p><form action="https://evil.example"><input name="decision" value="allow">'
    const { client_id: clientId } = await register(fixture, { client_name })
    const { page } = await openConsent(fixture, clientId)
    assert.equal([...page.html.matchAll(/<form\b/g)].length, 2, 'the consent, and the way to another account')
    assert.doesNotMatch(page.html.replace(/<bdi class="name">“[^<]*”<\/bdi>/, ''), /evil\.example|verified by who runs/)
  })
})

describe('an address that a client names', () => {
  it('is never in the page, and none of javascript: is kept', async () => {
    await using fixture = await startAuthorizationServer()
    const members = ['client_uri', 'logo_uri', 'tos_uri', 'policy_uri']
    for (const member of members) {
      const metadata = { client_name: 'App', redirect_uris: [CALLBACK], token_endpoint_auth_method: 'none' }
      for (const address of ['javascript:alert(1)', 'data:text/html,<script>alert(1)</script>', 'https://evil.example/logo.svg']) {
        const response = await postJson(`${fixture.issuer}/register`, { ...metadata, [member]: address })
        const isHttps = address.startsWith('https:')
        assert.equal(response.status, isHttps ? 201 : 400, `${member} ${address}`)
        if (!isHttps) continue
        const { client_id: clientId } = (await response.json()) as { client_id: string }
        const { page } = await openConsent(fixture, clientId)
        assert.doesNotMatch(page.html, /evil\.example|javascript:|<img|<svg[^>]*onload/)
      }
    }
  })
  it('leads nowhere as a redirect, in whatever case it is written', async () => {
    await using fixture = await startAuthorizationServer()
    for (const address of [
      'javascript:alert(1)',
      'JavaScript:alert(1)',
      'java\tscript:alert(1)',
      'vbscript:x',
      'data:text/html,x',
      'blob:https://x/y',
      'file:///etc/passwd',
    ]) {
      const response = await postJson(`${fixture.issuer}/register`, { client_name: 'App', redirect_uris: [address] })
      assert.equal(response.status, 400, address)
    }
  })
})
