/**
 * The pages around a sign-in at an identity provider: who asks and where it leads, the moment of leaving, and why it came to nothing. What
 * a client says of itself is shown as a claim; where the browser goes is a fact. Nothing that a provider says is shown.
 *
 * @module
 */

import { html, named, strong } from './html.ts'
import type { Page } from './page.ts'
import { type Texts, texts } from './texts.ts'

const words: Texts['provider'] = texts.provider

export interface ProviderPage {
  readonly action: string
  readonly csrf: string
  readonly provider: string
  readonly title: string
  readonly host: string
  readonly asks: { readonly client: string; readonly clientId: string }
  readonly server: string
  readonly back: string
}

export const providerPage = ({ action, csrf, provider, title, host, asks, server, back }: ProviderPage): Page => ({
  status: 200,
  title: words.title(title),
  body: html`<h1>${words.title(title)}</h1>
<p>${words.asks(named(asks.client), strong(server))}</p>
<p class="where">${words.leads(strong(host))}</p>
<p class="soft">${words.onlyWho}</p>
<form method="post" action="${action}">
<input type="hidden" name="csrf" value="${csrf}">
<input type="hidden" name="provider" value="${provider}">
<div class="buttons">
<a class="button" href="${back}">${words.back}</a>
<button class="go" type="submit">${words.go}</button>
</div>
</form>
<footer>${texts.frame.clientId} ${asks.clientId}</footer>`,
})

/** Shown for a moment, or for longer where a browser does not go on by itself. */
export const goingToProviderPage = ({ title, location }: { readonly title: string; readonly location: string }): Page => ({
  status: 200,
  title: words.title(title),
  body: html`<h1>${words.title(title)}</h1>
<p>${words.leads(strong(new URL(location).host))}</p>
<div class="buttons one"><a class="button go" href="${location}" rel="noreferrer">${words.go}</a></div>`,
})

export type ProviderFailure = keyof typeof words.failures

const statusOf: Readonly<Record<ProviderFailure, number>> = {
  unavailable: 503,
  refused: 403,
  mixed_up: 400,
  invalid: 400,
  not_fresh: 403,
  not_let_in: 403,
  gone: 404,
}

/** `back`: where another way to sign in can be chosen. */
export function providerProblemPage(failure: ProviderFailure, title: string | undefined, back: string): Page {
  const { heading, text } = words.failures[failure]
  return {
    status: statusOf[failure],
    title: heading,
    body: html`<h1>${heading}</h1>
<p>${text(title ?? words.elsewhere)}</p>
<div class="buttons one"><a class="button" href="${back}">${words.back}</a></div>
<footer>${failure}</footer>`,
  }
}
