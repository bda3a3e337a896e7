/** A person who follows the link of a tool's answer and connects their account, page by page, without scripts. */

import assert from 'node:assert/strict'
import { type Browser, createBrowser, formsOf, type Person, prefilled, type Shown, signIn, textOf, visit } from './browser.ts'

/** The one link in what a tool said. */
export function linkIn(text: string): string {
  const found = /https?:\/\/\S+\/account\/connections\/\S+?(?=\s|$)/.exec(text)
  assert.ok(found, `a link in: ${text}`)
  return found[0]
}

/** Opens a page of the account, signing in on the way. */
export async function openAs(browser: Browser, url: string, person: Person): Promise<Shown> {
  const shown = await visit(browser, url)
  const login = formsOf(shown).find(({ fields }) => fields.some(({ type }) => type === 'password'))
  if (!login) return shown
  const typed: [string, string][] = login.fields.flatMap((field): [string, string][] =>
    field.type === 'password'
      ? [[field.name, person.password]]
      : field.type === 'text' || field.type === 'email'
        ? [[field.name, person.name]]
        : [],
  )
  const next = await browser.submit(shown, login, [...prefilled(login), ...typed])
  assert.ok(!('stoppedAt' in next))
  return next
}

/** Presses Connect: where the browser leads, from the page that says so. */
export async function leave(browser: Browser, page: Shown): Promise<string> {
  const form = formsOf(page).find(({ action }) => action.endsWith('/connect'))
  assert.ok(form, `a form to connect at ${page.url} (${page.status}): ${textOf(page.html)}`)
  const shown = await browser.submit(page, form, prefilled(form))
  assert.ok(!('stoppedAt' in shown))
  const location = /<a class="button go" href="([^"]+)"/.exec(shown.html)?.[1]?.replaceAll('&amp;', '&')
  assert.ok(location, `a way out at ${shown.url} (${shown.status}): ${textOf(shown.html)}`)
  return location
}

export interface ConnectAccount {
  readonly link: string
  /** Here. */
  readonly person: Person
  /** At the guarded server: signs in and agrees there. Answers where they are sent back to. */
  readonly there: (location: string, browser: Browser) => Promise<string>
  readonly browser?: Browser
}

/** The whole way: what they read in the end. */
export async function connectAccount({ link, person, there, browser = createBrowser() }: ConnectAccount): Promise<string> {
  const location = await leave(browser, await openAs(browser, link, person))
  const back = await there(location, browser)
  return textOf((await visit(browser, back)).html)
}

/** At another Sallyport, as somebody of there. */
export const asPerson =
  (person: Person) =>
  (location: string, browser: Browser): Promise<string> =>
    signIn(location, person, browser)
