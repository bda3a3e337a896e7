/** The consent page of a client's request, opened as a person opens it, and answered box by box. */

import assert from 'node:assert/strict'
import { ANA, authorizeUrl, CALLBACK, type Fixture } from './authorization.ts'
import { type Browser, createBrowser, type Form, formsOf, type Person, prefilled, type Shown, textOf } from './browser.ts'

type Place = Pick<Fixture, 'issuer' | 'resource'>

export interface Asked {
  readonly browser: Browser
  readonly page: Shown
  readonly form: Form
  /** As a person reads it. */
  readonly text: string
  /** Of the client that asked. */
  readonly verifier: string
  answer(answer?: Answer): Promise<Shown | { readonly stoppedAt: string }>
}

export interface Answer {
  readonly decision?: 'allow' | 'deny'
  /** Boxes to untick, by name and value. */
  readonly untick?: readonly (readonly ['group' | 'scope', string])[]
  /** Fields that are sent with another value than the page has, or not at all. */
  readonly changed?: Readonly<Record<string, string | undefined>>
}

export async function openConsent(
  place: Place,
  clientId: string,
  changes: Readonly<Record<string, string | undefined>> = {},
  { browser = createBrowser(), person = ANA }: { readonly browser?: Browser; readonly person?: Person } = {},
): Promise<Asked> {
  const { url, verifier } = authorizeUrl(place, clientId, changes)
  const shown = await browser.open(url)
  assert.ok(!('stoppedAt' in shown))
  return toAsked(browser, await logIn(browser, shown, person), verifier, changes['redirect_uri'])
}

/** From the page that is shown to the one after it, where it asks for a password. */
async function logIn(browser: Browser, page: Shown, { name, password }: Person): Promise<Shown> {
  const form = formsOf(page)[0]
  if (!form?.fields.some(({ type }) => type === 'password')) return page
  const shown = await browser.submit(page, form, [...prefilled(form), ['name', name], ['password', password]])
  assert.ok(!('stoppedAt' in shown))
  return shown
}

/** Reads a page as a consent page. */
export function toAsked(browser: Browser, page: Shown, verifier = '', redirectUri = CALLBACK): Asked {
  const form = formsOf(page).find(({ fields }) => fields.some(({ name }) => name === 'decision'))
  assert.ok(form, textOf(page.html))
  return {
    browser,
    page,
    form,
    verifier,
    text: textOf(page.html),
    answer({ decision = 'allow', untick = [], changed = {} } = {}) {
      const isUnticked = (name: string, value: string) => untick.some(([box, which]) => box === name && which === value)
      for (const [box, which] of untick)
        assert.ok(
          form.fields.some(({ name, value }) => name === box && value === which),
          `${box} ${which}`,
        )
      const kept = prefilled(form).filter(([name, value]) => !isUnticked(name, value) && !(name in changed))
      const other = Object.entries(changed).filter((entry): entry is [string, string] => entry[1] !== undefined)
      return browser.submit(page, form, [...kept, ...other, ['decision', decision]], (url) => url.startsWith(redirectUri))
    },
  }
}

/** Where the browser was sent, which the test does not visit. */
export function landed(shown: Shown | { readonly stoppedAt: string }): URLSearchParams {
  assert.ok('stoppedAt' in shown, 'html' in shown ? textOf(shown.html) : '')
  return new URL(shown.stoppedAt).searchParams
}
