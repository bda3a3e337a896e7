// What somebody tries who has an account here, and wants to see or change what is another's.

import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { TOTP } from 'otpauth'
import { createApiKeys } from '../../src/oauth/index.ts'
import { type Connection, type Connections, createPeople } from '../../src/people/index.ts'
import { createMemoryCounters, type RecordKind } from '../../src/storage/index.ts'
import { verifies } from '../requirements.ts'
import { type AtAccount, atAccount } from '../support/account.ts'
import { auditOf } from '../support/account-records.ts'
import { createAuthenticator } from '../support/authenticator.ts'
import { ANA, authorizeUrl, connect, type Fixture, redeem, register, startAuthorizationServer } from '../support/authorization.ts'
import { type Form, formsOf, type Person, prefilled, type Shown, signIn, textOf } from '../support/browser.ts'
import { ROOT } from '../support/paths.ts'

verifies('own-account', 'own-activity', 'account-forms')

const BEN: Person = { name: 'ben', password: 'another quiet harbour' }
const PAGES = [
  '',
  '/keys',
  '/keys/new',
  '/security',
  '/password',
  '/passkeys/new',
  '/one-time-codes/on',
  '/sessions',
  '/connections',
  '/activity',
]
const KINDS: readonly RecordKind[] = ['account', 'api_key', 'grant', 'browser_session', 'passkey', 'second_factor', 'oauth_artifact']

interface Asked {
  readonly what: keyof Connections
  readonly user: string
  readonly session?: string
}

let fixture: Fixture
let ana: AtAccount
let ben: AtAccount
const asked: Asked[] = []

/** One that each has, and one that only ana has. */
const connections: Connections = {
  list: async (user) => {
    const one = (id: string, kind: Connection['kind']): Connection => ({
      id,
      kind,
      title: `${user}’s ${id}`,
      servers: ['notes'],
      state: 'connected',
    })
    return [one('notes', 'oauth'), one('secret.token', 'secret'), ...(user === 'ana' ? [one('only-ana', 'oauth')] : [])]
  },
  begin: async (_id, who) => (asked.push({ what: 'begin', ...who }), { location: 'https://elsewhere.example/authorize?state=1' }),
  finish: async (who) => (asked.push({ what: 'finish', ...who }), { problem: 'It was begun by somebody else.' }),
  setSecret: async (_id, user) => (asked.push({ what: 'setSecret', user }), undefined),
  end: async (_id, user) => (asked.push({ what: 'end', user }), true),
}

before(async () => {
  fixture = await startAuthorizationServer({ people: [ANA, BEN], connections })
  for (const person of [ANA, BEN]) await furnish(person)
  ana = await atAccount(fixture, ANA)
  ben = await atAccount(fixture, BEN)
  await atAccount(fixture, ANA)
  await atAccount(fixture, BEN)
  // Last: whoever has one-time codes needs them to sign in.
  for (const { name } of [ANA, BEN]) await turnCodesOn(name)
})
after(() => fixture[Symbol.asyncDispose]())

/** Everything that a person can have: two grants of one program, a key, a passkey, records. */
async function furnish(person: Person): Promise<void> {
  const { clientId } = await connect(fixture, { person, metadata: { client_name: `${person.name}’s program` } })
  const { url, verifier } = authorizeUrl(fixture, clientId)
  await redeem(fixture, clientId, new URL(await signIn(url, person)).searchParams.get('code') ?? '', verifier)
  const keys = createApiKeys({ ...fixture, clock: Date.now, accounts: fixture.accounts })
  await keys.create({ name: `${person.name}’s key`, scopes: ['tools:read'], createdBy: person.name, account: person.name })
  const { passkeys } = people()
  const account = await accountOf(person.name)
  const answer = createAuthenticator(fixture.issuer).create(await passkeys.beginAdding(account, 'test'))
  await passkeys.add(account, 'test', answer, `${person.name}’s passkey`)
  await auditOf(fixture, person.name)(person.name.length * 1000, { target: `${person.name}_tool` })
}
async function turnCodesOn(name: string): Promise<void> {
  const { oneTimeCodes, recoveryCodes } = people()
  const account = await accountOf(name)
  const { seed, ticket } = await oneTimeCodes.begin(account)
  const code = new TOTP({ secret: seed.replaceAll(' ', '') }).generate()
  assert.equal(await oneTimeCodes.confirm(account, ticket, code), 'on')
  await recoveryCodes.renew(account)
}
const people = () => createPeople({ ...fixture, counters: createMemoryCounters({ clock: Date.now }), clock: Date.now })
async function accountOf(name: string) {
  const account = await fixture.accounts.get(name)
  assert.ok(account)
  return account
}

