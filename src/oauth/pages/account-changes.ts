/** The forms by which somebody changes how they sign in, and the page with their recovery codes. @module */

import { accountPage, type FormTarget, type Frame, hidden, problem, token } from './account-frame.ts'
import { type Html, html } from './html.ts'
import type { Page } from './page.ts'
import { texts } from './texts.ts'

const back = ({ base }: Frame): Html => html`<a class="button" href="${base}/security">${texts.account.cancel}</a>`

export interface PasswordPage {
  readonly frame: Frame
  readonly target: FormTarget
  readonly least: number
  readonly problem: string | undefined
  readonly status: number
}

export function passwordPage({ frame, target, least, problem: wrong, status }: PasswordPage): Page {
  const words = texts.account.password
  return accountPage({
    frame,
    part: 'security',
    title: words.title,
    status,
    body: html`${problem(wrong)}
<form method="post" action="${target.action}">${token(target)}
<input class="hidden" type="text" name="username" value="${frame.name}" autocomplete="username" tabindex="-1" aria-hidden="true" readonly>
<label for="now">${words.now}</label>
<input type="password" id="now" name="now" autocomplete="current-password" maxlength="1024" required>
<label for="next">${words.next(least)}</label>
<input type="password" id="next" name="next" autocomplete="new-password" minlength="${least}" maxlength="1024" required>
<label for="again">${words.again}</label>
<input type="password" id="again" name="again" autocomplete="new-password" maxlength="1024" required>
<p class="soft">${words.effect}</p>
<div class="buttons">${back(frame)}<button class="go" type="submit">${words.go}</button></div>
</form>`,
  })
}

export interface NewPasskeyPage {
  readonly frame: Frame
  readonly target: FormTarget
  /** For the browser, as JSON (WebAuthn §5.4). */
  readonly options: string
  readonly problem: string | undefined
}

/** The one form that needs a script: it is hidden until there is one, and a sentence says so. */
export function newPasskeyPage({ frame, target, options, problem: wrong }: NewPasskeyPage): Page {
  const words = texts.account.newPasskey
  return accountPage({
    frame,
    part: 'security',
    title: words.title,
    status: wrong === undefined ? 200 : 400,
    script: 'passkey',
    body: html`${problem(wrong)}<p>${words.what}</p>
<noscript><p class="problem">${words.needsScript}</p></noscript>
<form method="post" action="${target.action}" data-passkey="create" data-options="${options}" hidden>${token(target)}${hidden({ credential: '' })}
<label for="name">${words.name}</label>
<input type="text" id="name" name="name" placeholder="${words.example}" maxlength="64" autocomplete="off" required>
<p class="problem" role="alert" data-failed hidden>${words.failed}</p>
<div class="buttons">${back(frame)}<button class="go" type="submit">${words.go}</button></div>
</form>`,
  })
}

export interface NewCodesPage {
  readonly frame: Frame
  readonly target: FormTarget
  readonly seed: string
  readonly uri: string
  readonly picture: { readonly size: number; readonly path: string }
  readonly ticket: string
  readonly problem: string | undefined
}

export function newCodesPage({ frame, target, seed, uri, picture, ticket, problem: wrong }: NewCodesPage): Page {
  const words = texts.account.newCodes
  return accountPage({
    frame,
    part: 'security',
    title: words.title,
    status: wrong === undefined ? 200 : 400,
    body: html`${problem(wrong)}<p>${words.scan}</p>
<div class="qr"><svg viewBox="0 0 ${picture.size} ${picture.size}" role="img" aria-label="${words.picture}" shape-rendering="crispEdges"><path fill="#000" d="${picture.path}"/></svg></div>
<p>${words.or} <code>${seed}</code></p>
<p><a href="${uri}">${words.open}</a></p>
<form method="post" action="${target.action}">${token(target)}${hidden({ ticket })}
<label for="code">${words.confirm}</label>
<input class="code" type="text" id="code" name="code" inputmode="numeric" autocomplete="one-time-code" maxlength="8" required>
<div class="buttons">${back(frame)}<button class="go" type="submit">${words.go}</button></div>
</form>`,
  })
}

export function recoveryCodesPage({ frame, codes }: { readonly frame: Frame; readonly codes: readonly string[] }): Page {
  const words = texts.account.recovery
  return accountPage({
    frame,
    part: 'security',
    title: words.title,
    status: 201,
    body: html`<p class="done" role="status">${words.what}</p>
<ul class="codes">${codes.map((code) => html`<li>${code}</li>`)}</ul>
<p><a class="button go" href="${frame.base}/security">${words.done}</a></p>`,
  })
}
