/** The pages of one's own account, without a script: what they show, what they change, and what they ask for first. */

import assert from 'node:assert/strict'
import { after, before, describe, it, test } from 'node:test'
import { TOTP } from 'otpauth'
import { createApiKeys } from '../../src/oauth/index.ts'
import { createPeople, type People } from '../../src/people/index.ts'
import { createMemoryCounters } from '../../src/storage/index.ts'
import { verifies } from '../requirements.ts'
import { type AtAccount, atAccount, holding, shown, signInBefore } from '../support/account.ts'
import { auditOf } from '../support/account-records.ts'
import { createAuthenticator } from '../support/authenticator.ts'
import { ANA, connect, type Fixture, register, startAuthorizationServer, verify } from '../support/authorization.ts'
import { createBrowser, formsOf, textOf } from '../support/browser.ts'

verifies('recent-sign-in', 'access-taken-back', 'own-activity')

const MINUTE_MS = 60_000

let fixture: Fixture
let me: AtAccount
before(async () => {
  fixture = await startAuthorizationServer()
  me = await atAccount(fixture)
})
after(() => fixture[Symbol.asyncDispose]())

const people = (): People => createPeople({ ...fixture, counters: createMemoryCounters({ clock: Date.now }), clock: Date.now })
const ana = async () => {
  const account = await fixture.accounts.get('ana')
  assert.ok(account)
  return account
}
const lastRecord = () => fixture.records.at(-1)

describe('access', () => {
  it('is listed with who has it, what it allows, since when and last used, and ends at once for one program and not for another', async () => {
    const notes = await connect(fixture, { metadata: { client_name: 'Notes' } })
    const mail = await connect(fixture, { metadata: { client_name: 'Mail' }, changes: { scope: 'tools:read' } })
    const principal = await verify(fixture, notes.tokens.access_token)
    assert.ok(typeof principal === 'object')
    const text = textOf((await me.open()).html)
    assert.match(
      text,
      /“Notes” not verified .*run code.* Since \d+ \w+ \d{4} · not used yet · until \d+ \w+ \d{4} It sent you back to this computer/,
    )
    assert.match(text, /“Mail” not verified Use the tools that only read Since/)
    const page = await me.open()
    const done = await me.send(page, '/access/end', {}, holding(notes.clientId))
    assert.match(textOf(done.html), /The access has ended/)
    assert.doesNotMatch(textOf(done.html), /Notes/)
    assert.deepEqual([lastRecord()?.action, lastRecord()?.subject, lastRecord()?.clientName], ['grant.revoke', 'ana', 'Notes'])
    assert.equal(await verify(fixture, notes.tokens.access_token), 'revoked')
    assert.equal((await notes.refresh()).status, 400)
    assert.equal(typeof (await verify(fixture, mail.tokens.access_token)), 'object')
  })
  it('of one program that was let in twice can be taken back once, or both', async () => {
    const first = await connect(fixture, { metadata: { client_name: 'Twice' } })
    const [grantId] = (await me.open()).html.match(/(?<=name="client" value=")[^"]+/) ?? []
    assert.ok(grantId)
    const again = await connectAgain(first.clientId)
    const page = await me.open()
    assert.match(textOf(page.html), /You allowed it 2 times: each by itself/)
    const ids = formsOf(page).flatMap(({ fields }) => fields.filter(({ name }) => name === 'grant').map(({ value }) => value))
    assert.equal(ids.length, 2)
    const claims = JSON.parse(Buffer.from(again.split('.')[1] ?? '', 'base64url').toString())
    await me.send(page, '/access/end', {}, holding(claims.grant_id))
    assert.equal(await verify(fixture, again), 'revoked')
    assert.equal(typeof (await verify(fixture, first.tokens.access_token)), 'object')
  })
  it('ends altogether, and the page then says so', async () => {
    const one = await connect(fixture, { metadata: { client_name: 'One' } })
    const other = await connect(fixture, { metadata: { client_name: 'Other' } })
    const done = await me.send(await me.open(), '/access/end-all')
    assert.match(textOf(done.html), /All access has ended.*No program can do anything in your name/)
    for (const { tokens } of [one, other]) assert.equal(await verify(fixture, tokens.access_token), 'revoked')
  })
  it('of one program that signs in every hour does not make the page endless, and ends as a whole', async () => {
    const { clientId } = await connect(fixture, { metadata: { client_name: 'Hourly' } })
    const grants = fixture.store.records<{ payload: object }>('grant')
    const [one] = await grants.list({ group: 'account:ana' })
    assert.ok(one)
    for (let n = 0; n < 59; n++)
      await grants.putIfAbsent(`again-${n}`, one.value, { group: 'account:ana', expiresAt: Date.now() + 3_600_000 })
    const page = await me.open()
    assert.match(textOf(page.html), /You allowed it 60 times.*10 older ones are taken back with all of them/)
    assert.equal(page.html.match(/name="grant"/g)?.length, 50)
    await me.send(page, '/access/end', {}, holding(clientId))
    assert.deepEqual(await grants.list({ group: 'account:ana' }), [])
  })
  it('says nothing that a program’s name could say in our place', async () => {
    await connect(fixture, { metadata: { client_name: '"><script>alert(1)</script><b>verified' } })
    const { html } = await me.open()
    assert.doesNotMatch(html, /<script>|<b>verified/)
    await me.send(await me.open(), '/access/end-all')
  })
})