/** All that is kept, but what is kept of `name`; when sessions were last seen apart. */
async function without(name: string): Promise<string> {
  const all = await Promise.all(
    KINDS.map(async (kind) => (await fixture.store.records(kind).list()).map(({ id, value }) => ({ kind, id, value }))),
  )
  const text = all.flat().map((each) => JSON.stringify(each).replace(/"lastSeenAt":\d+/, ''))
  return text
    .filter((each) => !new RegExp(`"(?:account|accountId|name)":"${name}"|/${name}"`).test(each) && !each.includes('"oauth_artifact"'))
    .join('\n')
}
const pathOf = ({ action }: Form): string => new URL(action).pathname.replace(/^\/account/, '')
async function formsAt(at: AtAccount): Promise<{ readonly page: Shown; readonly form: Form }[]> {
  const pages = await Promise.all(PAGES.map((path) => at.open(path)))
  const roll = pages[1]?.html.match(/href="\/account(\/keys\/replace\?key=\w+)"/)?.[1]
  assert.ok(roll, 'a key that can be replaced')
  pages.push(await at.open(roll))
  return pages.flatMap((page) =>
    formsOf(page)
      .filter(({ action, method }) => method === 'post' && new URL(action).pathname.startsWith('/account'))
      .map((form) => ({ page, form })),
  )
}
/** Fills in what a person would type. */
const filled = (form: Form, over: Readonly<Record<string, string>>): [string, string][] => {
  const typed = form.fields
    .filter(({ type }) => ['text', 'password'].includes(type))
    .map(({ name }): [string, string] => [name, 'some text of 12'])
  return [...prefilled(form), ...typed].map(([name, value]) => [name, over[name] ?? value])
}

test('every form of a page of theirs is sent by another: with the other’s own token, and with the one that came with it', async () => {
  const [hers, his] = [await formsAt(ana), await formsAt(ben)]
  const before = await without('ben')
  assert.ok(before.split('\n').length >= 8, 'there is something to change')
  const tried = new Set<string>()
  for (const { page, form } of hers) {
    const path = pathOf(form)
    const own = his.find((each) => pathOf(each.form) === path)
    const csrf = own && prefilled(own.form).find(([name]) => name === 'csrf')?.[1]
    for (const over of [{}, { csrf: csrf ?? '' }, { csrf: '' }]) {
      // Within another's rights only with a token of one's own: what ben does then is his own, to nothing of hers.
      const answer = await ben.browser.submit(page, form, filled(form, over))
      assert.ok(!('stoppedAt' in answer))
      assert.doesNotMatch(textOf(answer.html), /ana/, path)
      if (!('csrf' in over) || over.csrf === '') assert.equal(answer.status, 403, `${path}: a token that is not his`)
      assert.equal(await without('ben'), before, path)
    }
    tried.add(path.replace(/^\/connections\/[^/]+/, '/connections/ID'))
  }
  assert.deepEqual([...tried].sort(), changes(), 'every change that there is')
  assert.deepEqual([...new Set(asked.map(({ user }) => user))], ['ben'], 'what is connected elsewhere is asked for in his own name alone')
})

