/** The pages behind an invitation and behind a link for a new password. The name is the operator's choice, never typed in. @module */

import { MIN_PASSWORD } from '../../people/index.ts'
import { html, strong } from './html.ts'
import type { Page } from './page.ts'
import { texts } from './texts.ts'

const words = texts.welcome

export interface WelcomePage {
  readonly action: string
  readonly code: string
  readonly server: string
  readonly name: string
  readonly kind: 'invitation' | 'password'
  readonly problem?: string | undefined
}

export const welcomePage = ({ action, code, server, name, kind, problem }: WelcomePage): Page => ({
  status: problem === undefined ? 200 : 400,
  title: kind === 'invitation' ? words.title : words.resetTitle,
  body: html`<h1>${kind === 'invitation' ? words.heading(name) : words.resetTitle}</h1>
<p>${(kind === 'invitation' ? words.invited : words.reset)(strong(server), strong(name))}</p>
${problem !== undefined && html`<p class="problem" role="alert">${problem}</p>`}
<form method="post" action="${action}">
<input type="hidden" name="code" value="${code}">
<input type="text" class="hidden" name="username" value="${name}" autocomplete="username" tabindex="-1" aria-hidden="true" readonly>
<label for="password">${words.password(MIN_PASSWORD)}</label>
<input type="password" id="password" name="password" autocomplete="new-password" minlength="${MIN_PASSWORD}" maxlength="1024" required autofocus>
<label for="again">${words.again}</label>
<input type="password" id="again" name="again" autocomplete="new-password" maxlength="1024" required>
<div class="buttons one"><button class="go" type="submit">${kind === 'invitation' ? words.make : words.change}</button></div>
</form>`,
})

export const welcomeDonePage = (name: string, kind: WelcomePage['kind'], signIn: string): Page => ({
  status: kind === 'invitation' ? 201 : 200,
  title: words.doneTitle,
  body: html`<h1>${words.done(name)}</h1>
<p>${kind === 'invitation' ? words.made : words.changed}</p>
<div class="buttons one"><a class="button go" href="${signIn}">${words.signIn}</a></div>`,
})

export const welcomeGone: Page = {
  status: 410,
  title: words.goneTitle,
  body: html`<h1>${words.goneTitle}</h1>
<p>${words.gone}</p>`,
}
