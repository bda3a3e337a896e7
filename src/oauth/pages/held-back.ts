/** The page before an address that nobody here has trusted with anything yet: what went wrong, where the program is, and a link. @module */

import { html, plain } from './html.ts'
import type { Page } from './page.ts'
import { inWords } from './problem.ts'

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
  return {
    status: 400,
    title: 'This request cannot be answered',
    body: html`<h1>This request cannot be answered</h1>
<p>${name === '' ? 'A program' : html`A program that calls itself “<b>${name}</b>”`} asked for something that does not work here${
      what === undefined ? '' : `: ${plain(what, 200)}`
    }. Nothing was allowed.</p>
<p>It wants you to be sent to <b>${host}</b>. Nobody has let this program in here before, so we leave that to you. If you did not start this yourself, close this page.</p>
<p><a href="${target}" rel="noreferrer nofollow">Go to ${host}</a></p>
<footer>${code}</footer>`,
  }
}
