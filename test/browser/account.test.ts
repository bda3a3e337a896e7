/** The pages of one's own account: what programs may do, keys, sessions, what was done; taken back, made, changed. */

import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import type { Page } from 'playwright-core'
import { mcp } from '../support/mcp.ts'
import type { TestServer } from '../support/server.ts'
import { ANA, allow, isBack, type Program, signIn, startPlace, startProgram, toolsWith } from './place.ts'
import { openVisitor, walk } from './visitor.ts'

let place: TestServer
let program: Program
before(async () => {
  place = await startPlace()
  program = await startProgram(place)
})
after(async () => {
  await program[Symbol.asyncDispose]()
  await place[Symbol.asyncDispose]()
})

const goTo = (page: Page, part: string): Promise<void> =>
  page.getByRole('navigation').getByRole('link', { name: part, exact: true }).click()
const press = (page: Page, name: string): Promise<void> => page.getByRole('button', { name, exact: true }).click()
const wasDone = (page: Page, said: RegExp): Promise<void> => page.getByRole('status').filter({ hasText: said }).waitFor()

walk('somebody sees which programs they let in and what those did, and takes it back', async () => {
  await using visitor = await openVisitor()
  const { page } = visitor
  await page.goto(`${place.issuer}/account`)
  await visitor.look('account-sign-in')
  await signIn(page)
  await page.getByRole('heading', { name: 'Access' }).waitFor()
  await visitor.look('account-nothing')

  // Whoever is signed in is not asked for a password again, and is asked for consent as ever.
  await page.goto(program.url())
  await allow(page)
  await isBack(page)
  const tokens = await program.redeem()
  const called = await mcp(place.url, { token: tokens.access_token }).call('search_notes')
  assert.equal(called.status, 200)

  await page.goto(`${place.issuer}/account`)
  assert.match(await visitor.text(), /Claude Code \(notes\)/)
  await visitor.look('account-access')
  await page.getByRole('link', { name: 'What it did' }).click()
  await page.getByText('search_notes').first().waitFor()
  await visitor.look('account-activity')
  await goTo(page, 'Access')
  await press(page, 'Take back')
  await wasDone(page, /The access has ended/)
  await visitor.look('account-access-ended')
  const refused = await mcp(place.url, { token: tokens.access_token }).call('search_notes')
  assert.equal(refused.status, 401)
})

for (const javaScript of [true, false])
  walk(`a key is made, shown once, replaced and revoked${javaScript ? '' : ', without JavaScript too'}`, async () => {
    await using visitor = await openVisitor({ javaScript })
    const { page } = visitor
    const look = (name: string): Promise<void> => (javaScript ? visitor.look(name) : Promise.resolve())
    await page.goto(`${place.issuer}/account/keys`)
    await signIn(page)
    await page.getByRole('link', { name: 'Make a key' }).click()
    await look('account-new-key')
    await page.getByLabel('What is it for?').fill('Backup at night')
    await press(page, 'Make the key')
    const shown = page.locator('code.once')
    const key = await shown.innerText()
    await look('account-key-made')
    assert.deepEqual(await toolsWith(place, { access_token: key, token_type: 'Bearer', expires_in: 1 }), ['read_note', 'search_notes'])
    await page.getByRole('link', { name: 'Back', exact: true }).click()
    await look('account-keys')
    assert.ok(!(await page.content()).includes(key), 'it is shown once')
    await page.getByRole('link', { name: 'Replace' }).first().click()
    await look('account-replace-key')
    await page.getByLabel('How long').selectOption({ label: 'Not at all' })
    await press(page, 'Replace')
    const next = await shown.innerText()
    assert.equal((await mcp(place.url, { key }).request('tools/list')).status, 401)
    await page.getByRole('link', { name: 'Back', exact: true }).click()
    await press(page, 'Revoke')
    await wasDone(page, /The key has ended/)
    assert.equal((await mcp(place.url, { key: next }).request('tools/list')).status, 401)
  })

walk('somebody ends the session of another browser, and signs out of this one', async () => {
  await using there = await openVisitor()
  await there.page.goto(`${place.issuer}/account`)
  await signIn(there.page)
  await using here = await openVisitor()
  const { page } = here
  await page.goto(`${place.issuer}/account/sessions`)
  await signIn(page)
  await here.look('account-sessions')
  await page
    .getByText(/all others|all other/i)
    .first()
    .click()
  const sure = page.getByRole('button', { name: /^Yes/ })
  if (await sure.isVisible()) await sure.click()
  await wasDone(page, /other browsers are signed out/)
  await there.page.reload()
  await there.page.getByRole('heading', { name: 'Sign in' }).waitFor()
  await press(page, 'Sign out')
  await page.getByRole('heading', { name: 'You are signed out' }).waitFor()
  await here.look('signed-out')
  await page.goto(`${place.issuer}/account`)
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
})

walk('a password is changed by whoever knows it', async () => {
  const cleo = { name: 'cleo', password: 'seven grey herons waiting' }
  await place.user(cleo.name, cleo.password)
  await using visitor = await openVisitor()
  const { page } = visitor
  await page.goto(`${place.issuer}/account/security`)
  await signIn(page, cleo)
  await visitor.look('account-security')
  await page.getByRole('link', { name: 'Change the password' }).click()
  const change = async (now: string): Promise<void> => {
    await page.getByLabel('Your password now').fill(now)
    await page.getByLabel('The new one, at least').fill('eight white herons flying')
    await page.getByLabel('The new one again').fill('eight white herons flying')
    await press(page, 'Change it')
  }
  await change('not it at all')
  await page.getByRole('alert').waitFor()
  await visitor.look('account-password')
  await change(cleo.password)
  await wasDone(page, /password is changed/)
  await page.context().clearCookies()
  await page.goto(`${place.issuer}/account`)
  await signIn(page, cleo)
  await page.getByRole('alert').waitFor()
  await signIn(page, { ...cleo, password: 'eight white herons flying' })
  await page.getByRole('heading', { name: 'Access' }).waitFor()
})

walk('a page that is not there, and a change long after the sign-in, say so', async () => {
  await using visitor = await openVisitor()
  const { page } = visitor
  await page.goto(`${place.issuer}/account`)
  await signIn(page, ANA)
  await page.goto(`${place.issuer}/account/elsewhere`)
  await visitor.look('account-unknown')
})
