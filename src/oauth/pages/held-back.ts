/** The page before an address that nobody here has trusted with anything yet: what went wrong, where the program is, and a link. @module */

import { html, named, plain, strong } from './html.ts'
import type { Page } from './page.ts'
import { inWords } from './problem.ts'
import { texts } from './texts.ts'

export interface HeldBack {
  /** As it calls itself. */
  readonly client: string | undefined
  readonly code: string
  readonly description: string | undefined
  /** An address that it registered, with the error for it. */
  readonly target: string
}

export function heldBackPage({ client, code, description, target }: HeldBack): Page {
  const { host } = new URL(target)
  const name = plain(client ?? '')
  const what = inWords(code, description)
  const { title, go, ...words } = texts.heldBack
  return {
    status: 400,
    title,
    body: html`<h1>${title}</h1>
<p>${words.what(name === '' ? undefined : named(name), what && plain(what, 200))}</p>
<p>${words.where(strong(host))}</p>
<p><a href="${target}" rel="noreferrer nofollow">${go(host)}</a></p>
<footer>${code}</footer>`,
  }
}
