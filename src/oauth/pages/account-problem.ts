/** When a page of the account does not go on: what happened, that nothing was changed, and where to go now. @module */

import { html } from './html.ts'
import type { Page } from './page.ts'
import { texts } from './texts.ts'

type Problem = 'unknown' | 'ended' | 'forged' | 'notRecent' | 'tooMany' | 'twice' | 'lastWay'

const words = texts.account.problems
const kinds: Readonly<Record<Problem, { readonly status: number; readonly title: string; readonly text: string }>> = {
  unknown: { status: 404, title: words.unknown, text: words.unknownText },
  ended: { status: 401, title: words.ended, text: words.endedText },
  forged: { status: 403, title: words.forged, text: words.forgedText },
  notRecent: { status: 403, title: words.notRecent, text: words.notRecentText },
  tooMany: { status: 429, title: words.tooManyTitle, text: words.tooMany },
  twice: { status: 409, title: words.twiceTitle, text: words.twice },
  lastWay: { status: 409, title: words.lastWay, text: words.lastWayText },
}

/** `back` and `signIn`: paths of ours. */
export function accountProblem(problem: Problem, way: { readonly back: string } | { readonly signIn: string }): Page {
  const { status, title, text } = kinds[problem]
  const link =
    'signIn' in way
      ? html`<a class="button go" href="${way.signIn}">${words.signIn}</a>`
      : html`<a class="button" href="${way.back}">${texts.account.back}</a>`
  return { status, title, body: html`<h1>${title}</h1><p>${text}</p><p>${link}</p>` }
}
