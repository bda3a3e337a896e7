/** Signing out: what it means, and that it is done. @module */

import { html, strong } from './html.ts'
import type { Page } from './page.ts'
import { texts } from './texts.ts'

const words = texts.signOut

export interface SignOutPage {
  readonly action: string
  readonly csrf: string
  readonly account: string
  /** Where somebody goes who stays. */
  readonly back: string
}

export const signOutPage = ({ action, csrf, account, back }: SignOutPage): Page => ({
  status: 200,
  title: words.title,
  body: html`<h1>${words.heading}</h1>
<p>${words.who(strong(account))}</p>
<p class="soft">${words.stays}</p>
<form method="post" action="${action}">
<input type="hidden" name="csrf" value="${csrf}">
<div class="buttons">
<a class="button" href="${back}">${words.back}</a>
<button class="go" type="submit">${words.go}</button>
</div>
</form>`,
})

export const signedOutPage = (signIn: string): Page => ({
  status: 200,
  title: words.doneTitle,
  body: html`<h1>${words.doneTitle}</h1>
<p>${words.done}</p>
<div class="buttons one"><a class="button" href="${signIn}">${words.again}</a></div>`,
})