/** A second grant for the same client, as it gets one by signing in anew. */
async function connectAgain(clientId: string): Promise<string> {
  const { authorizeUrl, redeem } = await import('../support/authorization.ts')
  const { signIn } = await import('../support/browser.ts')
  const { url, verifier } = authorizeUrl(fixture, clientId)
  const code = new URL(await signIn(url, ANA)).searchParams.get('code') ?? ''
  return ((await (await redeem(fixture, clientId, code, verifier)).json()) as { access_token: string }).access_token
}

describe('keys', () => {
  const keys = () => createApiKeys({ ...fixture, clock: Date.now, accounts: fixture.accounts })
  const works = async (value: string) => (await keys().verifier.verify({ scheme: 'bearer', value }, fixture.resource)).allowed
  const keyIn = (html: string) => /class="once">(spk_\w+)</.exec(html)?.[1] ?? ''

  it('are made with what was ticked, shown once, listed, replaced and revoked', async () => {
    const form = await me.open('/keys/new')
    const made = await me.send(form, '/keys/new', { name: 'my script', scope: ['tools:read'], days: '30' })
    assert.equal(made.status, 201)
    const key = keyIn(made.html)
    const decision = await keys().verifier.verify({ scheme: 'bearer', value: key }, fixture.resource)
    assert.ok(decision.allowed)
    const { principal } = decision.value
    const { expiresAt = 0 } = (await keys().find(key.slice(4, 12))) ?? {}
    assert.deepEqual([principal.user, principal.subject, principal.scopes, principal.roles], ['ana', 'ana', ['tools:read'], ['staff']])
    assert.ok(Math.abs(expiresAt - Date.now() - 30 * 86_400_000) < MINUTE_MS)
    assert.deepEqual([lastRecord()?.action, lastRecord()?.target], ['key.create', key.slice(4, 12)])
    assert.ok(!JSON.stringify(fixture.records).includes(key.slice(13)))

    const list = await me.open('/keys')
    assert.ok(!list.html.includes(key.slice(13)), 'once')
    assert.match(textOf(list.html), /my script spk_\w{8}… Use the tools that only read Made .* not used yet · ends/)
    const rolled = await me.send(await me.open(`/keys/replace?key=${key.slice(4, 12)}`), '/keys/replace', { overlap: '0' })
    const next = keyIn(rolled.html)
    assert.match(textOf(rolled.html), /The old one has ended/)
    assert.deepEqual([await works(key), await works(next)], [false, true])
    const done = await me.send(await me.open('/keys'), '/keys/revoke', {}, holding(next.slice(4, 12)))
    assert.match(textOf(done.html), /The key has ended/)
    assert.equal(await works(next), false)
  })
  it('are not made by a form that is sent again, from nothing, or with what nobody was shown', async () => {
    const form = await me.open('/keys/new')
    const before = (await keys().listOf('ana')).length
    assert.equal((await me.send(form, '/keys/new', { name: 'twice', scope: ['tools:read'] })).status, 201)
    const again = await me.send(form, '/keys/new', { name: 'twice', scope: ['tools:read'] })
    assert.equal(again.status, 409)
    assert.equal((await keys().listOf('ana')).length, before + 1)
    for (const values of [
      { name: ' \u200b ', scope: ['tools:read'] },
      { name: 'nothing', scope: [] },
      { name: 'unknown', scope: ['admin', 'offline_access'] },
    ])
      assert.equal((await me.send(await me.open('/keys/new'), '/keys/new', values)).status, 400, values.name)
    assert.equal((await keys().listOf('ana')).length, before + 1)
  })
  it('are twenty at most', async () => {
    for (let at = (await keys().listOf('ana')).length; at < 30; at++)
      await keys().create({ name: `k${at}`, scopes: ['tools:read'], createdBy: 'ana', account: 'ana' })
    const full = await me.send(await me.open('/keys/new'), '/keys/new', { name: 'one more', scope: ['tools:read'] })
    assert.equal(full.status, 400)
    assert.match(textOf(full.html), /You have 20 keys/)
  })
})

