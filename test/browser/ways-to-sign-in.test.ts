/** Beside a password: passkeys (a virtual authenticator), one-time codes and recovery codes; set up on the account page, and used. */

import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { Secret, TOTP } from 'otpauth'
import type { Page } from 'playwright-core'
import type { TestServer } from '../support/server.ts'
import { ANA, signIn, startPlace } from './place.ts'
import { openVisitor, type Visitor, walk } from './visitor.ts'

let place: TestServer
before(async () => {
  place = await startPlace()
})
after(() => place[Symbol.asyncDispose]())

const press = (page: Page, name: string): Promise<void> => page.getByRole('button', { name, exact: true }).click()
const isIn = (page: Page): Promise<void> => page.getByRole('navigation').waitFor()
const wasDone = (page: Page, said: RegExp): Promise<void> => page.getByRole('status').filter({ hasText: said }).waitFor()

/** What a laptop with a fingerprint reader is to a browser. Answers a way to hold the finger back. */
async function withFinger({ page, context }: Visitor): Promise<(touches: boolean) => Promise<void>> {
  const devtools = await context.newCDPSession(page)
  await devtools.send('WebAuthn.enable')
  const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
  return async (enabled) => void (await devtools.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled }))
}

walk('a passkey is added, named, signs somebody in without a password, and is removed', async () => {
  await using visitor = await openVisitor()
  const { page } = visitor
  const touches = await withFinger(visitor)
  await page.goto(`${place.issuer}/account/security`)
  await signIn(page)
  await page.getByRole('link', { name: 'Add a passkey' }).click()
  await visitor.look('account-new-passkey')
  await page.getByLabel('What should it be called?').fill('My laptop')
  await press(page, 'Add it')
  await wasDone(page, /The passkey is added/)
  await page.getByLabel('Name of the passkey').fill('My old laptop')
  await press(page, 'Rename')
  await wasDone(page, /new name/)
  await visitor.look('account-passkeys')

  await touches(false)
  await press(page, 'Sign out')
  await page.goto(`${place.issuer}/account/security`)
  await page.getByRole('button', { name: 'Sign in with a passkey' }).waitFor()
  await touches(true)
  await press(page, 'Sign in with a passkey')
  await isIn(page)
  assert.match(await visitor.text(), /Signed in as ana/)
  await press(page, 'Remove')
  await wasDone(page, /The passkey is removed/)

  await touches(false)
  await press(page, 'Sign out')
  await page.goto(`${place.issuer}/account/security`)
  await page.getByRole('button', { name: 'Sign in with a passkey' }).waitFor()
  await touches(true)
  const sent = page.waitForRequest((request) => request.method() === 'POST')
  await press(page, 'Sign in with a passkey')
  await sent
  // Or the next page would be offered the same passkey at once.
  await touches(false)
  await page.getByRole('alert').filter({ visible: true }).waitFor()
  await visitor.look('sign-in-wrong-passkey')
})

for (const javaScript of [true, false])
  walk(`one-time codes and recovery codes are set up and asked for${javaScript ? '' : ', without JavaScript too'}`, async () => {
    const person = { ...ANA, name: javaScript ? 'ben' : 'bea' }
    await place.user(person.name, person.password)
    await using visitor = await openVisitor({ javaScript })
    const { page } = visitor
    const look = (name: string): Promise<void> => (javaScript ? visitor.look(name) : Promise.resolve())
    const signOutAndIn = async (): Promise<void> => {
      await press(page, 'Sign out')
      await page.goto(`${place.issuer}/account/security`)
      await signIn(page, person)
      await page.getByLabel('Code', { exact: true }).waitFor()
    }

    await page.goto(`${place.issuer}/account/security`)
    await signIn(page, person)
    await page.getByRole('link', { name: 'Set up one-time codes' }).click()
    await look('account-new-codes')
    const link = await page.locator('a[href^="otpauth:"]').getAttribute('href')
    const app = new TOTP({ secret: Secret.fromBase32(new URL(link ?? '').searchParams.get('secret') ?? '') })
    const code = (later: number): string => app.generate({ timestamp: Date.now() + later * 1000 })
    const used = code(0)
    await page.locator('#code').fill(used)
    await page.locator('form:has(#code) button').click()
    const codes = page.locator('.codes li')
    await codes.first().waitFor()
    await look('account-recovery-codes')
    const [recovery = ''] = await codes.allInnerTexts()
    assert.equal(await codes.count(), 10)
    await page.locator('a.button.go').click()
    await look('account-security-with-codes')

    await signOutAndIn()
    await look('second-factor')
    await page.getByLabel('Code', { exact: true }).fill(used)
    await press(page, 'Sign in')
    await page.getByRole('alert').waitFor()
    await look('second-factor-used-before')
    await page.getByLabel('Code', { exact: true }).fill(code(30))
    await press(page, 'Sign in')
    await isIn(page)

    await signOutAndIn()
    await page.getByText('I do not have the app with me').click()
    await look('second-factor-recovery')
    await page.getByLabel('Recovery code').fill(recovery)
    await press(page, 'Use it')
    await isIn(page)
    assert.match(await visitor.text(), /9 are left/)
  })
