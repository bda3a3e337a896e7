/**
 * A sign-in at a guarded server that is ended by another than who began it (RS29, URL-elicitation phishing): somebody begins one and gets
 * another person to finish it, to have that person's account connected to their own; or takes a code of somebody else to their own browser.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startWorld } from '../fixtures/sign-in-world.ts'
import { verifies } from '../requirements.ts'
import { atBrowser, type People, redirectUriOf, startPeople } from '../support/own-accounts.ts'

verifies('upstream-connected-by-same')

const BACK = redirectUriOf('notes')
async function beginAs(people: People, user: string, session = `bs_${user}`): Promise<string> {
  const begun = await people.connections.begin('notes', atBrowser(user, session), BACK)
  if ('problem' in begun) throw new Error(begun.problem)
  return begun.location
}
const stateOf = async (people: People, user: string): Promise<string | undefined> => (await people.connections.list(user))[0]?.state

test('the victim signs in at a link that the attacker began: nothing is connected, to either, and the code is used up', async () => {
  await using world = await startWorld()
  await using people = await startPeople({ url: world.serverUrl })
  const callback = new URL(await world.visit(await beginAs(people, 'mallory'))).searchParams
  const asVictim = await people.connections.finish(atBrowser('ana'), callback, BACK)
  assert.match('problem' in asVictim ? asVictim.problem : '', /not begun here by you/)
  // What the victim's browser was shown is worth nothing to who began it, either.
  const asAttacker = await people.connections.finish(atBrowser('mallory'), callback, BACK)
  assert.ok('problem' in asAttacker)
  assert.deepEqual([await stateOf(people, 'ana'), await stateOf(people, 'mallory')], ['missing', 'missing'])
  assert.equal(world.to('/token').length, 0, 'the code went nowhere')
})

test('the same person at another browser, or after signing in anew, ends nothing', async () => {
  await using world = await startWorld()
  await using people = await startPeople({ url: world.serverUrl })
  const callback = new URL(await world.visit(await beginAs(people, 'ana', 'bs_laptop'))).searchParams
  assert.ok('problem' in (await people.connections.finish(atBrowser('ana', 'bs_phone'), callback, BACK)))
  assert.equal(await stateOf(people, 'ana'), 'missing')
})

test('another person in a session of the same id ends nothing', async () => {
  await using world = await startWorld()
  await using people = await startPeople({ url: world.serverUrl })
  const callback = new URL(await world.visit(await beginAs(people, 'mallory', 'bs_shared'))).searchParams
  assert.ok('problem' in (await people.connections.finish(atBrowser('ana', 'bs_shared'), callback, BACK)))
  assert.equal(await stateOf(people, 'ana'), 'missing')
})

test('an answer counts once, however many times it comes at once', async () => {
  await using world = await startWorld()
  await using people = await startPeople({ url: world.serverUrl })
  const callback = new URL(await world.visit(await beginAs(people, 'ana'))).searchParams
  const ended = await Promise.all(Array.from({ length: 8 }, () => people.connections.finish(atBrowser('ana'), callback, BACK)))
  assert.equal(ended.filter((one) => 'id' in one).length, 1)
  assert.equal(world.to('/token').length, 1)
})

test('an answer that comes after ten minutes, without a state, or with two, is none', async () => {
  await using world = await startWorld()
  await using people = await startPeople({ url: world.serverUrl })
  const callback = new URL(await world.visit(await beginAs(people, 'ana'))).searchParams
  const without = new URLSearchParams(callback)
  without.delete('state')
  const twice = new URLSearchParams(callback)
  twice.append('state', callback.get('state') ?? '')
  for (const wrong of [without, twice, new URLSearchParams({ state: 'x'.repeat(5000), code: '1' })])
    assert.ok('problem' in (await people.connections.finish(atBrowser('ana'), wrong, BACK)))
  people.advance(600_001)
  assert.ok('problem' in (await people.connections.finish(atBrowser('ana'), callback, BACK)))
  assert.equal(world.to('/token').length, 0)
})

test('the link says nothing of who is to open it, and sign-ins that are begun and never ended are bounded', async () => {
  await using world = await startWorld()
  await using people = await startPeople({ url: world.serverUrl })
  const refused = await people.call('ana')
  const url = !refused.allowed && refused.denial.reason === 'not_connected' ? refused.denial.url : ''
  assert.equal(url, 'http://localhost:7777/account/connections/notes')
  const begun = []
  for (let at = 0; at < 25; at++) begun.push(await people.connections.begin('notes', atBrowser('ana'), BACK))
  assert.equal(begun.filter((one) => 'location' in one).length, 20)
  assert.ok('location' in (await people.connections.begin('notes', atBrowser('ben'), BACK)), 'of each, and not of all')
})

test('the authorization server is told nothing of the person here, and its refusal connects nothing', async () => {
  await using world = await startWorld({
    callback(url) {
      url.searchParams.delete('code')
      url.searchParams.set('error', 'access_denied')
      url.searchParams.set('error_description', '<script>alert(1)</script>')
    },
  })
  await using people = await startPeople({ url: world.serverUrl })
  const location = await beginAs(people, 'ana-of-here')
  assert.doesNotMatch(location, /ana-of-here|bs_/)
  const ended = await people.connections.finish(atBrowser('ana-of-here'), new URL(await world.visit(location)).searchParams, BACK)
  assert.match('problem' in ended ? ended.problem : '', /refused or cancelled\. Nothing was connected\.$/)
  assert.doesNotMatch(JSON.stringify(ended), /script/)
  assert.equal(await stateOf(people, 'ana-of-here'), 'missing')
})
