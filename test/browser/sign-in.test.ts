/** From a program's wish to its tokens, as a person sees it: given, given in part, denied; by keyboard alone; without JavaScript. */

import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { verifies } from '../requirements.ts'
import { postJson } from '../support/authorization.ts'
import type { TestServer } from '../support/server.ts'
import { ANA, allow, isBack, type Program, signIn, startPlace, startProgram, toolsWith } from './place.ts'
import { openVisitor, walk } from './visitor.ts'

verifies('pages-for-everybody')

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

const READING = ['read_note', 'search_notes']
const ALL = ['delete_note', ...READING, 'write_note'].sort()

walk('a person signs in by password, reads what is asked, and allows it', async () => {
  await using visitor = await openVisitor()
  const { page } = visitor
  await page.goto(program.url())
  await visitor.look('sign-in')
  await signIn(page, { ...ANA, password: 'not it at all' })
  await page.getByRole('alert').waitFor()
  await visitor.look('sign-in-wrong')
  await signIn(page)
  await page.getByRole('button', { name: 'Allow' }).waitFor()
  await visitor.look('consent')
  for (const each of await page.getByText(/^Show /).all()) await each.click()
  await page.getByText('delete_note', { exact: true }).waitFor()
  await visitor.look('consent-with-tools')
  await allow(page)
  await isBack(page)
  assert.deepEqual(await toolsWith(place, await program.redeem()), ALL)
})

walk('what is unticked is not granted, and a form in which nothing is ticked is asked again', async () => {
  await using visitor = await openVisitor()
  const { page } = visitor
  await page.goto(program.url())
  await signIn(page)
  const boxes = page.getByRole('checkbox')
  await boxes.first().waitFor()
  for (const box of await boxes.all()) await box.uncheck()
  await allow(page)
  await page.getByRole('alert').waitFor()
  await visitor.look('consent-nothing-ticked')
  // What was unticked stays so.
  await boxes.first().check()
  await allow(page)
  await isBack(page)
  assert.deepEqual(await toolsWith(place, await program.redeem()), READING)
})

walk('Deny sends a person back, and the program is told', async () => {
  await using visitor = await openVisitor()
  const { page } = visitor
  await page.goto(program.url())
  await signIn(page)
  await page.getByRole('button', { name: 'Deny' }).click()
  await isBack(page)
  assert.deepEqual([program.came?.get('error'), program.came?.get('code')], ['access_denied', null])
})

walk('with JavaScript switched off everything is the same', async () => {
  await using visitor = await openVisitor({ javaScript: false })
  const { page } = visitor
  await page.goto(program.url())
  await visitor.look('sign-in-without-javascript')
  await signIn(page)
  await page.getByRole('button', { name: 'Allow' }).waitFor()
  await visitor.look('consent-without-javascript')
  for (const box of (await page.getByRole('checkbox').all()).slice(1)) await box.uncheck()
  await allow(page)
  await isBack(page)
  assert.deepEqual(await toolsWith(place, await program.redeem()), READING)
})

walk('a keyboard is enough, and shows where it is', async () => {
  await using visitor = await openVisitor()
  const { page } = visitor
  await page.goto(program.url())
  // The name has the focus once the page is open.
  await page.locator('input[name=name]:focus').waitFor()
  await page.keyboard.type(ANA.name)
  await visitor.tabTo('textbox', 'Password')
  await page.keyboard.type(ANA.password)
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Allow' }).waitFor()
  await visitor.tabTo('checkbox', /delete/)
  await page.keyboard.press('Space')
  await visitor.tabTo('button', 'Allow')
  await visitor.look('consent-by-keyboard')
  await page.waitForTimeout(1100)
  await page.keyboard.press('Enter')
  await isBack(page)
  assert.ok(program.came?.has('code'))
})

walk('somebody else can answer: the page leads to another account, and asks again', async () => {
  await place.user('ben', 'a kettle beside the window')
  await using visitor = await openVisitor()
  const { page } = visitor
  await page.goto(program.url())
  await signIn(page)
  await page.getByRole('button', { name: 'Use another account' }).click()
  await signIn(page, { name: 'ben', password: 'a kettle beside the window' })
  await page.getByRole('button', { name: 'Allow' }).waitFor()
  assert.match(await visitor.text(), /signed in as ben/)
})

walk('a name that is made to look like another, and an address elsewhere, are told apart', async () => {
  const redirect_uri = 'https://app.example.com/callback'
  // The second letter is Cyrillic.
  const registered = await postJson(`${place.issuer}/register`, { client_name: 'Cl\u0430ude Code', redirect_uris: [redirect_uri] })
  const { client_id } = (await registered.json()) as { client_id: string }
  await using visitor = await openVisitor()
  const { page } = visitor
  await page.goto(program.url({ client_id, redirect_uri, scope: 'tools:read' }))
  await signIn(page)
  await page.getByRole('button', { name: 'Allow' }).waitFor()
  await visitor.look('consent-odd-name')
  const text = await visitor.text()
  assert.match(text, /mixes letters of several alphabets/)
  assert.match(text, /send you back to app\.example\.com/)
  assert.doesNotMatch(text, /delete/)
})