describe('ways to sign in', () => {
  it('one-time codes: the app’s first code turns them on, a wrong one asks for the same again, and recovery codes come with them', async () => {
    const page = await me.open('/one-time-codes/on')
    const uri = page.html.match(/href="(otpauth:[^"]+)"/)?.[1]?.replaceAll('&amp;', '&') ?? ''
    assert.match(page.html, /<svg viewBox="0 0 \d+ \d+"/)
    const wrong = await me.send(page, '/one-time-codes/on', { code: '000000' })
    assert.equal(wrong.status, 400)
    assert.ok(wrong.html.replaceAll('&amp;', '&').includes(uri), 'nothing is to be scanned again')
    const params = new URL(uri).searchParams
    const code = () => new TOTP({ secret: params.get('secret') ?? '' }).generate()
    const on = await me.send(wrong, '/one-time-codes/on', { code: code() })
    assert.equal(on.status, 201)
    assert.equal(on.html.match(/<li>\w{4}-\w{4}-\w{4}<\/li>/g)?.length, 10)
    assert.ok(await people().oneTimeCodes.since(await ana()))

    const asked = await signInBefore(`${fixture.issuer}/account`, ANA, createBrowser())
    assert.match(textOf(asked.html), /code/i)
    assert.ok(
      formsOf(asked).some(({ fields }) => fields.some(({ name }) => name === 'one_time_code')),
      'the password alone is not enough',
    )

    const renewed = await me.send(await me.open('/security'), '/recovery-codes')
    assert.equal(renewed.status, 201)
    assert.notDeepEqual(renewed.html.match(/<li>\w{4}-\w{4}-\w{4}<\/li>/g), on.html.match(/<li>\w{4}-\w{4}-\w{4}<\/li>/g))
    const off = await me.send(await me.open('/security'), '/one-time-codes/off')
    assert.match(textOf(off.html), /One-time codes are off/)
    assert.equal(await people().oneTimeCodes.since(await ana()), undefined)
    assert.equal(await people().recoveryCodes.left(await ana()), undefined)
  })
  it('passkeys are added by what the device answers, named, and removed', async () => {
    const device = createAuthenticator(fixture.issuer)
    const page = await me.open('/passkeys/new')
    const optionsOf = (html: string) => JSON.parse(html.match(/data-options="([^"]+)"/)?.[1]?.replaceAll('&quot;', '"') ?? '')
    const refused = await me.send(page, '/passkeys/new', {
      name: 'a',
      credential: device.create(optionsOf(page.html), { verified: false }),
    })
    assert.equal(refused.status, 400)
    const done = await me.send(refused, '/passkeys/new', { name: 'My “phone”', credential: device.create(optionsOf(refused.html)) })
    assert.match(textOf(done.html), /The passkey is added/)
    const [passkey] = await people().passkeys.list(await ana())
    assert.equal(passkey?.name, "My 'phone'")
    await me.send(done, '/passkeys/rename', { name: 'Phone' })
    assert.equal((await people().passkeys.list(await ana()))[0]?.name, 'Phone')
    await me.send(await me.open('/security'), '/passkeys/remove')
    assert.deepEqual(await people().passkeys.list(await ana()), [])
  })
  it('the password changes for whoever knows it, and ends every other session', async () => {
    const other = await atAccount(fixture)
    assert.equal(
      (await me.send(await me.open('/password'), '/password', { now: 'not it at all', next: 'b'.repeat(4) + 'onny loch', again: 'x' }))
        .status,
      400,
    )
    const wrong = await me.send(await me.open('/password'), '/password', {
      now: 'not it at all',
      next: 'bonny loch lomond',
      again: 'bonny loch lomond',
    })
    assert.equal(wrong.status, 403)
    assert.deepEqual([lastRecord()?.action, lastRecord()?.reason], ['password.change', 'wrong_password'])
    const weak = await me.send(await me.open('/password'), '/password', { now: ANA.password, next: 'password1234', again: 'password1234' })
    assert.equal(weak.status, 400)
    const done = await me.send(await me.open('/password'), '/password', {
      now: ANA.password,
      next: 'bonny loch lomond',
      again: 'bonny loch lomond',
    })
    assert.match(textOf(done.html), /The password is changed/)
    assert.equal((await me.open('/keys')).status, 200, 'this browser goes on')
    assert.match(new URL((await other.open('/keys')).url).pathname, /\/sign-in$/)
    assert.equal(typeof (await fixture.accounts.verifyPassword('ana', 'bonny loch lomond')), 'object')
    assert.ok(!JSON.stringify(fixture.records).includes('bonny loch'))
    await fixture.accounts.setPassword('ana', ANA.password)
    me = await atAccount(fixture)
  })
})

