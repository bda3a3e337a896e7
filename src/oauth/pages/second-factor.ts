/**
 * The second step, after a password that was right: the code of an authenticator app, or one of the recovery codes. Two forms, so that
 * each works without a script.
 *
 * @module
 */

import type { SignInPlace } from '../sign-in-place.ts'
import { type Html, html } from './html.ts'
import type { Page } from './page.ts'
import { texts } from './texts.ts'

export interface SecondFactorPage {
  readonly place: SignInPlace
  /** Stands for the first step, sealed. */
  readonly ticket: string
  readonly offers: readonly ('one-time-code' | 'recovery-code')[]
  /** Which of the two was just tried. */
  readonly tried?: 'one-time-code' | 'recovery-code' | undefined
  readonly problem?: string | undefined
  readonly status?: number | undefined
}

const words = texts.secondFactor

export function secondFactorPage({ place, ticket, offers, tried, problem, status }: SecondFactorPage): Page {
  const [app, recovery] = [offers.includes('one-time-code'), offers.includes('recovery-code')]
  const shown = problem !== undefined && html`<p class="problem" role="alert">${problem}</p>`
  return {
    status: status ?? 200,
    title: words.title,
    leadsTo: place.leadsTo,
    body: html`<h1>${words.title}</h1>
${shown}
<p>${app ? words.what : words.recoveryOnly}</p>
${app && appForm(place, ticket, tried !== 'recovery-code')}
${
  recovery &&
  (app
    ? html`<details${tried === 'recovery-code' && html` open`}><summary>${words.lost}</summary><p class="soft">${words.recovery}</p>${recoveryForm(place, ticket, tried === 'recovery-code')}</details>`
    : recoveryForm(place, ticket, true))
}
<footer><a href="${place.path}">${words.back}</a></footer>`,
  }
}

const hidden = (place: SignInPlace, ticket: string): Html => html`<input type="hidden" name="csrf" value="${place.csrf}">
<input type="hidden" name="ticket" value="${ticket}">`

const appForm = (
  place: SignInPlace,
  ticket: string,
  focus: boolean,
): Html => html`<form method="post" action="${place.actionOf('second-factor')}">
${hidden(place, ticket)}
<label for="code">${words.code}</label>
<input class="code" type="text" id="code" name="one_time_code" inputmode="numeric" autocomplete="one-time-code" spellcheck="false" maxlength="16" required${focus && html` autofocus`}>
<div class="buttons one"><button class="go" type="submit">${words.go}</button></div>
</form>`

const recoveryForm = (
  place: SignInPlace,
  ticket: string,
  focus: boolean,
): Html => html`<form method="post" action="${place.actionOf('second-factor')}">
${hidden(place, ticket)}
<label for="recovery">${words.recoveryCode}</label>
<input class="code" type="text" id="recovery" name="recovery_code" autocomplete="off" autocapitalize="none" spellcheck="false" maxlength="64" required${focus && html` autofocus`}>
<div class="buttons one"><button type="submit">${words.useIt}</button></div>
</form>`
