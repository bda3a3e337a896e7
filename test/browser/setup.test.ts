/** The first minutes: the one-time link, the owner's account, and a sign-in with it. */

import { startServer } from '../support/server.ts'
import { isBack, signIn, startProgram } from './place.ts'
import { openVisitor, walk } from './visitor.ts'

walk('whoever starts the server makes the owner’s account behind the one-time link, and signs in with it', async () => {
  await using place = await startServer({ name: 'notes' })
  await using program = await startProgram(place)
  await using visitor = await openVisitor()
  const { page } = visitor
  await page.goto(program.url())
  await visitor.look('sign-in-no-account')

  await page.goto(place.setupLink ?? '')
  await visitor.look('setup')
  await page.getByLabel('Name').fill('owner')
  await page.getByLabel('Password, at least').fill('a long and quiet phrase')
  await page.getByLabel('again').fill('another phrase than that')
  await page.getByRole('button', { name: 'Make the account' }).click()
  await page.getByRole('alert').waitFor()
  await visitor.look('setup-problem')
  await page.getByLabel('Password, at least').fill('a long and quiet phrase')
  await page.getByLabel('again').fill('a long and quiet phrase')
  await page.getByRole('button', { name: 'Make the account' }).click()
  await page.getByRole('heading', { name: 'Done, owner' }).waitFor()
  await visitor.look('setup-done')

  await page.getByRole('link', { name: 'Go to your account' }).click()
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()

  await page.goto(program.url())
  await signIn(page, { name: 'owner', password: 'a long and quiet phrase' })
  await page.getByRole('button', { name: 'Deny' }).click()
  await isBack(page)
})
