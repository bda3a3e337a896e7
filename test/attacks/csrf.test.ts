// No form does anything unless a page of ours sent it. Walked, not listed: every form of every page is sent as another site would send it,
// and as somebody would who has learned part of it; then nothing that is kept has changed, and the refusal is on record.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RecordKind, Store } from '../../src/storage/index.ts'
import { verifies } from '../requirements.ts'
import { ANA, type Fixture } from '../support/authorization.ts'
import { type Browser, createBrowser, type Form, fillIn, formWith, prefilled, visit } from '../support/browser.ts'
import { CYD, pagesForPerson, pagesForStrangers, postsOf, startWithEverything } from '../support/every-page.ts'

verifies('csrf')

const KINDS: readonly RecordKind[] = [
  'account',
  'identity',
  'passkey',
  'second_factor',
  'browser_session',
  'one_time_link',
  'api_key',
  'client',
  'grant',
  'connection',
  'named_secret',
  'provider_crossing',
  'oauth_artifact',
]
const TOKENS = ['csrf', 'xsrf']

/** Everything that is kept, as text; but the page of a device's code, which keeps a token of its own in the library's session. */
async function everything(store: Store, path: string): Promise<string> {
  const isKept = ({ id }: { readonly id: string }): boolean => path !== '/device' || !id.startsWith('Session:')
  const kept: unknown[] = []
  for (const kind of KINDS) kept.push([kind, (await store.records(kind).list({ limit: 1000 })).filter(isKept)])
  return JSON.stringify(kept)
}

/** The form as a person could have filled it in, so that nothing but the guard stands in the way. */
function filled(form: Form): [string, string][] {
  const typed = form.fields.flatMap(({ name, type }): [string, string][] => {
    if (type === 'password') return [[name, ANA.password]]
    if (['text', 'email', 'search', 'number'].includes(type)) return [[name, name === 'name' ? 'ana' : 'violet umbrella parade']]
    return []
  })
  const button = form.fields.filter(({ type, value }) => type === 'submit' && ['allow', 'yes'].includes(value)).at(-1)
  return [...prefilled(form), ...typed, ...(button === undefined ? [] : [[button.name, button.value] as [string, string]])]
}

interface Attempt {
  readonly what: string
  readonly fields: readonly (readonly [string, string])[]
  readonly origin?: string | undefined
  readonly cookie: string
}

function attemptsOn(form: Form, cookie: string, foreignTokens: readonly string[], own: string): Attempt[] {
  const fields = filled(form)
  const token = fields.find(([name]) => TOKENS.includes(name))
  const attempts: Attempt[] = [
    { what: 'from another site', fields, origin: 'https://evil.example', cookie },
    { what: 'from a neighbour of the same host', fields, origin: `${own}1`, cookie },
    { what: 'from a sandboxed frame', fields, origin: 'null', cookie },
  ]
  // Behind a one-time link the code is what counts: whoever has it may use it.
  if (token === undefined) return attempts
  const withToken = (value: string | undefined) => [
    ...fields.filter(([name]) => name !== token[0]),
    ...(value === undefined ? [] : [[token[0], value] as const]),
  ]
  attempts.push(
    { what: 'without its token', fields: withToken(undefined), origin: own, cookie },
    { what: 'with an empty token', fields: withToken(''), origin: own, cookie },
    { what: 'with its token cut', fields: withToken(token[1].slice(0, -1)), origin: own, cookie },
    { what: 'by an old browser that says no origin, without its token', fields: withToken(undefined), cookie },
    { what: 'with its token, in a browser that was not shown it', fields, origin: own, cookie: '' },
  )
  const other = foreignTokens.find((each) => each !== token[1])
  if (other !== undefined) attempts.push({ what: 'with the token of another form', fields: withToken(other), origin: own, cookie })
  return attempts
}

async function send(form: Form, { fields, origin, cookie }: Attempt): Promise<Response> {
  const body = new URLSearchParams(fields.map(([name, value]): [string, string] => [name, value]))
  return fetch(form.action, { method: 'POST', body, redirect: 'manual', headers: { cookie, ...(origin !== undefined && { origin }) } })
}

