/** What a person allows: read on the page, given whole or in part, and bound in what comes of it. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createScopeHierarchy, type Offer } from '../../src/core/index.ts'
import { createArtifacts, createGrants } from '../../src/oauth/index.ts'
import { createLocalBus } from '../../src/storage/index.ts'
import { verifies } from '../requirements.ts'
import { ANA, type Fixture, redeem, register, startAuthorizationServer, type Tokens, verify } from '../support/authorization.ts'
import { createBrowser, formsOf, textOf } from '../support/browser.ts'
import { type Answer, landed, openConsent } from '../support/consent.ts'

verifies('consent-partial', 'consent-lasts', 'consent-page')

const BEN = { name: 'ben', password: 'another long passphrase' }
const hierarchy = createScopeHierarchy({
  'notes:write': { description: 'Change notes' },
  'notes:send': { description: 'Send notes to others' },
  admin: { implies: ['notes:write'], description: 'Run the whole notebook' },
})
const scopes = () => ['tools:read', 'tools:execute', 'notes:write', 'notes:send', 'admin', 'billing']

async function allow(fixture: Fixture, clientId: string, changes: Record<string, string>, answer: Answer): Promise<Tokens> {
  const asked = await openConsent(fixture, clientId, changes)
  const code = landed(await asked.answer(answer)).get('code')
  assert.ok(code)
  const response = await redeem(fixture, clientId, code, asked.verifier)
  assert.equal(response.status, 200, await response.clone().text())
  return (await response.json()) as Tokens
}
const granted = ({ scope = '' }: Tokens): string[] =>
  scope
    .split(' ')
    .filter((each) => each !== 'offline_access')
    .sort()
const grantsOf = ({ store, keyRing, vault }: Fixture) =>
  createGrants({ store, clock: Date.now, bus: createLocalBus(), artifacts: createArtifacts({ store, keyRing, vault, clock: Date.now }) })

describe('the consent page', () => {
  it('groups what it could do from the least harm to the most; a name that says nothing counts as the most', async () => {
    await using fixture = await startAuthorizationServer({ scopes, hierarchy })
    const { client_id: clientId } = await register(fixture)
    const { page, form } = await openConsent(fixture, clientId, { scope: scopes().join(' ') })
    const boxes = form.fields.filter(({ type }) => type === 'checkbox')
    assert.ok(boxes.every(({ checked }) => checked))
    assert.deepEqual(
      boxes.map(({ name, value }) => `${name} ${value}`),
      // Only what an operator described has a box of its own.
      ['group read', 'group change', 'scope notes:write', 'scope notes:send', 'group run', 'scope admin'],
    )
    const [, read = '', change = '', run = ''] = page.html.split('<fieldset')
    assert.match(textOf(`<p${read}`), /It can read.*tools that only read/)
    assert.match(textOf(`<p${change}`), /It can change things.*Change notes.*Send notes to others/)
    assert.match(
      textOf(`<p${run}`),
      /It can delete things or run code.*that may change or delete things.*Run the whole notebook\. This includes: Change notes.*“billing”/,
    )
  })
  it('names under each permission what it opens, and bounds the list', async () => {
    const names = Array.from({ length: 230 }, (_, index) => `write_${index}`)
    const offers: Offer[] = [
      { kind: 'tool', name: 'read_note', scopes: ['tools:read'] },
      { kind: 'prompt', name: 'summarize', scopes: ['tools:read'] },
      { kind: 'template', name: 'note://{id}', scopes: ['tools:read'] },
      { kind: 'tool', name: 'both', scopes: ['tools:read', 'tools:execute'] },
      ...names.map((name) => ({ kind: 'tool' as const, name, scopes: ['notes:write'] })),
      { kind: 'tool', name: '<b>bold</b>\u202e', scopes: ['tools:execute'] },
    ]
    const asked: unknown[] = []
    await using fixture = await startAuthorizationServer({ scopes, hierarchy, offers: (to) => (asked.push(to), offers) })
    const { client_id: clientId } = await register(fixture)
    const { page } = await openConsent(fixture, clientId, { scope: 'tools:read tools:execute admin billing' })
    assert.deepEqual(asked, [{ user: 'ana', roles: ['staff'], clientId, scopes: ['tools:read', 'tools:execute', 'admin', 'billing'] }])
    const items = page.html.split('<li>').filter((item) => item.includes('<details>') || item.includes('nothing now'))
    assert.match(textOf(items[0] ?? ''), /only read Show the 2 tools, 1 prompt, 1 resource/)
    assert.match(page.html, /<code>both<\/code>[\s\S]*<code>both<\/code>/, 'what needs two permissions is named with both')
    assert.match(page.html, /<code>&lt;b&gt;bold&lt;\/b&gt;<\/code>/)
    assert.doesNotMatch(page.html, /\u202e/)
    // Admin implies notes:write.
    assert.match(page.html, /Show the 230 tools[\s\S]*write_199<\/code><\/li><li>and 30 more/)
    assert.doesNotMatch(page.html, /write_200/)
    assert.match(textOf(page.html), /“billing” There is nothing yet that it could use with this/)
  })
  it('says when the client was first seen, and how many came from the same address', async () => {
    await using fixture = await startAuthorizationServer()
    const { client_id: clientId } = await register(fixture)
    assert.match((await openConsent(fixture, clientId)).text, /First seen \d+ \w+ \d{4} at \d\d:\d\d UTC\. No other program was registered/)
    await register(fixture)
    await register(fixture)
    assert.match((await openConsent(fixture, clientId)).text, /2 other programs were registered from the same address/)
    const made = await fixture.clients.create({
      name: 'Reports',
      grantTypes: ['authorization_code'],
      authMethod: 'none',
      redirectUris: ['https://reports.example/cb'],
      createdBy: 'root',
    })
    const { text } = await openConsent(fixture, made.id, { redirect_uri: 'https://reports.example/cb' })
    assert.match(text, /“Reports” added by who runs this server to use/)
    assert.doesNotMatch(text, /same address|not verified/)
    assert.match(text, /The access lasts 60 minutes\. Then it has to ask you again\./, 'a client without refresh tokens has no choice')
  })
  it('lets somebody else sign in instead, and is theirs then', async () => {
    await using fixture = await startAuthorizationServer({ people: [ANA, BEN] })
    const { client_id: clientId } = await register(fixture)
    const { page, browser, text } = await openConsent(fixture, clientId)
    assert.match(text, /You are signed in as ana \. Use another account/)
    const other = formsOf(page).find(({ action }) => action.endsWith('/switch'))
    assert.ok(other)
    const hidden = other.fields.map(({ name, value }) => [name, value] as const)
    const shown = await browser.submit(page, other, hidden)
    assert.ok(!('stoppedAt' in shown))
    assert.match(textOf(shown.html), /Sign in/)
    const login = formsOf(shown)[0]
    assert.ok(login)
    const fields = login.fields.filter(({ type }) => type === 'hidden').map(({ name, value }) => [name, value] as const)
    const again = await browser.submit(shown, login, [...fields, ['name', BEN.name], ['password', BEN.password]])
    assert.ok(!('stoppedAt' in again))
    assert.match(textOf(again.html), /You are signed in as ben \./)
  })
})

describe('what is unticked', () => {
  it('is not granted: a group with all of its permissions, or one that has a box of its own', async () => {
    await using fixture = await startAuthorizationServer({ scopes, hierarchy })
    const { client_id: clientId } = await register(fixture)
    const scope = 'tools:read tools:execute notes:write notes:send'
    for (const [untick, expected] of [
      [[], ['notes:send', 'notes:write', 'tools:execute', 'tools:read']],
      [[['scope', 'notes:send']], ['notes:write', 'tools:execute', 'tools:read']],
      // Their own boxes are ticked still.
      [[['group', 'change']], ['tools:execute', 'tools:read']],
      [
        [
          ['group', 'read'],
          ['group', 'run'],
          ['scope', 'notes:write'],
        ],
        ['notes:send'],
      ],
    ] as const) {
      const tokens = await allow(fixture, clientId, { scope }, { untick })
      assert.deepEqual(granted(tokens), expected)
      const principal = await verify(fixture, tokens.access_token)
      assert.ok(typeof principal === 'object')
      assert.deepEqual([...principal.scopes].sort(), expected)
      const record = fixture.records.findLast(({ action }) => action === 'consent')
      const { granted: told, refused } = (record?.facts ?? {}) as Record<string, string[]>
      assert.deepEqual([...(told ?? []), ...(refused ?? [])].sort(), scope.split(' ').sort())
      assert.deepEqual([...(told ?? [])].sort(), expected)
    }
  })
  it('does not come back by a permission that implies it', async () => {
    await using fixture = await startAuthorizationServer({ scopes, hierarchy })
    const { client_id: clientId } = await register(fixture)
    const scope = 'tools:read notes:write admin'
    assert.deepEqual(granted(await allow(fixture, clientId, { scope }, { untick: [['group', 'change']] })), ['tools:read'])
    assert.deepEqual(granted(await allow(fixture, clientId, { scope }, {})), ['admin', 'notes:write', 'tools:read'])
  })
  it('stays unticked on a page that asks again', async () => {
    await using fixture = await startAuthorizationServer({ scopes, hierarchy })
    const { client_id: clientId } = await register(fixture)
    const asked = await openConsent(fixture, clientId, { scope: 'tools:read notes:write' })
    const again = await asked.answer({
      untick: [
        ['group', 'read'],
        ['scope', 'notes:write'],
      ],
      changed: { lasts: 'open' },
    })
    assert.ok(!('stoppedAt' in again))
    assert.equal(again.status, 400)
    assert.match(textOf(again.html), /Nothing is ticked/)
    const ticked = formsOf(again)[0]
      ?.fields.filter(({ checked }) => checked)
      .map(({ name, value }) => `${name} ${value}`)
    assert.deepEqual(ticked, ['group change', 'lasts open'])
  })
  it('is not had by a form that names a permission that was not asked for, or a group that is none', async () => {
    await using fixture = await startAuthorizationServer({ scopes, hierarchy })
    const { client_id: clientId } = await register(fixture)
    const asked = await openConsent(fixture, clientId, { scope: 'tools:read notes:write' })
    const fields = asked.form.fields.filter(({ type }) => type === 'hidden').map(({ name, value }) => [name, value] as const)
    const more = ['read', 'change', 'run', 'admin', '__proto__'].map((value) => ['group', value] as const)
    const sent = [...fields, ...more, ['scope', 'admin'], ['scope', 'billing'], ['decision', 'allow']] as const
    const code = landed(await asked.browser.submit(asked.page, asked.form, sent, (url) => url.includes('/callback'))).get('code')
    const tokens = (await (await redeem(fixture, clientId, code ?? '', asked.verifier)).json()) as Tokens
    assert.deepEqual(granted(tokens), ['tools:read'], 'notes:write has a box of its own, which was not ticked')
  })
})

describe('how long it lasts', () => {
  const DAY = 86_400
  it('bounds the grant, its refresh tokens and its access tokens, as it was chosen', async () => {
    await using fixture = await startAuthorizationServer({ accessTokenTtlSeconds: 7200 })
    const { client_id: clientId } = await register(fixture)
    for (const [lasts, seconds] of Object.entries({ hour: 3600, month: 30 * DAY, open: 365 * DAY })) {
      const tokens = await allow(fixture, clientId, {}, { changed: { lasts } })
      const facts = fixture.records.findLast(({ action }) => action === 'consent')?.facts
      assert.equal(facts?.['lasts'], lasts)
      const grant = await grantsOf(fixture).get(String(facts?.['grant']))
      assert.ok(grant)
      assert.ok(Math.abs(grant.expiresAt - grant.createdAt - seconds * 1000) <= 2000, lasts)
      assert.ok(tokens.expires_in <= Math.min(7200, seconds) && tokens.expires_in > Math.min(7200, seconds) - 60, String(tokens.expires_in))
    }
  })
  it('ends all that came of it when it is over, however often it was renewed', async () => {
    await using fixture = await startAuthorizationServer()
    const { client_id: clientId } = await register(fixture)
    let { access_token, refresh_token } = await allow(fixture, clientId, {}, { changed: { lasts: 'hour' } })
    const renew = () =>
      fetch(`${fixture.issuer}/token`, {
        method: 'POST',
        body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refresh_token ?? '', client_id: clientId }),
      })
    const left = await fixture.store.records<{ expiresAt: number }>('oauth_artifact').list()
    const refreshes = left.filter(({ id }) => id.startsWith('RefreshToken:'))
    assert.equal(refreshes.length, 1)
    for (const { value } of refreshes) assert.ok(value.expiresAt <= Date.now() + 3600_000 + 1000)
    fixture.advance(3000_000)
    ;({ access_token, refresh_token } = (await (await renew()).json()) as Tokens)
    assert.ok(typeof (await verify(fixture, access_token)) === 'object')
    fixture.advance(590_000)
    assert.ok(typeof (await verify(fixture, access_token)) === 'object')
    fixture.advance(20_000)
    assert.ok(['expired', 'revoked'].includes((await verify(fixture, access_token)) as string))
    assert.equal((await renew()).status, 400)
  })
  it('is the shortest where a form does not say it, or says something else', async () => {
    await using fixture = await startAuthorizationServer()
    const { client_id: clientId } = await register(fixture)
    for (const lasts of [undefined, 'constructor', 'for ever']) {
      await allow(fixture, clientId, {}, { changed: { lasts } })
      assert.equal(fixture.records.findLast(({ action }) => action === 'consent')?.facts?.['lasts'], 'hour')
    }
    const { form } = await openConsent(fixture, clientId, {}, { browser: createBrowser() })
    const proposed = form.fields.filter(({ type, checked }) => type === 'radio' && checked).map(({ value }) => value)
    assert.deepEqual(proposed, ['month'])
  })
})