/** The changes that the source has: what is not on a page that was walked is found missing here. */
function changes(): string[] {
  const source = globSync('src/oauth/account/*.ts', { cwd: ROOT })
    .map((file) => readFileSync(join(ROOT, file), 'utf8'))
    .join('\n')
  const paths = [...source.matchAll(/method: 'POST',\s+path: (?:'([^']+)'|at\('([^']+)'\))/g)].map(
    ([, fixed, ofOne]) => fixed ?? `/connections/ID${ofOne}`,
  )
  assert.ok(paths.length > 12)
  return [...new Set(paths)].sort()
}

test('pages by their address: another’s key, connection, filter and place in the records', async () => {
  const key = (await ana.open('/keys')).html.match(/replace\?key=(\w+)/)?.[1]
  assert.equal((await ben.open(`/keys/replace?key=${key}`)).status, 404)
  assert.equal((await ben.open('/connections/only-ana')).status, 404)
  assert.equal((await ana.open('/connections/only-ana')).status, 200)
  const client = (await ana.open()).html.match(/activity\?client=([^"]+)"/)?.[1]
  assert.doesNotMatch(textOf((await ben.open(`/activity?client=${client}`)).html), /ana_tool/)
  for (let n = 0; n < 60; n++) await auditOf(fixture)(n, { target: `ana_${n}` })
  const place = (await ana.open('/activity')).html.match(/before=([^"&]+)/)?.[1]
  assert.ok(place)
  await auditOf(fixture, 'ben')(1, { target: 'ben_latest' })
  const his = await ben.open(`/activity?before=${place}`)
  assert.equal(textOf(his.html).includes('ben_latest'), true, 'a place that is not his is none')
  assert.doesNotMatch(textOf(his.html), /ana_/)
})

test('no page of his names anything of hers', async () => {
  const ids = await idsOf('ana')
  assert.ok(ids.length >= 6)
  for (const path of [...PAGES, '/connections/notes']) {
    const { html } = await ben.open(path)
    for (const id of ids) assert.ok(!html.includes(id), `${path} names ${id}`)
    assert.doesNotMatch(textOf(html), /ana’s|ana_tool/, path)
  }
})

async function idsOf(name: string): Promise<string[]> {
  const found: string[] = []
  for (const kind of ['api_key', 'grant', 'browser_session', 'passkey'] as const) {
    const all = await fixture.store.records<{ id?: string }>(kind).list({ group: `account:${name}` })
    found.push(...all.map(({ id, value }) => value.id ?? id))
  }
  return found
}

test('an account’s records are its own: not those of another issuer’s person of that name, nor of the account before it', async () => {
  await using own = await startAuthorizationServer()
  const record = auditOf(own)
  await record(1, { target: 'before', at: Date.now() - 60_000 })
  await record(2, { target: 'theirs', issuer: 'https://issuer.example' })
  await record(3, { target: 'of-a-machine', issuer: 'local' })
  await record(4, { target: 'mine' })
  const text = textOf((await (await atAccount(own)).open('/activity')).html)
  assert.match(text, /mine/)
  assert.doesNotMatch(text, /before|theirs|of-a-machine/)
})

test('who gets a name after another finds nothing of theirs', async () => {
  await using own = await startAuthorizationServer()
  await connect(own, { metadata: { client_name: 'Old program' } })
  const keys = createApiKeys({ ...own, clock: Date.now, accounts: own.accounts })
  const { key } = await keys.create({ name: 'old key', scopes: ['tools:read'], createdBy: 'ana', account: 'ana' })
  await auditOf(own)(1, { target: 'old_tool' })
  const cookie = (await atAccount(own)).browser
  await own.accounts.remove('ana')
  own.advance(2_000)
  await own.accounts.create(ANA)
  const next = await atAccount(own)
  for (const path of ['', '/keys', '/sessions', '/activity', '/security'])
    assert.doesNotMatch(textOf((await next.open(path)).html), /[Oo]ld[ _]/, path)
  await next.send(await next.open('/keys'), '/keys/revoke').catch(() => undefined)
  assert.equal((await keys.verifier.verify({ scheme: 'bearer', value: key }, own.resource)).allowed, false)
  const gone = await cookie.open(`${own.issuer}/account`)
  assert.ok(!('stoppedAt' in gone) && new URL(gone.url).pathname === '/sign-in', 'and the old session is nobody’s')
})

test('a form is good in its own session, for its own change, while that session lasts', async () => {
  await using own = await startAuthorizationServer()
  const { client_id: unused } = await register(own)
  const [one, other] = [await atAccount(own), await atAccount(own)]
  const page = await one.open('/sessions')
  const form = formsOf(page).find((each) => pathOf(each) === '/sessions/end-others')
  const endAll = formsOf(page).find((each) => pathOf(each) === '/sessions/end')
  assert.ok(form && endAll)
  const csrf = prefilled(endAll).find(([name]) => name === 'csrf')?.[1] ?? ''
  const post = async (at: AtAccount, action: string, fields: [string, string][]) => {
    const answer = await at.browser.submit(page, { ...form, action }, fields)
    assert.ok(!('stoppedAt' in answer))
    return answer
  }
  // Of the same person in another browser; of another change; for another change.
  assert.equal((await post(other, form.action, prefilled(form))).status, 403)
  assert.equal((await post(one, form.action, [['csrf', csrf]])).status, 403)
  assert.equal((await post(one, endAll.action.replace('/end', '/end-others'), [['csrf', csrf]])).status, 403)
  assert.equal((await post(one, form.action, [])).status, 403)
  assert.deepEqual(own.records.filter(({ reason }) => reason === 'forged_form').length, 4)
  // From a page of another site: browsers say where a form comes from.
  const cookie = one.browser.cookies.headerFor(own.issuer)
  const body = new URLSearchParams(prefilled(form)).toString()
  const headers = { cookie, origin: 'https://evil.example', 'content-type': 'application/x-www-form-urlencoded' }
  assert.equal((await fetch(form.action, { method: 'POST', headers, body })).status, 403)
  assert.match(new URL((await other.open()).url).pathname, /^\/account$/, 'nobody was signed out by any of it')
  // Ended: the page from before changes nothing any more.
  const sessions = createPeople({ ...own, counters: createMemoryCounters({ clock: Date.now }), clock: Date.now }).sessions
  await sessions.endAll('ana')
  const late = await post(one, form.action, prefilled(form))
  assert.equal(late.status, 401)
  assert.match(textOf(late.html), /You are no longer signed in Nothing was changed/)
  assert.equal(own.records.at(-1)?.reason, 'unauthenticated')
  assert.ok(unused)
})

test('a cookie that is made up, cut, doubled or somebody else’s id opens no page', async () => {
  const session = (await idsOf('ana')).find((id) => id.startsWith('bs_')) ?? ''
  const real = ana.browser.cookies.headerFor(fixture.issuer).match(/(sallyport[^;=]*_person)=([\w-]+)/)
  assert.ok(real)
  const [, name, token = ''] = real
  for (const value of [
    session,
    token.slice(0, -1),
    `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`,
    '',
    'A'.repeat(43),
    `${token}%00`,
    `"${token}"`,
  ]) {
    const { status, headers } = await fetch(`${fixture.issuer}/account/keys`, {
      redirect: 'manual',
      headers: { cookie: `${name}=${value}` },
    })
    assert.equal(status, 303, value)
    assert.match(headers.get('location') ?? '', /^\/sign-in\?next=%2Faccount%2Fkeys$/)
  }
  const { status } = await fetch(`${fixture.issuer}/account/keys`, { redirect: 'manual', headers: { cookie: `${name}=${token}` } })
  assert.equal(status, 200, 'the real one does')
})
