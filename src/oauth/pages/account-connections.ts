/** Accounts and secrets of one's own at the servers behind this one: what there is, and the way out to connect. @module */

import type { Connection } from '../../people/index.ts'
import { accountPage, button, confirmed, date, type FormTarget, type Frame, past, problem, token } from './account-frame.ts'
import { type Html, html, strong } from './html.ts'
import type { Page } from './page.ts'
import { texts } from './texts.ts'

/** Where its forms go. */
export interface ConnectionForms {
  readonly connect: FormTarget
  readonly end: FormTarget
  readonly secret: FormTarget
}

export interface ConnectionsPage {
  readonly frame: Frame
  readonly connections: readonly (Connection & { readonly forms: ConnectionForms })[]
  readonly now: number
  readonly problem?: string | undefined
  /** One of them: the page behind the link that a program shows. */
  readonly isOne: boolean
}

const words = texts.connections
const tags = { connected: 'tag ok', missing: 'tag', ended: 'tag warn' } as const

export const connectionsPage = ({ frame, connections, now, problem: wrong, isOne }: ConnectionsPage): Page =>
  accountPage({
    frame,
    part: 'connections',
    title: words.title,
    status: wrong === undefined ? 200 : 400,
    body: html`${problem(wrong)}<p>${words.what}</p>
${connections.length === 0 ? html`<p>${words.none}</p>` : html`<ul class="rows">${connections.map((each) => row(each, now))}</ul>`}
${isOne && html`<p><a class="button small" href="${frame.base}/connections">${words.all}</a></p>`}`,
  })

function row({ id, kind, title, servers, state, since, lastUsedAt, forms }: ConnectionsPage['connections'][number], now: number): Html {
  const isThere = state === 'connected'
  return html`<li>
<div class="what"><b>${title}</b> <span class="${tags[state]}">${kind === 'secret' ? words.secretStates[state] : words.states[state]}</span>
<p class="soft">${words.for(servers.join(', '))}${since !== undefined && html` · ${words.since(date(since))}`}${lastUsedAt !== undefined && html` · ${texts.account.access.lastUsed(past(lastUsedAt, now))}`}</p>
${kind === 'secret' && secretForm(id, title, isThere, forms.secret)}</div>
<div class="act">${kind === 'oauth' && button(forms.connect, {}, isThere || state === 'ended' ? words.again : words.connect, isThere ? 'small' : 'small go')}
${state !== 'missing' && confirmed(kind === 'secret' ? words.forget : words.disconnect, words.endSure, button(forms.end, {}, kind === 'secret' ? words.forget : words.disconnect, 'small danger'))}</div>
</li>`
}

const secretForm = (
  id: string,
  title: string,
  isThere: boolean,
  target: FormTarget,
): Html => html`<form class="act" method="post" action="${target.action}">${token(target)}
<label class="hidden" for="secret-${id}">${words.value(title)}</label>
<input type="password" id="secret-${id}" name="value" autocomplete="off" maxlength="16384" placeholder="${words.value(title)}" required>
<button class="small" type="submit">${isThere ? words.replace : words.keep}</button></form>`

/** Before the browser leaves: a form may not lead elsewhere (`form-action`), and nobody should be elsewhere without having been told. */
export const leavePage = ({
  frame,
  title,
  location,
}: {
  readonly frame: Frame
  readonly title: string
  readonly location: string
}): Page => {
  const { host } = new URL(location)
  return accountPage({
    frame,
    part: 'connections',
    title: words.leaveTitle,
    body: html`<p class="where">${words.leave(strong(host))}</p>
<p>${words.leaveWhat(strong(title))}</p>
<p class="soft">${words.onlyYours}</p>
<div class="buttons"><a class="button" href="${frame.base}/connections">${texts.account.cancel}</a><a class="button go" href="${location}" rel="noreferrer">${words.leaveGo(host)}</a></div>`,
  })
}

export const notConnectedPage = ({ frame, problem: text }: { readonly frame: Frame; readonly problem: string }): Page =>
  accountPage({
    frame,
    part: 'connections',
    title: words.failedTitle,
    status: 400,
    body: html`${problem(text)}<p><a class="button" href="${frame.base}/connections">${texts.account.back}</a></p>`,
  })
