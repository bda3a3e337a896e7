/**
 * Somebody who has no password wants to know who has an account here, and which of them have a second factor: by what is answered, and by
 * how long it takes.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { verifies } from '../requirements.ts'
import { createPeopleFixture, ISSUER, PASSWORD } from '../support/accounts.ts'
import { createAuthenticator } from '../support/authenticator.ts'
import { ANA, authorizeUrl, register, startAuthorizationServer } from '../support/authorization.ts'
import { createBrowser, formsOf, prefilled, type Shown } from '../support/browser.ts'
import { cpuMsDuring } from '../support/cpu.ts'

verifies('no-enumeration')

/** One of each kind of person, and names that nobody has. */
async function everybody() {
  const people = createPeopleFixture()
  const { accounts, passkeys, recoveryCodes } = people
  await people.account('plain')
  const secured = await people.account('secured')
  await people.withCodes(secured)
  await recoveryCodes.renew(secured)
  const key = createAuthenticator(ISSUER)
  await passkeys.add(secured, 's', key.create(await passkeys.beginAdding(secured, 's')), '')
  await people.account('switched-off')
  await accounts.disable('switched-off')
  await accounts.upsertFromProvider({
    identity: { provider: 'https://id.example', subject: '1' },
    preferredName: 'elsewhere',
    roles: [],
    groups: [],
  })
  return { people, names: ['plain', 'secured', 'switched-off', 'elsewhere', 'nobody', '\u0000 no name at all', 'spk_ab12cd34'] }
}

test('a wrong password is one answer, whoever is named', async () => {
  const { people, names } = await everybody()
  for (const name of names) {
    assert.deepEqual(await people.enter(name, 'a wrong password'), { kind: 'wrong' }, name)
    assert.deepEqual(await people.enter(name, ''), { kind: 'wrong' }, name)
  }
  // The right one of an account that is switched off tells nothing either.
  assert.deepEqual(await people.enter('switched-off', PASSWORD), { kind: 'wrong' })
})

test('and waiting begins for each name after the same number of tries', async () => {
  const { people, names } = await everybody()
  for (const name of names) {
    const kinds: string[] = []
    for (let at = 0; at < 6; at++) kinds.push((await people.enter(name, 'wrong', `198.51.100.${names.indexOf(name)}`)).kind)
    assert.deepEqual(kinds, ['wrong', 'wrong', 'wrong', 'wrong', 'wait', 'wait'], name)
  }
})

test('a wrong password takes as long for a name that nobody has', async () => {
  const { people, names } = await everybody()
  const took = new Map<string, number[]>(names.map((name) => [name, []]))
  // What it costs is all that it takes, and is the same however busy the machine is.
  for (let round = 0; round < 5; round++)
    for (const name of names) took.get(name)?.push(await cpuMsDuring(() => people.accounts.verifyPassword(name, 'a wrong password')))
  const fastest = names.map((name) => Math.min(...(took.get(name) ?? [])))
  const [least, most] = [Math.min(...fastest), Math.max(...fastest)]
  // Each computes one argon2id, some 30 ms; a name that is looked up only would take 0.1 ms.
  assert.ok(most < least * 2, `between ${least} and ${most} ms`)
})

test('beginning to sign in with a passkey names nobody’s, and a wrong answer is one answer', async () => {
  const { people } = await everybody()
  const options = await people.passkeys.beginSignIn('p')
  assert.deepEqual(options.allowCredentials ?? [], [])
  assert.doesNotMatch(JSON.stringify(options), /secured|plain/)
  const stranger = createAuthenticator(ISSUER)
  assert.deepEqual(await people.signIn.passkey({ answer: stranger.get(options), purpose: 'p' }), { kind: 'wrong' })
  assert.deepEqual(await people.signIn.passkey({ answer: 'nonsense', purpose: 'p' }), { kind: 'wrong' })
})

test('the page of a sign-in says the same for a name that somebody has', async () => {
  await using fixture = await startAuthorizationServer()
  const { client_id: clientId } = await register(fixture)
  async function pageFor(name: string): Promise<[number, string]> {
    const browser = createBrowser()
    const page = (await browser.open(authorizeUrl(fixture, clientId).url)) as Shown
    const form = formsOf(page).find(({ fields }) => fields.some((field) => field.name === 'password'))
    assert.ok(form)
    const fields = [...prefilled(form), ['name', name], ['password', 'a wrong password']] as [string, string][]
    const shown = (await browser.submit(page, form, fields)) as Shown
    const own = /(?:value|content)="[^"]*"|challenge[^<]*|interaction\/[\w-]+/g
    return [shown.status, shown.html.replaceAll(name, 'NAME').replace(own, '')]
  }
  assert.deepEqual(await pageFor(ANA.name), await pageFor('nobody'))
})
