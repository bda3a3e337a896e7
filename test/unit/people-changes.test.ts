/** What an operator changes about an account, and what ends with it. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { verifies } from '../requirements.ts'
import { createPeopleFixture, HERE, ISSUER, PASSWORD } from '../support/accounts.ts'
import { createAuthenticator } from '../support/authenticator.ts'
import { connect, startAuthorizationServer, verify } from '../support/authorization.ts'

verifies('ended-account', 'new-password')

const OTHER = 'thirteen grey herons'

test('a new password ends every session but the one that set it, and every sign-in that is half way', async () => {
  const people = createPeopleFixture()
  const ana = await people.account('ana')
  const code = await people.withCodes(ana)
  const begin = () => people.sessions.begin({ account: ana, methods: ['password'], address: HERE, agent: 'a browser' })
  const [mine, theirs] = [await begin(), await begin()]
  const half = await people.enter('ana')
  assert.ok(half.kind === 'second-factor')

  const set = await people.accounts.setPassword('ana', OTHER, { keepSession: mine.session.id })
  assert.ok('account' in set && set.account.generation === 1)
  assert.ok(await people.sessions.find(mine.token), 'it goes on')
  assert.equal(await people.sessions.find(theirs.token), undefined)
  assert.deepEqual(
    (await people.sessions.list('ana')).map(({ id }) => id),
    [mine.session.id],
  )
  people.pass(30)
  const given = { ticket: half.ticket, method: 'one-time-code', code: code(), purpose: 'this sign-in' } as const
  assert.deepEqual(await people.signIn.secondFactor(given), { kind: 'expired' })
  assert.deepEqual(await people.enter('ana', PASSWORD), { kind: 'wrong' })
  assert.equal((await people.enter('ana', OTHER)).kind, 'second-factor')

  // Shown the old password just before, and let in just after: what it was let in with is not there any more.
  const late = await people.sessions.begin({ account: ana, methods: ['password'], address: HERE, agent: '' })
  assert.equal(await people.sessions.find(late.token), undefined)
})

test('a password that is changed while it is being checked is not right', async () => {
  const people = createPeopleFixture()
  await people.account('ana')
  const [entered] = await Promise.all([people.accounts.verifyPassword('ana', PASSWORD), people.accounts.disable('ana')])
  assert.equal(entered, 'wrong')
})

test('an account that is switched off is as good as none, and comes back without its sessions', async () => {
  const people = createPeopleFixture()
  const ana = await people.account('ana')
  const { token } = await people.sessions.begin({ account: ana, methods: ['password'], address: HERE, agent: '' })
  const key = createAuthenticator(ISSUER)
  await people.passkeys.add(ana, 's', key.create(await people.passkeys.beginAdding(ana, 's')), 'laptop')

  assert.equal(await people.accounts.disable('ana'), true)
  assert.equal(await people.accounts.get('ana'), undefined)
  assert.equal((await people.accounts.find('ana'))?.disabled, true)
  assert.equal(await people.sessions.find(token), undefined)
  assert.deepEqual(await people.enter('ana'), { kind: 'wrong' })
  const answer = key.get(await people.passkeys.beginSignIn('p'))
  assert.deepEqual(await people.signIn.passkey({ answer, purpose: 'p' }), { kind: 'wrong' })
  assert.ok(people.told.includes('account:ana'))

  assert.equal(await people.accounts.enable('ana'), true)
  assert.equal(await people.sessions.find(token), undefined, 'it has ended')
  assert.equal((await people.enter('ana')).kind, 'signed-in')
  assert.equal(await people.accounts.disable('nobody'), false)
  assert.equal(await people.accounts.enable('nobody'), false)
})

test('with an account goes all that is its own, and whoever has the name next finds nothing of it', async () => {
  const people = createPeopleFixture()
  const ana = await people.account('ana')
  const ben = await people.account('ben')
  const key = createAuthenticator(ISSUER)
  for (const account of [ana, ben]) {
    await people.withCodes(account)
    await people.recoveryCodes.renew(account)
    await people.sessions.begin({ account, methods: ['password'], address: HERE, agent: '' })
    await people.links.create({ kind: 'password', name: account.name, since: account.since })
    await people.store.records('connection').putIfAbsent(`c/${account.name}`, {}, { group: `account:${account.name}` })
    await people.store.records('named_secret').putIfAbsent(`s/${account.name}`, {}, { group: `user:${account.name}` })
  }
  await people.passkeys.add(ana, 's', key.create(await people.passkeys.beginAdding(ana, 's')), 'laptop')
  const kinds = ['account', 'passkey', 'second_factor', 'browser_session', 'one_time_link', 'connection', 'named_secret'] as const
  const kept = async () => JSON.stringify(await Promise.all(kinds.map((kind) => people.store.records(kind).list())))

  assert.equal(await people.accounts.remove('ana'), true)
  assert.equal(await people.accounts.remove('ana'), false)
  assert.doesNotMatch(await kept(), /\bana\b/)
  assert.match(await kept(), /recovery\/ben.*s\/ben/)

  people.pass(60)
  const next = await people.account('ana')
  assert.deepEqual(await people.passkeys.list(next), [])
  assert.equal(await people.oneTimeCodes.since(next), undefined)
  assert.equal(await people.recoveryCodes.left(next), undefined)
})

test('what a removal left behind, an account made later under the name does not have', async () => {
  const people = createPeopleFixture()
  const first = await people.account('ana')
  const key = createAuthenticator(ISSUER)
  await people.withCodes(first)
  const [code = ''] = await people.recoveryCodes.renew(first)
  await people.passkeys.add(first, 's', key.create(await people.passkeys.beginAdding(first, 's')), 'laptop')
  const { token } = await people.sessions.begin({ account: first, methods: ['passkey'], address: HERE, agent: '' })
  const { code: link } = await people.links.create({ kind: 'password', name: 'ana', since: first.since })
  // As where a process is killed in between.
  await people.store.records('account').takeOnce('ana')
  people.pass(1)
  const next = await people.account('ana')
  assert.deepEqual(await people.passkeys.list(next), [])
  const answer = key.get(await people.passkeys.beginSignIn('p'))
  assert.deepEqual(await people.signIn.passkey({ answer, purpose: 'p' }), { kind: 'wrong' })
  const { user } = await people.passkeys.beginAdding(next, 's')
  const asNext = key.get(await people.passkeys.beginSignIn('p'), { userHandle: user.id })
  assert.deepEqual(await people.signIn.passkey({ answer: asNext, purpose: 'p' }), { kind: 'wrong' })
  assert.equal((await people.enter('ana')).kind, 'signed-in', 'no second factor')
  assert.equal(await people.recoveryCodes.use(next, code), false)
  assert.equal(await people.sessions.find(token), undefined)
  assert.equal(await people.welcome.look(link), undefined)
})

test('roles and groups are words, and told when they change; those of a provider are its own', async () => {
  const people = createPeopleFixture()
  await people.account('ana')
  const set = await people.accounts.setRoles('ana', ['ops', 'ops'], ['team-a'])
  assert.ok('account' in set)
  assert.deepEqual([set.account.roles, set.account.groups], [['ops'], ['team-a']])
  const again = await people.accounts.setRoles('ana', ['staff'])
  assert.ok('account' in again)
  assert.deepEqual([again.account.roles, again.account.groups], [['staff'], ['team-a']], 'groups stay where none are named')
  assert.deepEqual(people.told, ['account:ana', 'account:ana'])
  assert.ok('problem' in (await people.accounts.setRoles('ana', ['<b>'])))
  assert.ok('problem' in (await people.accounts.setRoles('ana', [], ['a b'])))
  assert.ok('problem' in (await people.accounts.setRoles('nobody', ['ops'])))
  const eve = await people.accounts.upsertFromProvider({
    identity: { provider: ISSUER, subject: '1' },
    preferredName: 'eve',
    roles: [],
    groups: [],
  })
  assert.ok(eve !== 'disabled')
  assert.ok('problem' in (await people.accounts.setRoles('eve', ['owner'])))
  assert.ok('problem' in (await people.accounts.setPassword('eve', OTHER)))
  assert.deepEqual(await people.enter('eve', OTHER), { kind: 'wrong' })
})

test('tokens of an account that is switched off or gone are refused, and with new roles they have those', async () => {
  await using fixture = await startAuthorizationServer()
  const { tokens, refresh } = await connect(fixture)
  const stands = () => verify(fixture, tokens.access_token)
  assert.deepEqual(await stands().then((principal) => typeof principal === 'object' && principal.roles), ['staff'])
  await fixture.accounts.setRoles('ana', ['guest'], ['finance'])
  const changed = await stands()
  assert.ok(typeof changed === 'object')
  assert.deepEqual([changed.roles, changed.groups], [['guest'], ['finance']])
  await fixture.accounts.disable('ana')
  assert.equal(await stands(), 'revoked')
  assert.equal((await refresh()).status, 400)
  await fixture.accounts.enable('ana')
  assert.equal(typeof (await stands()), 'object')
  await fixture.accounts.remove('ana')
  assert.equal(await stands(), 'revoked')
})
