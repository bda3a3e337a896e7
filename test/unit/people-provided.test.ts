/** Accounts of people for whom an identity provider vouches: one for each identity, whoever has which name. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Provided } from '../../src/people/index.ts'
import { verifies } from '../requirements.ts'
import { createPeopleFixture, PASSWORD } from '../support/accounts.ts'

verifies('provider-identity')

const ACME = 'https://id.acme.example'
type Given = Partial<{ provider: string; subject: string; name: string; roles: string[]; groups: string[] }>

function start() {
  const people = createPeopleFixture()
  return {
    ...people,
    come: ({ provider = ACME, subject = '7', name = 'ana', roles = ['staff'], groups = [] }: Given = {}) =>
      people.accounts.upsertFromProvider({ identity: { provider, subject }, preferredName: name, roles, groups }),
  }
}
const nameOf = (provided: Provided): string => (provided === 'disabled' ? provided : provided.account.name)

test('somebody is the same person with each sign-in, whatever they are called by then, with the roles of now', async () => {
  const { come, told, accounts } = start()
  const first = await come()
  assert.ok(first !== 'disabled' && first.created)
  assert.deepEqual(first.account.identity, { provider: ACME, subject: '7' })
  assert.equal(first.account.hasPassword, false)
  const again = await come({ name: 'ana-the-second', roles: ['staff', 'ops'], groups: ['team'] })
  assert.ok(again !== 'disabled' && !again.created)
  assert.deepEqual([again.account.name, again.account.roles, again.account.groups], ['ana', ['staff', 'ops'], ['team']])
  assert.deepEqual(told, ['account:ana'])
  await come({ roles: ['staff', 'ops'], groups: ['team'] })
  assert.deepEqual(told, ['account:ana'], 'nothing has changed')
  assert.deepEqual(nameOf(await come({ roles: [] })), 'ana')
  assert.deepEqual((await accounts.get('ana'))?.roles, [], 'a role that is not given any more is gone')
})

test('a name that somebody has already stays theirs: a local account, another subject, another provider', async () => {
  const { come, account, accounts, enter } = start()
  await account('ana')
  const names = [nameOf(await come()), nameOf(await come({ subject: '8' })), nameOf(await come({ provider: 'https://other.example' }))]
  assert.equal(new Set(['ana', ...names]).size, 4)
  for (const name of names) assert.match(name, /^ana-[0-9a-f]{6}$/)
  assert.deepEqual((await accounts.get('ana'))?.identity, undefined)
  assert.equal((await enter('ana', PASSWORD)).kind, 'signed-in')
  assert.equal(nameOf(await come()), names[0], 'and they keep what they were given')
})

test('an account that was made first for an identity cannot be had by a local one of the name', async () => {
  const { come, accounts } = start()
  await come()
  assert.ok('problem' in (await accounts.create({ name: 'ana', password: PASSWORD })))
})

test('of twenty first sign-ins at once one account comes', async () => {
  const { come, accounts } = start()
  const names = (await Promise.all(Array.from({ length: 20 }, (_, at) => come({ name: `name${at}` })))).map(nameOf)
  assert.equal(new Set(names).size, 1)
  assert.deepEqual(
    (await accounts.list()).map(({ name }) => name),
    [names[0]],
  )
})

test('one that is switched off stays out, and one that was removed comes back as another', async () => {
  const { come, accounts, pass } = start()
  const first = await come()
  await accounts.disable('ana')
  assert.equal(await come({ roles: ['owner'] }), 'disabled')
  assert.deepEqual((await accounts.find('ana'))?.roles, ['staff'])
  await accounts.remove('ana')
  pass(5)
  const next = await come()
  assert.ok(first !== 'disabled' && next !== 'disabled' && next.created)
  assert.ok(next.account.since > first.account.since)
})

test('where a removal broke off, the name may be another’s by now, and the identity gets its own', async () => {
  const { come, store, account } = start()
  await come()
  await store.records('account').takeOnce('ana')
  await account('ana')
  const next = await come()
  assert.match(nameOf(next), /^ana-/)
})

test('what a provider calls somebody becomes a name as far as it can, and never looks like another’s', async () => {
  const { come, accounts } = start()
  const asked: readonly (readonly [string, RegExp])[] = [
    ['Ana.Berg@Acme.example', /^ana\.berg@acme\.example$/],
    ['Zoë Brontë', /^zoe-bronte$/],
    ['аdmin', /^dmin$/],
    ['名前', /^person-[0-9a-f]{6}$/],
    ['', /^person-/],
    ['spk_ab12cd34', /^person-/],
    ['../../x', /^x$/],
    ['-'.repeat(80), /^person-/],
    ['x'.repeat(200), /^x{51}$/],
    ['ISSUER#subject', /^issuer-subject$/],
  ]
  for (const [at, [name, expected]] of asked.entries()) assert.match(nameOf(await come({ subject: `s${at}`, name })), expected, name)
  for (const { name } of await accounts.list()) assert.match(name, /^[a-z0-9][a-z0-9._@+-]*$/)
})
