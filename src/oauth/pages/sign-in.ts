/**
 * The page on which somebody says who they are. The same words whatever was wrong with name or password, and the same ways for every name:
 * nothing here tells whether there is such an account.
 *
 * @module
 */

import type { SignInPlace } from '../sign-in-place.ts'
import { type Html, html, named, strong } from './html.ts'
import type { Page } from './page.ts'
import { texts } from './texts.ts'

export interface SignInPage {
  readonly place: SignInPlace
  readonly name?: string | undefined
  readonly problem?: string | undefined
  readonly status?: number | undefined
  /** Nobody can sign in yet. */
  readonly empty: boolean
  /** False where people sign in at identity providers alone. */
  readonly passwords: boolean
  /** How a passkey is asked for (WebAuthn §5.1.10), as JSON; undefined where there are none here. */
  readonly passkey?: string | undefined
  readonly providers: readonly { readonly id: string; readonly title: string }[]
}

const words = texts.signIn

export function signInPage(page: SignInPage): Page {
  const { place, problem, status, empty, passwords, passkey, providers } = page
  // A client that wants a fresh sign-in says why in words of its own, or not at all.
  const again = place.asks.kind === 'own' && place.fresh === true
  const title = again ? words.againTitle : words.title
  const ways = [
    passwords && passwordForm(page),
    // Outside of the form that is hidden where there is no script.
    passwords && providers.length > 0 && or,
    passkey !== undefined && passkeyForm(place, passkey, passwords && providers.length === 0),
    providers.length > 0 && html`<div class="stack">${providers.map((provider) => providerForm(place, provider))}</div>`,
  ].filter((way) => way !== false)
  return {
    status: status ?? 200,
    title,
    leadsTo: place.leadsTo,
    script: passkey === undefined ? undefined : 'passkey',
    body: html`<h1>${title}</h1>
<p>${why(place, again)}</p>
${problem !== undefined && html`<p class="problem" role="alert">${problem}</p>`}
${empty && html`<p class="problem" role="alert">${words.noAccountYet}</p>`}
${!passwords && html`<p class="soft">${words.noPasswords}</p>`}
${ways}
${passwords && !empty && html`<footer>${words.forgotten}</footer>`}`,
  }
}

function why({ asks, server }: SignInPlace, again: boolean): Html {
  if (asks.kind === 'client') return words.asks(named(asks.client), strong(server))
  return again ? words.again(strong(server)) : words.own(strong(server))
}

const passwordForm = ({ place, name, passkey }: SignInPage): Html => html`<form method="post" action="${place.actionOf('login')}">
<input type="hidden" name="csrf" value="${place.csrf}">
<label for="name">${words.name}</label>
<input type="text" id="name" name="name" value="${name ?? ''}" autocomplete="username${passkey !== undefined && ' webauthn'}" autocapitalize="none" spellcheck="false" maxlength="64" required${name === undefined && html` autofocus`}>
<label for="password">${words.password}</label>
<input type="password" id="password" name="password" autocomplete="current-password" maxlength="1024" required${name !== undefined && html` autofocus`}>
<div class="buttons one"><button class="go" type="submit">${words.go}</button></div>
</form>`

const or = html`<p class="or">${words.or}</p>`

/** Hidden until the script has found that the browser has passkeys (`assets/passkey.ts`). */
const passkeyForm = (
  place: SignInPlace,
  options: string,
  apart: boolean,
): Html => html`<form method="post" action="${place.actionOf('passkey')}" data-passkey="get" data-conditional data-options="${options}" hidden>
<input type="hidden" name="csrf" value="${place.csrf}">
<input type="hidden" name="credential" value="">
${apart && or}
<p class="problem" role="alert" data-failed hidden>${words.passkeyFailed}</p>
<div class="buttons one"><button type="submit">${words.passkey}</button></div>
</form>`

const providerForm = (
  place: SignInPlace,
  { id, title }: { readonly id: string; readonly title: string },
): Html => html`<form method="post" action="${place.actionOf('provider')}">
<input type="hidden" name="csrf" value="${place.csrf}">
<input type="hidden" name="provider" value="${id}">
<div class="buttons one"><button type="submit">${words.provider(title)}</button></div>
</form>`
