/** A person at the pages of their own account: signs in before them, finds a form by where it leads, and sends it. */

import assert from 'node:assert/strict'
import { ANA, type Fixture } from './authorization.ts'
import { type Browser, createBrowser, type Form, formsOf, type Person, prefilled, type Shown, textOf } from './browser.ts'

export interface AtAccount {
  readonly browser: Browser
  /** `path`: after `/account`. */
  open(path?: string): Promise<Shown>
  /** Sends the form of the page that leads to `path`; what it has filled in already, with `values` instead where they name it. */
  send(
    page: Shown,
    path: string,
    values?: Readonly<Record<string, string | readonly string[]>>,
    which?: (form: Form) => boolean,
  ): Promise<Shown>
}

export async function atAccount(
  { issuer }: Pick<Fixture, 'issuer'>,
  person: Person = ANA,
  browser: Browser = createBrowser(),
): Promise<AtAccount> {
  const base = `${issuer}/account`
  await signInBefore(base, person, browser)
  return {
    browser,
    open: async (path = '') => shown(await browser.open(base + path)),
    async send(page, path, values = {}, which = () => true) {
      const form = formTo(page, path, which)
      const given = Object.entries(values).flatMap(([name, value]) => [value].flat().map((each): [string, string] => [name, each]))
      return shown(await browser.submit(page, form, [...prefilled(form).filter(([name]) => !(name in values)), ...given]))
    },
  }
}

/** Opens a page of the account, signs in where it asks, and answers where the browser is then. */
export async function signInBefore(url: string, person: Person, browser: Browser): Promise<Shown> {
  const asked = shown(await browser.open(url))
  const form = formsOf(asked).find(({ fields }) => fields.some(({ name }) => name === 'password'))
  if (form === undefined) return asked
  return shown(await browser.submit(asked, form, [...prefilled(form), ['name', person.name], ['password', person.password]]))
}

export function formTo(page: Shown, path: string, which: (form: Form) => boolean = () => true): Form {
  const form = formsOf(page).find((each) => new URL(each.action).pathname.endsWith(`/account${path}`) && which(each))
  assert.ok(form, `no form to ${path} on this page: ${textOf(page.html)}`)
  return form
}

export function shown(outcome: Shown | { readonly stoppedAt: string }): Shown {
  if ('stoppedAt' in outcome) throw new Error(`the browser stopped at ${outcome.stoppedAt}`)
  return outcome
}

/** For `which`: the form that has this value in a hidden field. */
export const holding =
  (value: string) =>
  ({ fields }: Form): boolean =>
    fields.some((field) => field.value === value)
