/** One-time links: invitations and new passwords. The owner's is in `people-accounts.test.ts`, on its page. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LINK_MINUTES } from '../../src/people/index.ts'
import { verifies } from '../requirements.ts'
import { createPeopleFixture, PASSWORD } from '../support/accounts.ts'

verifies('one-time-link')

const OTHER = 'thirteen grey herons'
const invitation = { kind: 'invitation', name: 'ben', roles: ['staff'], groups: ['team'] } as const

test('an invitation makes one account, with the name and roles that the operator gave', async () => {
  const people = createPeopleFixture()
  const { links, welcome, accounts, store } = people
  const { code, expiresAt } = await links.create(invitation)
  assert.equal(expiresAt, people.now() + 3 * 86_400_000)
  assert.match(code, /^[0-9a-z]{8}(-[0-9a-z]{8}){3}$/)
  assert.ok(!JSON.stringify(await store.records('one_time_link').list()).includes(code.slice(0, 8)))
  assert.deepEqual(await welcome.look(code), { kind: 'invitation', name: 'ben' })
  assert.deepEqual(await links.list('invitation'), [{ purpose: invitation, expiresAt }])

  const short = await welcome.accept(code, 'short')
  assert.ok(typeof short === 'object' && 'problem' in short)
  assert.ok(await welcome.look(code), 'a short password costs nothing')
  const made = await welcome.accept(code.toUpperCase().replaceAll('-', ''), PASSWORD)
  assert.ok(typeof made === 'object' && 'account' in made)
  assert.deepEqual([made.account.name, made.account.roles, made.account.groups, made.account.owner], ['ben', ['staff'], ['team'], false])
  assert.equal((await people.enter('ben')).kind, 'signed-in')
  assert.equal(await welcome.accept(code, OTHER), 'gone')
  assert.equal((await accounts.list()).length, 1)
  assert.deepEqual(await links.list('invitation'), [])
})

test('of ten who hold the same link one has it, and no other password is set', async () => {
  const people = createPeopleFixture()
  const { code } = await people.links.create(invitation)
  const passwords = Array.from({ length: 10 }, (_, at) => `harbour number ${at} at dawn`)
  const answers = await Promise.all(passwords.map((password) => people.welcome.accept(code, password)))
  const won = answers.findIndex((answer) => typeof answer === 'object' && 'account' in answer)
  assert.equal(answers.filter((answer) => answer === 'gone').length, 9)
  assert.equal((await people.enter('ben', passwords[won])).kind, 'signed-in')
})

test('a link for a new password ends sessions, and asks for the second factor all the same', async () => {
  const people = createPeopleFixture()
  const ana = await people.account('ana')
  await people.withCodes(ana)
  const { token } = await people.sessions.begin({ account: ana, methods: ['password'], address: '::1', agent: '' })
  const { code } = await people.links.create({ kind: 'password', name: 'ana', since: ana.since })
  const set = await people.welcome.accept(code, OTHER)
  assert.ok(typeof set === 'object' && 'account' in set && set.kind === 'password')
  assert.equal(await people.sessions.find(token), undefined)
  assert.equal((await people.enter('ana', OTHER)).kind, 'second-factor')
  assert.equal((await people.enter('ana', PASSWORD)).kind, 'wrong')
  assert.equal(await people.welcome.accept(code, PASSWORD), 'gone')
})

test('a link is good for its time, until the next one in its place, and for the account that it was made for', async () => {
  const people = createPeopleFixture()
  const { links, welcome, accounts } = people
  const ana = await people.account('ana')
  const reset = () => links.create({ kind: 'password', name: 'ana', since: ana.since })
  const [first, second] = [await reset(), await reset()]
  const invited = await links.create(invitation)
  assert.equal(await welcome.look(first.code), undefined)
  assert.ok(await welcome.look(second.code))
  people.pass(LINK_MINUTES.password * 60 + 1)
  assert.equal(await welcome.look(second.code), undefined)
  assert.ok(await welcome.look(invited.code))

  const third = await reset()
  await accounts.disable('ana')
  assert.equal(await welcome.accept(third.code, OTHER), 'gone', 'a link does not switch an account on')
  await accounts.enable('ana')
  assert.equal(await welcome.accept(third.code, OTHER), 'gone', 'and ended with it')
  const fourth = await reset()
  assert.ok(await welcome.look(fourth.code))
  assert.equal(await links.end({ kind: 'password', name: 'ana' }), true)
  assert.equal(await links.end({ kind: 'password', name: 'ana' }), false)
  assert.equal(await welcome.accept(fourth.code, OTHER), 'gone')

  await people.account('ben')
  assert.equal(await welcome.look(invited.code), undefined, 'the name is somebody’s by now')
  assert.equal(await welcome.accept(invited.code, OTHER), 'gone')
  assert.equal((await people.enter('ben', OTHER)).kind, 'wrong')
})

test('the owner’s code opens nothing else, and no other code makes an owner', async () => {
  const people = createPeopleFixture()
  const { code } = await people.links.create({ kind: 'owner' })
  assert.equal(await people.welcome.look(code), undefined)
  assert.equal(await people.welcome.accept(code, PASSWORD), 'gone')
  assert.deepEqual(await people.links.look(code), { kind: 'owner' }, 'and is not used up by trying')
  for (const guess of ['', '-', ' ', code.slice(1), `${code}0`]) assert.equal(await people.welcome.look(guess), undefined)
})
