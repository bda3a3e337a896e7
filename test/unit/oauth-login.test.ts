/** Wrong passwords: no word about which part was wrong, and a longer wait each time. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ANA, authorizeUrl, type Fixture, register, startAuthorizationServer } from '../support/authorization.ts'
import { createBrowser, formsOf, prefilled, type Shown, textOf } from '../support/browser.ts'
import { cpuMsDuring } from '../support/cpu.ts'

/** One open login page, on which names and passwords are tried. */
async function openLogin(fixture: Fixture) {
  const { client_id: clientId } = await register(fixture)
  const browser = createBrowser()
  const page = (await browser.open(authorizeUrl(fixture, clientId).url)) as Shown
  const form = formsOf(page)[0]
  assert.ok(form)
  return async (name: string, password: string): Promise<Shown> =>
    (await browser.submit(page, form, [...prefilled(form), ['name', name], ['password', password]])) as Shown
}

test('a wrong password and a name that nobody has are answered alike, in words and in time', async () => {
  await using fixture = await startAuthorizationServer()
  const attempt = await openLogin(fixture)
  const times: Record<string, number[]> = { ana: [], nobody: [] }
  const texts = new Set<string>()
  for (let round = 0; round < 3; round++) {
    for (const name of ['ana', 'nobody']) {
      const spent = await cpuMsDuring(async () => {
        const { status, html } = await attempt(name, 'not the password')
        assert.equal(status, 401)
        texts.add(textOf(html))
      })
      times[name]?.push(spent)
    }
  }
  assert.equal(texts.size, 1)
  const fastest = (name: string) => Math.min(...(times[name] ?? []))
  // Both compute argon2id; without that the answer takes a tenth of the time.
  assert.ok(fastest('nobody') > fastest('ana') / 2, `${fastest('nobody')} ms and ${fastest('ana')} ms`)
})

test('each wrong password makes the next wait longer; the right one works again after it, and from the start elsewhere', async () => {
  await using fixture = await startAuthorizationServer()
  const attempt = await openLogin(fixture)
  const status = async (password: string) => (await attempt('ana', password)).status
  for (let failures = 1; failures <= 4; failures++) assert.equal(await status('wrong wrong wrong'), 401, `${failures}`)

  const refused = await attempt('ANA ', ANA.password)
  assert.equal(refused.status, 429, 'even the right password has to wait')
  assert.ok(Number(refused.headers.get('retry-after')) >= 1)
  fixture.advance(1100)
  assert.equal(await status('wrong wrong wrong'), 401)
  fixture.advance(1100)
  assert.equal(await status(ANA.password), 429, 'the second wait is longer')
  assert.equal((await attempt('nobody', 'wrong wrong wrong')).status, 401, 'another name does not wait')
  fixture.advance(1000)
  assert.equal(await status(ANA.password), 200, 'the consent page')
  const reasons = fixture.records.filter(({ action }) => action === 'sign-in').map(({ reason }) => reason)
  assert.equal(reasons.filter((reason) => reason === 'rate_limited').length, 2)
})

test('many tries at once gain nothing', async () => {
  await using fixture = await startAuthorizationServer()
  const attempt = await openLogin(fixture)
  const answers = await Promise.all(Array.from({ length: 12 }, (_, index) => attempt('ana', `guess number ${index}`)))
  const looked = answers.filter(({ status }) => status === 401).length
  assert.equal(looked, 4, 'as many as one after the other')
  assert.equal(answers.filter(({ status }) => status === 429).length, 8)
})

test('names tried one after the other from one address slow that address down', async () => {
  await using fixture = await startAuthorizationServer()
  const attempt = await openLogin(fixture)
  const statuses: number[] = []
  for (let index = 0; index < 24; index++) statuses.push((await attempt(`person${index}`, 'correct horse battery')).status)
  assert.deepEqual(new Set(statuses.slice(0, 21)), new Set([401]))
  assert.ok(statuses.slice(21).includes(429))
})

test('where nobody can sign in yet, the page says how to begin', async () => {
  await using fixture = await startAuthorizationServer({ people: [] })
  const { client_id: clientId } = await register(fixture)
  const page = (await createBrowser().open(authorizeUrl(fixture, clientId).url)) as Shown
  assert.match(textOf(page.html), /no account yet.*one-time link/i)
})
