/** Signing in at a company's identity provider (a real one): who asks is said before anybody is sent there, and what it ends in. */

import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import type { Page } from 'playwright-core'
import { type RealProvider, startRealProvider } from '../support/openid-provider.ts'
import type { TestServer } from '../support/server.ts'
import { allow, isBack, type Program, startPlace, startProgram, toolsWith } from './place.ts'
import { openVisitor, type Visitor, walk } from './visitor.ts'

let provider: RealProvider
let place: TestServer
let program: Program
before(async () => {
  provider = await startRealProvider(() => [`${place.issuer}/sign-in/callback/acme`])
  provider.people.set('1001', { email: 'ana@acme.example', email_verified: true, name: 'Ana', groups: ['payments'] })
  provider.people.set('1002', { email: 'eve@elsewhere.example', email_verified: true, name: 'Eve' })
  place = await startPlace({ auth: { cimd: 'off', signIn: [provider.entry({ roles: [{ roles: ['staff'] }] })] } })
  program = await startProgram(place)
})
after(async () => {
  await program[Symbol.asyncDispose]()
  await place[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
})

/** To the provider, and back from it as `who`. */
async function goThere(page: Page, who: string, look: Visitor['look'] = async () => {}): Promise<void> {
  await page.goto(program.url())
  await look('sign-in-with-provider')
  await page.getByRole('button', { name: /Acme/ }).click()
  await page.getByRole('button', { name: 'Continue', exact: true }).waitFor()
  await look('provider')
  await page.getByRole('button', { name: 'Continue', exact: true }).click()
  await page.getByLabel('Name at Acme').fill(who)
  await page.getByRole('button', { name: 'Go on' }).click()
}

for (const javaScript of [true, false])
  walk(`whoever signs in at the provider is asked for consent here${javaScript ? '' : ', without JavaScript too'}`, async () => {
    await using visitor = await openVisitor({ javaScript })
    const { page } = visitor
    await goThere(page, '1001', javaScript ? visitor.look : undefined)
    await page.getByRole('button', { name: 'Allow' }).waitFor()
    assert.match(await visitor.text(), /ana@acme\.example/)
    if (javaScript) await visitor.look('provider-consent')
    await allow(page)
    await isBack(page)
    assert.ok((await toolsWith(place, await program.redeem())).includes('write_note'))
    await page.goto(`${place.issuer}/account/security`)
    await page.getByRole('navigation').waitFor()
    if (javaScript) await visitor.look('account-of-provider')
  })

walk('whom the provider knows and this server does not let in, or who stops there, is told so', async () => {
  await using visitor = await openVisitor()
  const { page } = visitor
  await goThere(page, '1002')
  await page.getByRole('heading', { name: 'You are not let in here' }).waitFor()
  await visitor.look('provider-not-let-in')
  await page.context().clearCookies()
  await goThere(page, 'nobody')
  await page.getByRole('heading', { name: 'You were not signed in' }).waitFor()
  await visitor.look('provider-refused')
  await page.getByRole('link', { name: 'Back' }).click()
  await page.getByRole('heading', { name: 'Sign in', exact: true }).waitFor()
})
