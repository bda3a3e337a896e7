/**
 * Through a real guard to servers where everybody has something of their own: an account at a second Sallyport, and a secret. And how
 * somebody comes to an account here: invited by a one-time link.
 */

import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import type { Page } from 'playwright-core'
import { connect } from '../support/authorization.ts'
import { type Guard, startGuard } from '../support/guard.ts'
import { mcp } from '../support/mcp.ts'
import type { TestServer } from '../support/server.ts'
import { ANA, allow, signIn, startPlace } from './place.ts'
import { openVisitor, walk } from './visitor.ts'

const HERE = { name: 'ana', password: 'nine lanterns on the pier' }
let there: TestServer
let guard: Guard
before(async () => {
  there = await startPlace()
  const tools = { search_notes: 'read', read_note: 'read' }
  guard = await startGuard({
    config: {
      servers: {
        notes: { url: there.url, tools },
        vault: { url: there.url, tools, headers: { 'x-api-key': '${user-secret:VAULT_KEY}' } },
      },
    },
  })
  await guard.user(HERE.name, HERE.password)
})
after(async () => {
  await guard.stop()
  await there[Symbol.asyncDispose]()
})

const press = (page: Page, name: string): Promise<void> => page.getByRole('button', { name, exact: true }).click()
const wasDone = (page: Page, said: RegExp): Promise<void> => page.getByRole('status').filter({ hasText: said }).waitFor()

walk('an account elsewhere is connected, a secret is kept, and programs use both without seeing them', async () => {
  await using visitor = await openVisitor()
  const { page } = visitor
  await page.goto(`${guard.issuer}/account/connections`)
  await signIn(page, HERE)
  await page.getByRole('heading', { name: 'Connections' }).waitFor()
  await visitor.look('connections')

  await press(page, 'Connect')
  await page.getByRole('heading', { name: 'Continue elsewhere' }).waitFor()
  await visitor.look('connections-leave')
  await page.getByRole('link', { name: /^Continue to/ }).click()
  // There, in an account of there.
  await page.getByText(new URL(there.issuer).host).first().waitFor()
  await signIn(page, ANA)
  await page.getByRole('button', { name: 'Allow' }).waitFor()
  await visitor.look('connections-consent-there')
  await allow(page)
  await wasDone(page, /You are connected/)

  await page.goto(`${guard.issuer}/account/connections`)
  await page.locator('input[type=password]').fill(await there.key(['tools:read']))
  await press(page, 'Keep it')
  await wasDone(page, /It is kept, sealed/)
  await page.goto(`${guard.issuer}/account/connections`)
  await visitor.look('connections-connected')

  const { tokens } = await connect({ issuer: guard.issuer, resource: guard.url }, { person: HERE })
  const caller = mcp(guard.url, { token: tokens.access_token })
  const names = ((await caller.list()) as readonly { readonly name: string }[]).map(({ name }) => name)
  for (const name of names.filter((each) => each.endsWith('search_notes'))) {
    const { result } = await caller.call(name)
    assert.equal(result?.content?.[0]?.text, 'search_notes is done', name)
  }
  assert.equal(names.filter((name) => name.endsWith('search_notes')).length, 2, names.join(' '))

  await page.getByText('Disconnect').first().click()
  await page.getByRole('button', { name: 'Disconnect', exact: true }).click()
  await wasDone(page, /The connection has ended/)
})

walk('without JavaScript, the link that a program shows leads to the one connection, and back when it is denied there', async () => {
  const ben = { name: 'ben', password: 'a kettle beside the window' }
  await guard.user(ben.name, ben.password)
  await using visitor = await openVisitor({ javaScript: false })
  const { page } = visitor
  await page.goto(`${guard.issuer}/account/connections/notes`)
  await signIn(page, ben)
  await press(page, 'Connect')
  await page.getByRole('link', { name: /^Continue to/ }).click()
  await signIn(page, ANA)
  await press(page, 'Deny')
  await page.getByRole('heading', { name: 'You are not connected' }).waitFor()
  await visitor.look('connections-denied')
})

walk('somebody who is invited chooses a password once, and signs in with it', async () => {
  const invited = await guard.cli('user', 'invite', 'dora', '--url', guard.issuer, '--json')
  const { url } = JSON.parse(invited.stdout) as { url: string }
  await using visitor = await openVisitor()
  const { page } = visitor
  await page.goto(url)
  await visitor.look('invitation')
  const choose = async (again: string): Promise<void> => {
    await page.getByLabel('Password, at least').fill('eleven boats at anchor')
    await page.getByLabel('again').fill(again)
    await press(page, 'Make my account')
  }
  await choose('another phrase than that')
  await page.getByRole('alert').waitFor()
  await visitor.look('invitation-problem')
  await choose('eleven boats at anchor')
  await page.getByRole('heading', { name: 'Done, dora' }).waitFor()
  await visitor.look('invitation-done')
  await page.goto(url)
  await page.getByRole('heading', { name: 'This link no longer works' }).waitFor()
  await visitor.look('invitation-gone')
  await page.goto(`${guard.issuer}/account`)
  await signIn(page, { name: 'dora', password: 'eleven boats at anchor' })
  await page.getByRole('navigation').waitFor()

  const reset = await guard.cli('user', 'reset', 'dora', '--url', guard.issuer, '--json')
  await page.goto((JSON.parse(reset.stdout) as { url: string }).url)
  await visitor.look('new-password')
})
