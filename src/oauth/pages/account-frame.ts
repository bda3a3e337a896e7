/** What the pages of the account have in common: the parts to choose from, what was just done, times as people read them. @module */

import { type Html, html, strong } from './html.ts'
import type { Page } from './page.ts'
import { texts } from './texts.ts'

const words = texts.account

type Part = 'access' | 'keys' | 'security' | 'sessions' | 'connections' | 'activity'
const paths: Readonly<Record<Part, string>> = {
  access: '',
  keys: '/keys',
  security: '/security',
  sessions: '/sessions',
  connections: '/connections',
  activity: '/activity',
}

/** Where a form posts to, and the token that fits there in this session. */
export interface FormTarget {
  readonly action: string
  readonly csrf: string
}

/** What is around each page of the account. */
export interface Frame {
  /** The path of the account's pages. */
  readonly base: string
  readonly name: string
  readonly hasConnections: boolean
  readonly signOut: FormTarget
  /** A change that has just been made (`texts.account.done`). */
  readonly done: string | undefined
}

export interface AccountPage {
  readonly frame: Frame
  readonly part: Part
  readonly title: string
  readonly body: Html
  readonly status?: number | undefined
  readonly script?: Page['script']
}

export function accountPage({ frame, part, title, body, status = 200, script }: AccountPage): Page {
  const parts = (Object.keys(paths) as Part[]).filter((each) => each !== 'connections' || frame.hasConnections)
  const done = frame.done !== undefined && Object.hasOwn(words.done, frame.done) ? words.done[frame.done] : undefined
  return {
    status,
    title,
    wide: true,
    script,
    body: html`<p class="soft">${words.signedInAs(strong(frame.name))}</p>
<nav aria-label="${words.nav.label}">
${parts.map((each) => html`<a href="${frame.base}${paths[each]}"${each === part && html` aria-current="page"`}>${words.nav[each]}</a>\n`)}
<form method="post" action="${frame.signOut.action}">${token(frame.signOut)}<button class="plain" type="submit">${words.nav.signOut}</button></form>
</nav>
${done !== undefined && html`<p class="done" role="status">${done}</p>`}
<h1>${title}</h1>
${body}`,
  }
}

export const token = ({ csrf }: FormTarget): Html => html`<input type="hidden" name="csrf" value="${csrf}">`

/** A form with one button and what it is about. */
export const button = (target: FormTarget, fields: Readonly<Record<string, string>>, label: string, kind = 'small'): Html =>
  html`<form method="post" action="${target.action}">${token(target)}${hidden(fields)}<button class="${kind}" type="submit">${label}</button></form>`

export const hidden = (fields: Readonly<Record<string, string>>): Html[] =>
  Object.entries(fields).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)

/** What takes a second thought: the button is behind a sentence. */
export const confirmed = (label: string, sure: string, form: Html): Html =>
  html`<details><summary class="soft">${label}</summary><p>${sure}</p>${form}</details>`

export const problem = (text: string | undefined): Html | undefined =>
  text === undefined ? undefined : html`<p class="problem" role="alert">${text}</p>`

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000

/** A moment that has passed. */
export function past(at: number, now: number): Html {
  const ago = now - at
  if (ago < MINUTE_MS) return moment(at, words.justNow)
  if (ago < HOUR_MS) return moment(at, words.minutesAgo(Math.floor(ago / MINUTE_MS)))
  return moment(at, ago < DAY_MS ? words.hoursAgo(Math.floor(ago / HOUR_MS)) : day(at))
}
/** To the minute. The pages have no script that would know the reader's own time. */
export const minute = (at: number): Html => moment(at, `${day(at)}, ${new Date(at).toISOString().slice(11, 16)} UTC`)
export const date = (at: number): Html => moment(at, day(at))

const moment = (at: number, text: string): Html => html`<time datetime="${new Date(at).toISOString()}">${text}</time>`

function day(at: number): string {
  const [year, month, number] = new Date(at).toISOString().slice(0, 10).split('-')
  return `${Number(number)} ${words.months.split(' ')[Number(month) - 1]} ${year}`
}
