/** The page behind the one-time link: the owner's account. @module */

import { MIN_PASSWORD } from '../../people/index.ts'
import { html } from './html.ts'
import type { Page } from './page.ts'

export interface SetupPage {
  readonly action: string
  readonly code: string
  readonly server: string
  readonly name?: string | undefined
  readonly problem?: string | undefined
}

export const setupPage = ({ action, code, server, name, problem }: SetupPage): Page => ({
  status: problem === undefined ? 200 : 400,
  title: 'Set up',
  body: html`<h1>Make the owner’s account</h1>
<p>This server guards <b>${server}</b>. With this account you sign in whenever a program asks for access to it.</p>
${problem !== undefined && html`<p class="problem" role="alert">${problem}</p>`}
<form method="post" action="${action}">
<input type="hidden" name="code" value="${code}">
<label for="name">Name</label>
<input type="text" id="name" name="name" value="${name ?? ''}" autocomplete="username" autocapitalize="none" spellcheck="false" maxlength="64" required autofocus>
<label for="password">Password, at least ${MIN_PASSWORD} characters</label>
<input type="password" id="password" name="password" autocomplete="new-password" minlength="${MIN_PASSWORD}" maxlength="1024" required>
<label for="again">The same password again</label>
<input type="password" id="again" name="again" autocomplete="new-password" maxlength="1024" required>
<div class="buttons one"><button class="go" type="submit">Make the account</button></div>
</form>`,
})

export const setupDone = (name: string, server: string): Page => ({
  status: 201,
  title: 'Done',
  body: html`<h1>Done, ${name}</h1>
<p>Connect your client to <code>${server}</code>. It will open a page here, where you sign in and see what it asks for.</p>
<p class="soft">You can close this page.</p>`,
})

export const setupGone: Page = {
  status: 410,
  title: 'This link no longer works',
  body: html`<h1>This link no longer works</h1>
<p>It was used before, is older than ten minutes, or was replaced by a newer one. Where Sallyport has no owner yet, it shows a new link in its terminal when it starts.</p>`,
}