test('who signs in at an identity provider has no password, passkey or code here, by page or by address', async () => {
  const provider = { id: 'login', title: 'Acme', issuer: 'https://login.example', clientId: 'a', clientSecret: 'b'.repeat(32) }
  await using own = await startAuthorizationServer({ signIn: [{ ...provider, dangerouslyAllowAnyone: true, roles: [] }] })
  const identity = { provider: provider.issuer, subject: '7' }
  const made = await own.accounts.upsertFromProvider({ identity, preferredName: 'cleo', roles: [], groups: [] })
  assert.ok(typeof made === 'object')
  const { sessions } = createPeople({ ...own, counters: createMemoryCounters({ clock: Date.now }), clock: Date.now })
  const { token } = await sessions.begin({ account: made.account, methods: ['provider:login'], address: '127.0.0.1', agent: '' })
  const browser = createBrowser()
  browser.cookies.store(own.issuer, [`sallyport_${own.port}_person=${token}; Path=/`])
  const open = async (path: string) => shown(await browser.open(`${own.issuer}/account${path}`))
  const text = textOf((await open('/security')).html)
  assert.match(text, /You sign in at Acme/)
  assert.doesNotMatch(text, /assword|asskey|codes/)
  for (const path of ['/password', '/passkeys/new', '/one-time-codes/on']) assert.equal((await open(path)).status, 404, path)
  assert.match(textOf((await open('/sessions')).html), /A browser that does not say which this browser Signed in .* at Acme/)
})

describe('sessions', () => {
  it('are listed with the browser in words, and end one by one or all but this one', async () => {
    const laptop = await atAccount(fixture)
    const phone = await atAccount(fixture)
    const page = await me.open('/sessions')
    assert.match(textOf(page.html), /node this browser Signed in .* UTC with a password, from this computer last seen just now/)
    const ids = (html: string) =>
      formsOf({ html, url: page.url }).flatMap(({ fields }) => fields.filter(({ name }) => name === 'session').map(({ value }) => value))
    const before = ids(page.html)
    assert.ok(before.length >= 2)
    const one = await me.send(page, '/sessions/end', {}, holding(before[0] ?? ''))
    assert.equal(ids(one.html).length, before.length - 1)
    await me.send(one, '/sessions/end-others')
    for (const each of [laptop, phone]) assert.match(new URL((await each.open()).url).pathname, /\/sign-in$/)
    assert.equal((await me.open('/sessions')).status, 200)
  })
  it('ends here, too', async () => {
    const here = await atAccount(fixture)
    const page = await here.open()
    const form = formsOf(page).find(({ action }) => action.endsWith('/sign-out'))
    assert.ok(form)
    shown(
      await here.browser.submit(
        page,
        form,
        form.fields.filter(({ type }) => type === 'hidden').map(({ name, value }) => [name, value] as const),
      ),
    )
    assert.match(new URL((await here.open()).url).pathname, /\/sign-in$/)
  })
})

describe('a recent sign-in', () => {
  const SENSITIVE = ['/keys/new', '/password', '/passkeys/new', '/one-time-codes/on']
  it('is asked for before what lets somebody back in, and not for what takes access away', async () => {
    await using own = await startAuthorizationServer()
    const here = await atAccount(own)
    const forms = new Map<string, Awaited<ReturnType<AtAccount['open']>>>()
    for (const path of SENSITIVE) forms.set(path, await here.open(path))
    own.advance(11 * MINUTE_MS)
    for (const path of SENSITIVE) {
      const asked = await here.open(path)
      assert.match(new URL(asked.url).pathname, /\/sign-in$/, path)
      assert.equal(new URL(asked.url).searchParams.get('next'), `/account${path}`)
      const refused = await here.send(forms.get(path) as never, path, { name: 'a', scope: ['tools:read'] })
      assert.equal(refused.status, 403, path)
      assert.match(textOf(refused.html), /within the last ten minutes. Nothing was changed/)
      assert.equal(own.records.at(-1)?.reason, 'sign_in_too_old')
    }
    assert.equal((await own.store.records('api_key').list()).length, 0)
    for (const path of ['', '/keys', '/sessions', '/activity', '/security'])
      assert.equal(new URL((await here.open(path)).url).pathname, `/account${path}`)
    await connect(own)
    assert.match(textOf((await here.send(await here.open(), '/access/end-all')).html), /All access has ended/)
    // Signed in again, the browser is where it wanted to go.
    const back = await signInBefore(`${own.issuer}/account/keys/new`, ANA, here.browser)
    assert.equal(new URL(back.url).pathname, '/account/keys/new')
    assert.equal((await here.send(back, '/keys/new', { name: 'a', scope: ['tools:read'] })).status, 201)
  })
})

