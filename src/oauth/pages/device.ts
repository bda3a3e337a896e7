/**
 * The pages of the device flow: where a code is typed in, what it would do, and that it is done. A code that came in a link
 * is only filled in; what it means is said before anybody signs in, since whoever sent it may be the one who gains by it.
 *
 * @module
 */

import type { ScopeGroup } from '../scopes.ts'
import { html, named } from './html.ts'
import type { Page } from './page.ts'

export interface DeviceCodePage {
  readonly action: string
  readonly csrf: string
  readonly server: string
  /** Filled in: it came in a link. */
  readonly code?: string | undefined
  readonly problem?: string | undefined
}

export const wrongDeviceCode =
  'No device waits with that code. Codes are good once and for ten minutes: compare it with the device, or have it show another.'

export const deviceCodePage = ({ action, csrf, server, code, problem }: DeviceCodePage): Page => ({
  status: problem === undefined ? 200 : 400,
  title: 'Connect a device',
  body: html`<h1>Connect a device to <b>${server}</b></h1>
<p>Type in the code that your device or program shows.</p>
<p class="problem" role="alert">Only do this if you started it yourself, just now, on a device of yours. Nobody who helps you ever needs you to type a code in here.</p>
${problem !== undefined && html`<p class="problem" role="alert">${problem}</p>`}
<form method="post" action="${action}">
<input type="hidden" name="xsrf" value="${csrf}">
<label for="code">Code</label>
<input type="text" id="code" name="user_code" value="${code ?? ''}" autocomplete="off" autocapitalize="characters" spellcheck="false" maxlength="16" required autofocus>
<div class="buttons one"><button class="go" type="submit">Continue</button></div>
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
  title: 'Is this your device?',
  body: html`<h1>Does your device show <b class="whole">${code}</b>?</h1>
<p>${named(client)} <span class="tag">not verified</span> asked for access to <b>${server}</b> from the address <b>${address}</b>. It would be allowed to:</p>
<ul>${groups.flatMap(({ sentences }) => sentences.map((sentence) => html`<li>${sentence}</li>`))}</ul>
<p class="problem" role="alert">If somebody sent you this code or a link to this page, stop: you would sign in that person’s device, not yours.</p>
<form method="post" action="${action}">
<input type="hidden" name="xsrf" value="${csrf}">
<input type="hidden" name="user_code" value="${code}">
<div class="buttons">
<button type="submit" name="abort" value="yes">Stop</button>
<button class="go" type="submit" name="confirm" value="yes">It is my device</button>
</div>
</form>
<footer>Client id ${clientId}</footer>`,
})

export const deviceDonePage = (client: string): Page => ({
  status: 200,
  title: 'The device is connected',
  body: html`<h1>The device is connected</h1>
<p>${named(client)} goes on by itself in a few seconds. You can close this page.</p>`,
})
