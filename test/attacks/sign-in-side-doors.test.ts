// Ways around what guards signing in and the account: cookies whose names only look alike, names typed otherwise, a password link kept for
// later, sessions without end, and what an intruder does to keep the person from ending what they have.

import assert from 'node:assert/strict'
import { connect as dial } from 'node:net'
import { test } from 'node:test'
import { TOTP } from 'otpauth'
import { readCookie } from '../../src/oauth/person-at-browser.ts'
import { MAX_PASSKEYS } from '../../src/people/passkeys.ts'
import { MAX_SESSIONS } from '../../src/people/sessions.ts'
import { verifies } from '../requirements.ts'
import { atAccount, formTo } from '../support/account.ts'
import { createPeopleFixture, HERE, PASSWORD, type PeopleFixture } from '../support/accounts.ts'
import { createAuthenticator } from '../support/authenticator.ts'
import { ANA, authorizeUrl, type Fixture, register, startAuthorizationServer } from '../support/authorization.ts'
import { createBrowser, fillIn, formWith, prefilled, type Shown, textOf, visit } from '../support/browser.ts'
import { cpuMs } from '../support/cpu.ts'

verifies('session-fixation', 'new-password', 'own-activity', 'access-taken-back', 'consent-approval')

const OTHER = 'thirteen grey herons'

/** A page, asked for with these very bytes in the header: a client library would refuse to send some of them. */
function pageWith({ port }: Fixture, path: string, cookie: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = ''
    const lines = [`GET ${path} HTTP/1.1`, `Host: localhost:${port}`, 'Connection: close', `Cookie: ${cookie}`, '', '']
    const socket = dial(port, '127.0.0.1', () => socket.write(Buffer.from(lines.join('\r\n'), 'latin1')))
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1')
    })
    socket.on('end', () => resolve(answer))
    socket.on('error', reject)
  })
}
async function personCookie(fixture: Fixture): Promise<string> {
  const browser = createBrowser()
  await fillIn(browser, await visit(browser, `${fixture.issuer}/sign-in`), { name: ANA.name, password: ANA.password })
  const all = browser.cookies.headerFor(`${fixture.issuer}/`).split('; ')
  return all.find((each) => each.includes('_person=')) ?? assert.fail('no cookie')
}

test('a cookie whose name only looks like ours is not ours: its prefix bound it to nobody', async () => {
  await using fixture = await startAuthorizationServer()
  const cookie = await personCookie(fixture)
  const isSignedIn = async (header: string) => /signed in as ana/.test(textOf(await pageWith(fixture, '/sign-out', header)))
  for (const space of ['', ' ', '\t']) assert.ok(await isSignedIn(space + cookie), JSON.stringify(space))
  // What JavaScript calls white space and a browser calls part of a name: a sibling host may set it where `__Host-` may not be set.
  for (const planted of ['\u00a0', '\u00a0 ', ' \u00a0', '\u0085'])
    assert.equal(await isSignedIn(planted + cookie), false, JSON.stringify(planted))
  assert.equal(await isSignedIn(cookie.replace('=', '\u00a0=')), false)
})

test('a header of blanks costs no more than another', () => {
  const took = cpuMs(() => {
    for (let at = 0; at < 20; at++) assert.equal(readCookie(`a${' '.repeat(32_000)}b=c; x = y\t`, 'x'), 'y')
  })
  assert.ok(took < 2_000, `${took} ms`)
})

test('a wrong password is on record under the name of the account, however it was typed', async () => {
  await using fixture = await startAuthorizationServer()
  for (const name of ['ANA', ' ana', 'Ana ']) {
    const browser = createBrowser()
    await fillIn(browser, await visit(browser, `${fixture.issuer}/sign-in`), { name, password: 'not the password' })
  }
  const subjects = fixture.records.filter(({ reason }) => reason === 'wrong_password').map(({ subject }) => subject)
  assert.deepEqual(subjects, ['ana', 'ana', 'ana'])
})

test('what cannot be a name is not on record: it may be a password', async () => {
  await using fixture = await startAuthorizationServer()
  for (const name of ['a quiet harbour at dawn', 'Tr0ub4dor&3', 'somebody']) {
    const browser = createBrowser()
    await fillIn(browser, await visit(browser, `${fixture.issuer}/sign-in`), { name, password: 'ana' })
  }
  const subjects = fixture.records.map(({ subject }) => subject)
  assert.deepEqual(subjects, [undefined, undefined, 'somebody'])
})