test('every form of every page is refused when another page sends it, and changes nothing', async () => {
  await using fixture = await startWithEverything()
  const { issuer, store } = fixture
  const tried = new Set<string>()
  const wrong: string[] = []
  const tokens: string[] = []
  for (const pages of [pagesForStrangers(fixture), pagesForPerson(fixture)]) {
    for await (const { what, browser, page } of pages) {
      for (const form of postsOf(page)) {
        const path = new URL(form.action).pathname.replace(/(\/interaction\/)[\w-]+/, '$1UID')
        const names = form.fields.map(({ name }) => name)
        if (!names.some((name) => TOKENS.includes(name) || name === 'code')) wrong.push(`${what}: the form to ${path} has no token`)
        tried.add(path)
        const cookie = browser.cookies.headerFor(form.action)
        for (const attempt of attemptsOn(form, cookie, tokens, issuer)) {
          const before = await everything(store, path)
          const records = fixture.records.length
          const response = await send(form, attempt)
          await response.body?.cancel()
          const told = `${what}: ${path} ${attempt.what}`
          if (response.status < 400 && !isHarmless(path, attempt)) wrong.push(`${told}: ${response.status}`)
          if ((await everything(store, path)) !== before) wrong.push(`${told} has changed something`)
          const refusals = fixture.records.slice(records)
          if (refusals.some(({ decision }) => decision === 'allow')) wrong.push(`${told} is on record as allowed`)
          if (response.status >= 400 && refusals.length === 0) wrong.push(`${told} is not on record`)
        }
        tokens.unshift(...form.fields.filter(({ name }) => TOKENS.includes(name)).map(({ value }) => value))
      }
    }
  }
  assert.deepEqual(wrong, [])
  for (const path of [
    '/interaction/UID/login',
    '/interaction/UID/second-factor',
    '/interaction/UID/passkey',
    '/interaction/UID/provider',
    '/interaction/UID/provider-continue',
    '/interaction/UID/consent',
    '/interaction/UID/switch',
    '/sign-in/login',
    '/sign-in/second-factor',
    '/device',
    '/setup',
    '/welcome',
    '/sign-out',
  ])
    assert.ok(tried.has(path), `${path} in ${[...tried].join(', ')}`)
  assert.ok([...tried].filter((path) => path.startsWith('/account')).length >= 5, [...tried].join(', '))
})

/** Who is signed in nowhere is told so where they would sign out, and nothing happens. */
const isHarmless = (path: string, { cookie }: Attempt): boolean => path === '/sign-out' && cookie === ''

test('the same forms are taken from the pages themselves', async () => {
  // What the test above refuses would mean nothing if these were refused as well.
  await using fixture = await startWithEverything()
  for await (const { what, browser, page } of pagesForStrangers(fixture)) {
    for (const form of postsOf(page)) {
      const records = fixture.records.length
      const response = await send(form, {
        what,
        fields: filled(form),
        origin: fixture.issuer,
        cookie: browser.cookies.headerFor(form.action),
      })
      await response.body?.cancel()
      const reasons = fixture.records.slice(records).map(({ reason }) => reason)
      assert.ok(!reasons.includes('forged_form') && response.status !== 403, `${what}: ${response.status} ${reasons.join(' ')}`)
    }
  }
})

test('nobody is signed in to somebody else’s account by a form of theirs', async () => {
  // Login CSRF: whoever works in an account that is not theirs gives what they do there away.
  await using fixture = await startWithEverything()
  const { issuer } = fixture
  const victim = createBrowser()
  await visit(victim, `${issuer}/sign-in`)
  const attackers = createBrowser()
  const page = await visit(attackers, `${issuer}/sign-in`)
  const form = formWith(page, 'password')
  const fields: [string, string][] = [...prefilled(form), ['name', CYD.name], ['password', CYD.password]]
  for (const origin of [undefined, issuer, 'https://evil.example']) {
    const response = await send(form, { what: '', fields, origin, cookie: victim.cookies.headerFor(form.action) })
    await response.body?.cancel()
    assert.equal(response.status, 403)
  }
  assert.deepEqual(await fixture.people.sessions.list(CYD.name), [])
})

test('a token of a session is none of the next one', async () => {
  await using fixture = await startWithEverything()
  const browser = createBrowser()
  const old = await signedOutForm(fixture, browser)
  fixture.advance(700_000)
  const again = await visit(browser, `${fixture.issuer}/sign-in?again=yes`)
  await fillIn(browser, again, { name: ANA.name, password: ANA.password })
  const before = (await fixture.people.sessions.list(ANA.name)).length
  const response = await send(old, {
    what: '',
    fields: prefilled(old),
    origin: fixture.issuer,
    cookie: browser.cookies.headerFor(old.action),
  })
  await response.body?.cancel()
  assert.equal(response.status, 403)
  assert.match(browser.cookies.headerFor(old.action), /_person=/, 'she is signed in still')
  assert.equal((await fixture.people.sessions.list(ANA.name)).length, before, 'and that session stands')
})

async function signedOutForm({ issuer }: Fixture, browser: Browser): Promise<Form> {
  const page = await visit(browser, `${issuer}/sign-in`)
  await fillIn(browser, page, { name: ANA.name, password: ANA.password })
  return formWith(await visit(browser, `${issuer}/sign-out`), 'csrf')
}
