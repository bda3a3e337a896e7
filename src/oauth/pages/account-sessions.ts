/** The browsers in which somebody is signed in. What a browser says of itself is said in words that people know. @module */

import type { BrowserSession, SignInMethod } from '../../people/index.ts'
import { accountPage, button, type FormTarget, type Frame, minute, past } from './account-frame.ts'
import { type Html, html, plain } from './html.ts'
import type { Page } from './page.ts'
import { texts } from './texts.ts'

export interface SessionsPage {
  readonly frame: Frame
  readonly current: BrowserSession
  readonly others: readonly BrowserSession[]
  readonly now: number
  readonly end: FormTarget
  readonly endOthers: FormTarget
  readonly providerTitle: (id: string) => string
}

const words = texts.account.sessions

export const sessionsPage = (page: SessionsPage): Page =>
  accountPage({
    frame: page.frame,
    part: 'sessions',
    title: words.title,
    body: html`<p>${words.what}</p>
<ul class="rows">${row(page.current, page, true)}${page.others.map((each) => row(each, page, false))}</ul>
${page.others.length > 0 && button(page.endOthers, {}, words.endOthers, 'danger')}`,
  })

function row(session: BrowserSession, { now, end, providerTitle }: SessionsPage, isCurrent: boolean): Html {
  const { id, agent, address, since, lastSeenAt, expiresAt, methods } = session
  return html`<li>
<div class="what"><b>${browserOf(agent)}</b>${isCurrent && html` <span class="tag ok">${words.this}</span>`}
<p class="soft">${words.since(minute(since))} ${words.with(methodsOf(methods, providerTitle))}, ${texts.account.from(address)}</p>
<p class="soft">${words.seen(past(lastSeenAt, now))} · ${words.ends(minute(expiresAt))}</p></div>
<div class="act">${!isCurrent && button(end, { session: id }, words.end, 'small danger')}</div>
</li>`
}

function methodsOf(methods: readonly SignInMethod[], providerTitle: (id: string) => string): string {
  return methods
    .map((method) =>
      method.startsWith('provider:')
        ? words.provider(plain(providerTitle(method.slice('provider:'.length))))
        : (words.methods[method] ?? method),
    )
    .join(words.and)
}

// In this order: most browsers say that they are others, too.
const browsers: readonly (readonly [RegExp, string])[] = [
  [/\bEdg(?:e|A|iOS)?\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\b(?:Firefox|FxiOS)\//, 'Firefox'],
  [/\b(?:Chrome|CriOS|HeadlessChrome)\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
]
const systems: readonly (readonly [RegExp, string])[] = [
  [/\biPhone\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows\b/, 'Windows'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bMac OS X\b/, 'Mac'],
  [/\bLinux\b/, 'Linux'],
]

function browserOf(agent: string): string {
  const [browser, system] = [browsers, systems].map((table) => table.find(([pattern]) => pattern.test(agent))?.[1])
  if (browser !== undefined && system !== undefined) return words.browserOn(browser, system)
  return browser ?? (plain(agent, 60) || words.unknownBrowser)
}