test('whoever has a person’s password is on record, also where they get no further', async () => {
  await using fixture = await startAuthorizationServer()
  const ana = await fixture.accounts.get('ana')
  assert.ok(ana)
  const { uri, ticket } = await fixture.people.oneTimeCodes.begin(ana)
  const app = new TOTP({ secret: new URL(uri).searchParams.get('secret') ?? '' })
  assert.equal(await fixture.people.oneTimeCodes.confirm(ana, ticket, app.generate()), 'on')
  const browser = createBrowser()
  const asked = await fillIn(browser, await visit(browser, `${fixture.issuer}/sign-in`), { name: ' Ana', password: ANA.password })
  assert.ok(formWith(asked, 'one_time_code'))
  const [record, ...more] = fixture.records
  assert.deepEqual(
    [record?.action, record?.decision, record?.reason, record?.subject, more],
    ['sign-in', 'deny', 'code_asked_for', 'ana', []],
  )
})

test('a link for a new password ends with the next password, however that came, and with the account switched off', async () => {
  const people = createPeopleFixture()
  const { since } = await people.account('ana')
  const link = async () => (await people.links.create({ kind: 'password', name: 'ana', since })).code
  const first = await link()
  await people.accounts.setPassword('ana', OTHER)
  assert.equal(await people.welcome.look(first), undefined)
  assert.equal(await people.welcome.accept(first, PASSWORD), 'gone')
  assert.equal((await people.enter('ana', OTHER)).kind, 'signed-in')
  const second = await link()
  await people.accounts.disable('ana')
  await people.accounts.enable('ana')
  assert.equal(await people.welcome.accept(second, PASSWORD), 'gone')
})

test('a password that is being set is not set any more where the account ends meanwhile', async () => {
  const people = createPeopleFixture()
  const { since } = await people.account('ana')
  const { code } = await people.links.create({ kind: 'password', name: 'ana', since })
  const [late] = await Promise.all([people.welcome.accept(code, OTHER), afterLink(people, () => people.accounts.disable('ana'))])
  assert.ok(typeof late === 'object' && 'problem' in late)
  await people.accounts.enable('ana')
  assert.equal((await people.enter('ana', OTHER)).kind, 'wrong')
  assert.equal((await people.enter('ana')).kind, 'signed-in')

  const again = await people.links.create({ kind: 'password', name: 'ana', since })
  const remade = async () => {
    await people.accounts.remove('ana')
    people.pass(1)
    await people.store.records('account').putIfAbsent('ana', { name: 'ana', roles: ['owner'], owner: false, since: people.now() })
  }
  const [another] = await Promise.all([people.welcome.accept(again.code, OTHER), afterLink(people, remade)])
  assert.ok(typeof another === 'object' && 'problem' in another)
  assert.equal((await people.accounts.find('ana'))?.hasPassword, false)
})
/** As soon as nobody has a link any more: its password is being computed then. */
async function afterLink({ links }: Pick<PeopleFixture, 'links'>, run: () => Promise<unknown>): Promise<void> {
  while ((await links.list('password')).length > 0) await new Promise((resolve) => setImmediate(resolve))
  await run()
}

test('an account has some sessions, and not any number: the oldest end', async () => {
  const people = createPeopleFixture()
  const ana = await people.account('ana')
  const ben = await people.account('ben')
  const begin = (account = ana) => people.sessions.begin({ account, methods: ['password'], address: HERE, agent: '' })
  const bens = await begin(ben)
  const tokens: string[] = []
  for (let at = 0; at < MAX_SESSIONS + 5; at++) {
    tokens.push((await begin()).token)
    people.pass(1)
  }
  assert.equal((await people.sessions.list('ana')).length, MAX_SESSIONS)
  const alive = await Promise.all(tokens.map(async (token) => (await people.sessions.find(token)) !== undefined))
  assert.deepEqual(
    alive.map((each, at) => each === at >= 5),
    alive.map(() => true),
  )
  assert.ok(await people.sessions.find(bens.token), 'those of others are none of them')
  const many = await Promise.all(Array.from({ length: 60 }, () => begin()))
  assert.ok((await people.sessions.list('ana')).length <= MAX_SESSIONS)
  assert.ok(many.length === 60)
})

test('whoever has one session of a person cannot keep them from ending it', async () => {
  await using fixture = await startAuthorizationServer()
  const [eve, ana] = [await atAccount(fixture), await atAccount(fixture)]
  const page = await eve.open('/sessions')
  let last: Shown = page
  for (let change = 0; change <= 300; change++) last = await eve.send(page, '/sessions/end', { session: 'none' })
  assert.equal(last.status, 429)
  const ended = await ana.send(await ana.open('/sessions'), '/sessions/end-others')
  assert.equal(ended.status, 200)
  assert.equal((await fixture.people.sessions.list('ana')).length, 1)
})

