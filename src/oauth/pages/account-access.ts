/** The first page of the account: which programs can do what in one's name, and the way to take it back. @module */

import type { LastUse } from '../api-key-record.ts'
import { isClientIdUrl } from '../cimd-url.ts'
import type { ScopeGroup } from '../scopes.ts'
import { accountPage, button, confirmed, date, type FormTarget, type Frame, past } from './account-frame.ts'
import { type Html, html, named, strong } from './html.ts'
import type { Page } from './page.ts'
import { texts } from './texts.ts'

/** All that one program may do. */
export interface AccessOf {
  readonly clientId: string
  /** As it calls itself, cleaned; empty where it says nothing. */
  readonly name: string
  /** Still registered. */
  readonly isKnown: boolean
  /** An operator vouches for it. */
  readonly isApproved: boolean
  /** The host that the answer went to; `here`: this computer. */
  readonly returnsTo: string | undefined
  readonly groups: readonly ScopeGroup[]
  readonly since: number
  readonly until: number
  readonly lastUsed: LastUse | undefined
  readonly grants: readonly GrantOf[]
  /** How many there are besides, older ones. */
  readonly others: number
}

interface GrantOf {
  readonly id: string
  readonly createdAt: number
  readonly expiresAt: number
  readonly lastUsed: LastUse | undefined
  /** Another program passed it on. */
  readonly derived: boolean
}

export interface AccessPage {
  readonly frame: Frame
  readonly server: string
  readonly access: readonly AccessOf[]
  readonly now: number
  readonly end: FormTarget
  readonly endAll: FormTarget
}

const words = texts.account.access

export const accessPage = (page: AccessPage): Page =>
  accountPage({
    frame: page.frame,
    part: 'access',
    title: words.title,
    body:
      page.access.length === 0
        ? html`<p>${words.none}</p>`
        : html`<p>${words.what(strong(page.server))}</p>
<ul class="rows">${page.access.map((each) => row(each, page))}</ul>
${confirmed(words.endAll, words.endAllSure, button(page.endAll, {}, words.endAllGo, 'danger go'))}`,
  })

function row(access: AccessOf, { frame, now, end }: AccessPage): Html {
  const { clientId, groups, since, until, lastUsed, grants, others } = access
  const activity = `${frame.base}/activity?${new URLSearchParams({ client: clientId }).toString()}`
  return html`<li>
<div class="what"><h2>${nameOf(access)}</h2>
<ul>${groups.flatMap(({ sentences }) => sentences.map((sentence) => html`<li>${sentence}</li>`))}</ul>
<p class="soft">${words.since(date(since))} · ${words.lastUsed(useOf(lastUsed, now))} · ${words.until(date(until))}</p>
<p class="soft">${originOf(access)} <a href="${activity}">${words.activity}</a></p>
${grants.length > 1 && separately(grants, others, now, end)}</div>
<div class="act">${button(end, { client: clientId }, words.end, 'small danger')}</div>
</li>`
}

const nameOf = ({ name, isKnown, isApproved }: AccessOf): Html =>
  html`${isKnown ? (name === '' ? words.nameless : named(name)) : words.gone}${isKnown && !isApproved && html` <span class="tag">${texts.frame.notVerified}</span>`}`

function originOf({ clientId, returnsTo }: AccessOf): Html {
  if (isClientIdUrl(clientId)) return html`${words.describedBy(strong(new URL(clientId).host))}`
  if (returnsTo !== undefined) return html`${words.returnsTo(strong(returnsTo === 'here' ? words.returnsHere : returnsTo))}`
  return html`${texts.frame.clientId} ${clientId}.`
}

/** Each sign-in of a program by itself: a lost laptop is one of them. */
const separately = (grants: readonly GrantOf[], others: number, now: number, end: FormTarget): Html =>
  html`<details><summary class="soft">${words.separately(grants.length + others)}</summary>
<ul class="rows">${grants.map(
    ({ id, createdAt, expiresAt, lastUsed, derived }) => html`<li>
<div class="what soft">${words.since(date(createdAt))} · ${words.lastUsed(useOf(lastUsed, now))} · ${words.until(date(expiresAt))}${derived && ` · ${words.derived}`}</div>
<div class="act">${button(end, { grant: id }, words.end, 'small danger')}</div>
</li>`,
  )}</ul>${others > 0 && html`<p class="soft">${words.older(others)}</p>`}</details>`

export const useOf = (use: LastUse | undefined, now: number): Html | undefined =>
  use && html`${past(use.at, now)} ${texts.account.from(use.from)}`
