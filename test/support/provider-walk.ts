/** How a person without scripts gets from a client's request to an identity provider and back, step by step. */

import assert from 'node:assert/strict'
import type { AuthorizationServerOptions } from '../../src/oauth/index.ts'
import { authorizeUrl, CALLBACK, type Fixture, type FixtureOptions, redeem, register, startAuthorizationServer } from './authorization.ts'
import { type Browser, type Form, formsOf, prefilled, type Shown } from './browser.ts'

export type Stop = Shown | { readonly stoppedAt: string }
export const isBackAtClient = (url: string): boolean => url.startsWith(CALLBACK)

/** A server that lets people sign in at `signIn`, with nobody of its own unless told. */
export const startWithProviders = (
  signIn: NonNullable<AuthorizationServerOptions['signIn']>,
  options: FixtureOptions = {},
): Promise<Fixture> => startAuthorizationServer({ people: [], signIn, ...options })

export function page(shown: Stop): Shown {
  assert.ok(!('stoppedAt' in shown), 'a page was shown')
  return shown
}
/** The form that posts to a path with this end. */
export function formTo(shown: Shown, end: string, provider?: string): Form {
  const form = formsOf(shown).find(
    ({ action, fields }) =>
      new URL(action).pathname.endsWith(end) &&
      (provider === undefined || fields.some(({ name, value }) => name === 'provider' && value === provider)),
  )
  assert.ok(form, `a form to ${end} at ${shown.url}: ${shown.html}`)
  return form
}
export async function press(browser: Browser, shown: Shown, form: Form, more: readonly [string, string][] = []): Promise<Stop> {
  return browser.submit(shown, form, [...prefilled(form), ...more], isBackAtClient)
}

export interface Asked {
  readonly clientId: string
  readonly verifier: string
  readonly signIn: Shown
}

/** A client asks; its person sees the sign-in page. */
export async function ask(
  fixture: Fixture,
  browser: Browser,
  metadata: Record<string, unknown> = {},
  changes: Record<string, string> = {},
): Promise<Asked> {
  const { client_id: clientId } = await register(fixture, metadata)
  const { url, verifier } = authorizeUrl(fixture, clientId, changes)
  return { clientId, verifier, signIn: page(await browser.open(url)) }
}
/** They press the provider's button: who asks, and where it leads. */
export const choose = async (browser: Browser, signIn: Shown, provider = 'acme'): Promise<Shown> =>
  page(await press(browser, signIn, formTo(signIn, '/provider', provider)))

/** They go on: where the browser is sent. */
export async function goOn(browser: Browser, chosen: Shown): Promise<string> {
  const leaving = page(await press(browser, chosen, formTo(chosen, '/provider-continue')))
  return leavingTo(leaving)
}
export function leavingTo({ headers, html, status }: Shown): string {
  const location = /^0;url=(.+)$/.exec(headers.get('refresh') ?? '')?.[1]
  assert.ok(location, `nobody is sent anywhere (${status}): ${html}`)
  return location
}
/** All three. */
export async function setOut(fixture: Fixture, browser: Browser, provider = 'acme'): Promise<Asked & { readonly location: string }> {
  const asked = await ask(fixture, browser)
  return { ...asked, location: await goOn(browser, await choose(browser, asked.signIn, provider)) }
}
/** Where a provider that asks nothing sends the browser back to. */
export async function comingBack(location: string): Promise<string> {
  const response = await fetch(location, { redirect: 'manual' })
  const back = response.headers.get('location')
  assert.ok(back, `the provider sends nobody back (${response.status})`)
  return back
}
/** The consent page, allowed: what the client is given. */
export async function allow(fixture: Fixture, browser: Browser, consent: Shown, { clientId, verifier }: Asked): Promise<Response> {
  const landed = await press(browser, consent, formTo(consent, '/consent'), [['decision', 'allow']])
  assert.ok('stoppedAt' in landed)
  return redeem(fixture, clientId, new URL(landed.stoppedAt).searchParams.get('code') ?? '', verifier)
}
