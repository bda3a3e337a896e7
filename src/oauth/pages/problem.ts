/** Pages for when it cannot go on: what happened, and what to do in the client that one is using. Never raw JSON. @module */

import { html } from './html.ts'
import type { Page } from './page.ts'
import { texts } from './texts.ts'
import { type Unknown, unknownClientPage } from './unknown-client.ts'

const { kinds, otherTitle, other, wrongTarget, redirectTitle, redirect, redirectFix } = texts.problem

const statuses: Record<keyof typeof kinds, number> = {
  expired: 400,
  forged: 403,
  server_error: 500,
  too_many: 429,
  device_denied: 200,
  too_many_codes: 429,
  not_a_page: 403,
  unsupported_response_mode: 400,
  too_long: 414,
  too_large: 413,
}

/** `code`: the error's name (RFC 6749 §4.1.2.1, RFC 7591 §3.2.2). `unknown`: what the request said of a client that is not known. */
export function problemPage(code: string, description?: string, unknown?: Unknown): Page {
  if (code === 'invalid_client') return unknownClientPage(unknown ?? { clientId: undefined, redirectUri: undefined })
  if (code === 'invalid_redirect_uri') return unknownRedirect
  const known = isKind(code)
  const { title, text } = known ? kinds[code] : { title: otherTitle, text: other(inWords(code, description)) }
  return { status: known ? statuses[code] : 400, title, body: html`<h1>${title}</h1><p>${text}</p><footer>${code}</footer>` }
}

const isKind = (code: string): code is keyof typeof kinds => Object.hasOwn(kinds, code)

/** What the provider says of a request is written for who made the program; where a reader would not know the word, it is said again. */
export const inWords = (code: string, description: string | undefined): string | undefined =>
  code === 'invalid_target' ? wrongTarget : description

const unknownRedirect: Page = {
  status: 400,
  title: redirectTitle,
  body: html`<h1>${redirectTitle}</h1>
<p>${redirect}</p>
<p>${redirectFix}</p>
<footer>invalid_redirect_uri</footer>`,
}
