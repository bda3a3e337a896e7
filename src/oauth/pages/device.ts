/**
 * The pages of the device flow: where a code is typed in, what it would do, and that it is done. A code that came in a link
 * is only filled in; what it means is said before anybody signs in, since whoever sent it may be the one who gains by it.
 *
 * @module
 */

import type { ScopeGroup } from '../scopes.ts'
import { html, named, strong } from './html.ts'
import type { Page } from './page.ts'
import { texts } from './texts.ts'

export interface DeviceCodePage {
  readonly action: string
  readonly csrf: string
  readonly server: string
  /** Filled in: it came in a link. */
  readonly code?: string | undefined
  readonly problem?: string | undefined
}

const words = texts.device

export const deviceCodePage = ({ action, csrf, server, code, problem }: DeviceCodePage): Page => ({
  status: problem === undefined ? 200 : 400,
  title: words.enterTitle,
  body: html`<h1>${words.enter(strong(server))}</h1>
<p>${words.typeIt}</p>
<p class="where warn">${words.onlyYours}</p>
${problem !== undefined && html`<p class="problem" role="alert">${problem}</p>`}
<form method="post" action="${action}">
<input type="hidden" name="xsrf" value="${csrf}">
<label for="code">${words.code}</label>
<input class="code" type="text" id="code" name="user_code" value="${code ?? ''}" autocomplete="off" autocapitalize="characters" spellcheck="false" maxlength="16" required autofocus>
<div class="buttons one"><button class="go" type="submit">${words.go}</button></div>
</form>`,
})

export interface DeviceConfirmPage {
  readonly action: string
  readonly csrf: string
  readonly server: string
  readonly code: string
  /** As it calls itself, cleaned. */
  readonly client: string
  readonly clientId: string
  /** Where the device asked from. */
  readonly address: string
  readonly groups: readonly ScopeGroup[]
}

export const deviceConfirmPage = ({ action, csrf, server, code, client, clientId, address, groups }: DeviceConfirmPage): Page => ({
  status: 200,
  title: words.confirmTitle,
  body: html`<h1>${words.confirm(html`<b class="whole">${code}</b>`)}</h1>
<p>${words.asks(html`${named(client)} <span class="tag">${texts.frame.notVerified}</span>`, strong(server), strong(address))}</p>
<ul>${groups.flatMap(({ sentences }) => sentences.map((sentence) => html`<li>${sentence}</li>`))}</ul>
<p class="where warn">${words.sentToYou}</p>
<form method="post" action="${action}">
<input type="hidden" name="xsrf" value="${csrf}">
<input type="hidden" name="user_code" value="${code}">
<div class="buttons">
<button type="submit" name="abort" value="yes">${words.stop}</button>
<button class="go" type="submit" name="confirm" value="yes">${words.mine}</button>
</div>
</form>
<footer>${texts.frame.clientId} ${clientId}</footer>`,
})

export const deviceDonePage = (client: string): Page => ({
  status: 200,
  title: words.doneTitle,
  body: html`<h1>${words.doneTitle}</h1>
<p>${words.goesOn(named(client))}</p>`,
})