test('what was done in one’s name: by programs, keys and oneself, the newest first, filtered, in pages', async () => {
  await using own = await startAuthorizationServer()
  const here = await atAccount(own)
  assert.match(textOf((await here.open('/activity')).html), /Nothing is on record that fits/)
  const call = auditOf(own)
  await call(1, { target: 'write_file', server: 'notes', clientId: 'cl_1', clientName: 'Notes <b>' })
  await call(2, { action: 'sign-in', decision: 'deny', reason: 'wrong_password', address: '203.0.113.9' })
  await call(3, {
    issuer: 'key',
    target: 'read_file',
    server: 'notes',
    clientId: 'spk_aaaaaaaa',
    credential: 'key',
    credentialId: 'spk_bbbbbbbb',
  })
  const all = textOf((await here.open('/activity')).html)
  assert.match(
    all,
    /Tool notes\.read_file spk_bbbbbbbb….* done .* Sign-in from 203\.0\.113\.9 refused wrong password .* Tool notes\.write_file “Notes <b>”/,
  )
  assert.doesNotMatch(textOf((await here.open('/activity?kind=calls')).html), /wrong password/)
  assert.doesNotMatch(textOf((await here.open('/activity?outcome=refused')).html), /read_file/)
  const ofOne = textOf((await here.open('/activity?client=cl_1')).html)
  assert.match(ofOne, /Only what “cl_1” did.*write_file/)
  assert.doesNotMatch(ofOne, /read_file/)
  for (let n = 10; n < 130; n++) await call(n, { target: `tool_${n}` })
  const seen: string[] = []
  let page = await here.open('/activity')
  for (let turn = 0; turn < 4; turn++) {
    seen.push(...(page.html.match(/tool_\d+|write_file|read_file/g) ?? []))
    const more = page.html.match(/href="\/account(\/activity\?before=[^"]+)"/)?.[1]
    if (more === undefined) break
    page = await here.open(more)
  }
  assert.equal(seen.length, 122)
  assert.equal(new Set(seen).size, 122)
})

test('what is far back among what does not fit is found by going on, and no page reads without end', async () => {
  await using own = await startAuthorizationServer()
  const here = await atAccount(own)
  await auditOf(own)(1, { action: 'consent', clientId: 'cl_far' })
  await own.store.audit.append(
    Array.from({ length: 2_500 }, (_, n) => ({
      id: `dec_${n}`,
      at: Date.now(),
      decision: 'allow' as const,
      reason: 'allowed',
      action: 'tools/call',
      subject: 'ana',
      issuer: own.issuer,
      transport: 'http',
      durationMs: 1,
    })),
  )
  const first = await here.open('/activity?kind=access')
  assert.doesNotMatch(textOf(first.html), /Access given/)
  const more = first.html.match(/href="\/account(\/activity\?[^"]*before=[^"]+)"/)?.[1]?.replaceAll('&amp;', '&')
  assert.ok(more)
  assert.match(textOf((await here.open(more)).html), /Access given/)
})

test('it is told apart from the account by its address: unknown pages, other methods, another host', async () => {
  assert.equal((await me.open('/nothing')).status, 404)
  assert.equal((await me.open('/access/end')).status, 404, 'a change is no page')
  const { status } = await fetch(`${fixture.issuer}/account`, { method: 'PUT' })
  assert.equal(status, 405)
  const elsewhere = await fetch(`http://127.0.0.1:${fixture.port}/account/keys`, { redirect: 'manual' })
  assert.equal(elsewhere.headers.get('location'), `${fixture.issuer}/account/keys`)
  const { client_id: unused } = await register(fixture)
  assert.doesNotMatch((await me.open()).html, new RegExp(unused), 'a client that was allowed nothing')
})
