/** Accounts, their passwords, and the one-time link that makes the first of them. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createAccounts } from '../../src/people/index.ts'
import { createPasswords } from '../../src/people/passwords.ts'
import { createMemoryStore } from '../../src/storage/index.ts'
import { connect, startAuthorizationServer } from '../support/authorization.ts'
import { createBrowser, formsOf, prefilled, type Shown, textOf } from '../support/browser.ts'

const start = () => {
  const store = createMemoryStore()
  return { store, accounts: createAccounts({ store, clock: () => 1_800_000_000_000 }) }
}
const PASSWORD = 'a quiet harbour at dawn'

test('an account is made once, whatever the spelling of its name, and knows its password', async () => {
  const { accounts, store } = start()
  const created = await accounts.create({ name: ' Ana ', password: PASSWORD, roles: ['staff', 'staff'] })
  assert.deepEqual(created, {
    account: {
      name: 'ana',
      roles: ['staff'],
      groups: [],
      owner: false,
      since: 1_800_000_000_000,
      hasPassword: true,
      disabled: false,
      identity: undefined,
      generation: 0,
    },
  })
  assert.ok('problem' in (await accounts.create({ name: 'ANA', password: PASSWORD })))
  assert.deepEqual(await accounts.verifyPassword('ANA', PASSWORD), 'account' in created && created.account)
  assert.equal(await accounts.verifyPassword('ana', `${PASSWORD} `), 'wrong')
  assert.equal(await accounts.verifyPassword('nobody', PASSWORD), 'wrong')
  assert.equal(await accounts.verifyPassword('\u0000', PASSWORD), 'wrong')
  assert.deepEqual(await accounts.list(), ['account' in created && created.account])
  const stored = JSON.stringify(await store.records('account').list())
  assert.match(stored, /\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  assert.ok(!stored.includes(PASSWORD))
})

test('a password is the same however its letters were composed', async () => {
  const { accounts } = start()
  await accounts.create({ name: 'zoe', password: 'Zoe\u0308 says good night' })
  assert.notEqual(await accounts.verifyPassword('zoe', 'Zo\u00eb says good night'), 'wrong')
})

test('names that could look like others, short passwords and odd roles are refused in a sentence', async () => {
  const { accounts } = start()
  for (const name of ['', '-', 'ana!', 'а\u200bna', 'аnа', 'x'.repeat(65), 'a b', '../ana', '.ana', 'spk_ab12cd34', ' SPK_x']) {
    const created = await accounts.create({ name, password: PASSWORD })
    assert.ok('problem' in created && created.problem.endsWith('.'), name)
  }
  for (const password of ['short', '😀'.repeat(11), 'x'.repeat(1025), ''])
    assert.ok('problem' in (await accounts.create({ name: 'ana', password })))
  assert.ok('problem' in (await accounts.create({ name: 'administrator', password: 'Administrator' })))
  assert.ok('problem' in (await accounts.create({ name: 'ana', password: PASSWORD, roles: ['<b>'] })))
  assert.deepEqual(await accounts.list(), [])
  assert.ok('account' in (await accounts.create({ name: 'ana', password: PASSWORD, owner: true })))
  assert.ok('problem' in (await accounts.create({ name: 'ben', password: PASSWORD, owner: true })), 'there is one owner')
})

test('when too many passwords are being checked, the answer is busy, and never yes', async () => {
  const passwords = createPasswords({ concurrent: 1, waiting: 2 })
  const hash = await passwords.hash('right')
  const answers = await Promise.all(Array.from({ length: 6 }, () => passwords.verify('right', hash)))
  assert.deepEqual(answers, [true, true, true, 'busy', 'busy', 'busy'])
  assert.equal(await passwords.verify('right', hash), true, 'the places are free again')
})

test('the set-up link makes the owner’s account once, and then nobody’s', async () => {
  await using fixture = await startAuthorizationServer({ people: [] })
  const link = await fixture.server.createSetupLink()
  assert.ok(link !== undefined && link.startsWith(`${fixture.issuer}/setup?code=`))
  const browser = createBrowser()
  const page = (await browser.open(link)) as Shown
  assert.equal(page.status, 200)
  assert.match(page.headers.get('content-security-policy') ?? '', /default-src 'none'/)
  const form = formsOf(page)[0]
  assert.ok(form)
  const fill = async (name: string, password: string, again = password) =>
    (await browser.submit(page, form, [...prefilled(form), ['name', name], ['password', password], ['again', again]])) as Shown

  assert.match(textOf((await fill('ana', 'short')).html), /at least 12/)
  assert.match(textOf((await fill('ana', PASSWORD, 'another')).html), /not the same/)
  const done = await fill('ana', PASSWORD)
  assert.equal(done.status, 201)
  assert.ok(textOf(done.html).includes(fixture.resource))
  assert.deepEqual(
    (await fixture.accounts.list()).map(({ name, owner, roles }) => [name, owner, roles]),
    [['ana', true, ['owner']]],
  )

  assert.equal((await fill('eve', PASSWORD)).status, 410)
  assert.equal(((await browser.open(link)) as Shown).status, 410)
  assert.equal(await fixture.server.createSetupLink(), undefined, 'there is an owner')
  assert.ok((await connect(fixture, { person: { name: 'ana', password: PASSWORD } })).tokens.access_token)
  const [record] = fixture.records
  assert.deepEqual([record?.action, record?.subject], ['account.create', 'ana'])
  assert.ok(!JSON.stringify(fixture.records).includes(link.slice(-20)))
})

test('of ten people who hold the same link at once, one becomes the owner', async () => {
  await using fixture = await startAuthorizationServer({ people: [] })
  const code = new URL((await fixture.server.createSetupLink()) ?? '').searchParams.get('code') ?? ''
  const post = (index: number) =>
    fetch(`${fixture.issuer}/setup`, {
      method: 'POST',
      body: new URLSearchParams({ code, name: `person${index}`, password: PASSWORD, again: PASSWORD }),
    })
  const statuses = (await Promise.all(Array.from({ length: 10 }, (_, index) => post(index)))).map(({ status }) => status)
  assert.equal(statuses.filter((status) => status === 201).length, 1)
  assert.equal((await fixture.accounts.list()).length, 1)
})

test('a set-up link ends after ten minutes, with the next one, and is never guessed', async () => {
  await using fixture = await startAuthorizationServer({ people: [] })
  const status = async (link: string | undefined) => (await fetch(link ?? '')).status
  const first = await fixture.server.createSetupLink()
  assert.equal(await status(first), 200)
  assert.equal(await status(first?.replace(/.$/, (last) => (last === '0' ? '1' : '0'))), 410)
  assert.equal(await status(`${fixture.issuer}/setup`), 410)
  assert.equal(await status(first), 200, 'looking does not use it up')
  const second = await fixture.server.createSetupLink()
  assert.equal(await status(first), 410)
  assert.equal(await status(second), 200)
  fixture.advance(601_000)
  assert.equal(await status(second), 410)
})