test('keys are made and ended over and over, from ever new sessions, some times an hour', async () => {
  await using fixture = await startAuthorizationServer()
  let made = 0
  for (let session = 0; session < 4; session++) {
    const me = await atAccount(fixture)
    for (let key = 0; key < 20; key++) {
      const answer = await me.send(await me.open('/keys/new'), '/keys/new', { name: 'again', scope: ['tools:read'] })
      if (answer.status === 201) made++
      const list = await me.open('/keys')
      if (list.html.includes('/keys/revoke')) await me.send(list, '/keys/revoke')
    }
  }
  assert.equal(made, 60)
  const refused = fixture.records.find(({ action, reason }) => action === 'key.create' && reason === 'rate_limited')
  assert.equal(refused?.subject, 'ana')
})

test('of many passkeys that are added at once no more stay than an account may have', async () => {
  await using fixture = await startAuthorizationServer()
  const ana = await fixture.accounts.get('ana')
  assert.ok(ana)
  const { passkeys } = fixture.people
  const answers = await Promise.all(
    Array.from({ length: 40 }, async () => createAuthenticator(fixture.issuer).create(await passkeys.beginAdding(ana, 's'))),
  )
  await Promise.all(answers.map((answer) => passkeys.add(ana, 's', answer, 'one')))
  assert.ok((await passkeys.list(ana)).length <= MAX_PASSKEYS)
})

test('a change that is sent slowly counts for who is signed in when it has come, not when it began', async () => {
  await using fixture = await startAuthorizationServer()
  const eve = await atAccount(fixture)
  const page = await eve.open('/keys/new')
  const form = formTo(page, '/keys/new')
  const fields = [...prefilled(form), ['name', 'to stay'], ['scope', 'tools:read'], ['days', '365']] as [string, string][]
  const body = new URLSearchParams(fields).toString()
  const answered = new Promise<string>((resolve, reject) => {
    let answer = ''
    const head = [
      'POST /account/keys/new HTTP/1.1',
      `Host: localhost:${fixture.port}`,
      'Connection: close',
      'Content-Type: application/x-www-form-urlencoded',
      `Content-Length: ${body.length}`,
      `Cookie: ${eve.browser.cookies.headerFor(page.url)}`,
    ]
    const socket = dial(fixture.port, '127.0.0.1', () => socket.write(`${head.join('\r\n')}\r\n\r\n${body.slice(0, 10)}`))
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString()
    })
    socket.on('end', () => resolve(answer))
    socket.on('error', reject)
    setTimeout(() => void fixture.people.sessions.endAll('ana').then(() => socket.end(body.slice(10))), 300)
  })
  assert.match(await answered, /^HTTP\/1\.1 (?:303|401)/)
  assert.deepEqual(await fixture.store.records('api_key').list(), [])
  assert.equal(fixture.records.at(-1)?.reason, 'unauthenticated')
})

test('one-time codes are not replaced without a record, and without new recovery codes', async () => {
  await using fixture = await startAuthorizationServer()
  const me = await atAccount(fixture)
  const codeOf = ({ html }: Shown) => new TOTP({ secret: /(?<=secret=)[A-Z2-7]+/.exec(html)?.[0] ?? assert.fail('no seed') }).generate()
  const [first, second] = [await me.open('/one-time-codes/on'), await me.open('/one-time-codes/on')]
  const done = await me.send(first, '/one-time-codes/on', { code: codeOf(first), once: 'mine' })
  assert.equal(done.status, 201)
  const kept = () => fixture.store.records<{ seed: string }>('second_factor').get('codes/ana')
  const before = (await kept())?.value.seed
  const recorded = fixture.records.length
  const again = await me.send(first, '/one-time-codes/on', { code: codeOf(first), once: 'mine' })
  assert.equal(again.status, 409)
  assert.equal((await kept())?.value.seed, before)
  const replaced = await me.send(second, '/one-time-codes/on', { code: codeOf(second), once: 'mine' })
  assert.equal(replaced.status, 201)
  assert.notEqual((await kept())?.value.seed, before)
  assert.deepEqual(
    fixture.records.slice(recorded).map(({ action }) => action),
    ['one-time-codes.on', 'recovery-codes.create'],
  )
})

test('an approved client asks all the same where https leads to the person’s own computer', async () => {
  for (const host of ['localhost:7777', '127.0.0.1:7777', '127.0.0.2:7777', 'app.localhost', 'localhost.']) {
    await using fixture = await startAuthorizationServer()
    const back = `https://${host}/cb`
    const { client_id: clientId } = await register(fixture, { redirect_uris: [back], application_type: 'web' })
    assert.ok(await fixture.clients.approve(clientId, 'root'))
    const browser = createBrowser()
    const page = await visit(browser, authorizeUrl(fixture, clientId, { redirect_uri: back }).url)
    const form = formWith(page, 'password')
    const values = [...prefilled(form), ['name', ANA.name], ['password', ANA.password]] as [string, string][]
    const shown = await browser.submit(page, form, values, (url) => url.startsWith(back))
    assert.ok('html' in shown && /Allow “/.test(textOf(shown.html)), host)
  }
})
