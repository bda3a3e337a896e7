/** The login page. The same words whatever was wrong with name or password. @module */

import { html, named } from './html.ts'
import type { Page } from './page.ts'

export interface LoginPage {
  readonly action: string
  readonly csrf: string
  /** As the client calls itself, cleaned. */
  readonly client: string
  readonly server: string
  readonly name?: string | undefined
  readonly problem?: string | undefined
  readonly status?: number | undefined
  /** Nobody can sign in yet. */
  readonly empty: boolean
  readonly leadsTo?: string | undefined
}

export const loginPage = ({ action, csrf, client, server, name, problem, status, empty, leadsTo }: LoginPage): Page => ({
  status: status ?? 200,
  title: 'Sign in',
  leadsTo,
  body: html`<h1>Sign in</h1>
<p>${named(client)} asks for access to <b>${server}</b>. Sign in first; you will then see what it asks for.</p>
${problem !== undefined && html`<p class="problem" role="alert">${problem}</p>`}
${empty && html`<p class="problem" role="alert">There is no account yet. The terminal where Sallyport runs shows a one-time link to make one.</p>`}
<form method="post" action="${action}">
<input type="hidden" name="csrf" value="${csrf}">
<label for="name">Name</label>
<input type="text" id="name" name="name" value="${name ?? ''}" autocomplete="username" autocapitalize="none" spellcheck="false" maxlength="64" required${name === undefined && html` autofocus`}>
<label for="password">Password</label>
<input type="password" id="password" name="password" autocomplete="current-password" maxlength="1024" required${name !== undefined && html` autofocus`}>
<div class="buttons one"><button class="go" type="submit">Sign in</button></div>
</form>`,
})

export const wrongPassword = 'That name and password do not belong together. Try again.'
export const busy = 'Too many people are signing in at this moment. Try again in a few seconds.'
export const waitAgain = (seconds: number): string =>
  `Too many wrong passwords. Wait ${seconds === 1 ? 'a second' : `${seconds} seconds`}, then try again.`
