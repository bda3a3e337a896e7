/** Pages for when it cannot go on: what happened, and what to do in the client that one is using. Never raw JSON. @module */

import { html } from './html.ts'
import type { Page } from './page.ts'
import { type Unknown, unknownClientPage } from './unknown-client.ts'

/** `code`: the error's name (RFC 6749 §4.1.2.1, RFC 7591 §3.2.2). `unknown`: what the request said of a client that is not known. */
export function problemPage(code: string, description?: string, unknown?: Unknown): Page {
  if (code === 'invalid_client') return unknownClientPage(unknown ?? { clientId: undefined, redirectUri: undefined })
  if (code === 'invalid_redirect_uri') return unknownRedirect
  const { status, title, text } = kinds[code] ?? {
    status: 400,
    title: 'This request cannot be answered',
    text: asIs(inWords(code, description)),
  }
  return { status, title, body: html`<h1>${title}</h1><p>${text}</p><footer>${code}</footer>` }
}

/** What the provider says of a request is written for who made the program; where a reader would not know the word, it is said again. */
export const inWords = (code: string, description: string | undefined): string | undefined =>
  code === 'invalid_target' ? 'it names another server than this one, or none' : description

const asIs = (description: string | undefined): string =>
  `The program that opened this page asked for something that does not work here${description === undefined ? '' : `: ${description}`}.`

const kinds: Record<string, { status: number; title: string; text: string }> = {
  expired: {
    status: 400,
    title: 'This sign-in has ended',
    text: 'It was finished or cancelled before, took longer than ten minutes, or was begun in another browser. Go back to the program and connect again.',
  },
  forged: {
    status: 403,
    title: 'This form was not ours',
    text: 'The page that you came from is not the one that we showed you. Go back to the program and connect again.',
  },
  server_error: {
    status: 500,
    title: 'Something broke here',
    text: 'It is not your doing, and nothing was allowed. The record of it is in Sallyport’s log. Try again.',
  },
  too_many: {
    status: 429,
    title: 'Too many sign-ins were begun',
    text: 'None of them was finished, so no more are begun for a few minutes. If you did not begin them yourself, close the page that did.',
  },
  device_denied: {
    status: 200,
    title: 'Nothing was allowed',
    text: 'The device is told so. If you want it after all, have it show a new code.',
  },
  too_many_codes: {
    status: 429,
    title: 'Too many codes were tried',
    text: 'No more are taken from here for a few minutes. Then have the device show a new code.',
  },
  not_a_page: { status: 403, title: 'Nobody would see this', text: 'A sign-in opens in a window of its own, not inside another page.' },
  unsupported_response_mode: {
    status: 400,
    title: 'This request cannot be answered',
    text: 'The program wants its answer in a way in which we give none. Nothing was allowed.',
  },
  too_long: { status: 414, title: 'That was too long', text: 'The program asked in more words than any that we know.' },
  too_large: { status: 413, title: 'That was too much', text: 'The form was larger than any of ours.' },
}

const unknownRedirect: Page = {
  status: 400,
  title: 'We will not send you there',
  body: html`<h1>We will not send you there</h1>
<p>The program asked to have you sent to an address that it did not register. That happens when it was changed since, or when somebody else uses its name. Nothing was allowed.</p>
<p>If you started this yourself, remove the server in the program and add it again.</p>
<footer>invalid_redirect_uri</footer>`,
}
