/** The page behind the one-time link: the owner's account. @module */

import { MIN_PASSWORD } from '../../people/index.ts'
import { html, strong } from './html.ts'
import type { Page } from './page.ts'
import { texts } from './texts.ts'

export interface SetupPage {
  readonly action: string
  readonly code: string
  readonly server: string
  readonly name?: string | undefined
  readonly problem?: string | undefined
}

const words = texts.setup

export const setupPage = ({ action, code, server, name, problem }: SetupPage): Page => ({
  status: problem === undefined ? 200 : 400,
  title: words.title,
  body: html`<h1>${words.heading}</h1>
<p>${words.what(strong(server))}</p>
${problem !== undefined && html`<p class="problem" role="alert">${problem}</p>`}
<form method="post" action="${action}">
<input type="hidden" name="code" value="${code}">
<label for="name">${words.name}</label>
<input type="text" id="name" name="name" value="${name ?? ''}" autocomplete="username" autocapitalize="none" spellcheck="false" maxlength="64" required autofocus>
<label for="password">${words.password(MIN_PASSWORD)}</label>
<input type="password" id="password" name="password" autocomplete="new-password" minlength="${MIN_PASSWORD}" maxlength="1024" required>
<label for="again">${words.again}</label>
<input type="password" id="again" name="again" autocomplete="new-password" maxlength="1024" required>
<div class="buttons one"><button class="go" type="submit">${words.go}</button></div>
</form>`,
})

/** `account`: where one's own pages are. */
export const setupDone = (name: string, server: string, account: string): Page => ({
  status: 201,
  title: words.doneTitle,
  body: html`<h1>${words.done(name)}</h1>
<p>${words.connect(html`<code>${server}</code>`)}</p>
<p>${words.own}</p>
<div class="buttons one"><a class="button go" href="${account}">${texts.account.yourAccount}</a></div>`,
})

export const setupGone: Page = {
  status: 410,
  title: words.goneTitle,
  body: html`<h1>${words.goneTitle}</h1>
<p>${words.gone}</p>`,
}
