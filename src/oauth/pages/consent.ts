/**
 * The consent page: who asks, where the answer goes, what it may do, for how long. What the client says of itself is
 * shown as a claim; where the code is sent is a fact.
 *
 * @module
 */

import { isClientIdUrl } from '../cimd-url.ts'
import type { ScopeGroup } from '../scopes.ts'
import { html, named } from './html.ts'
import type { Page } from './page.ts'

export interface ConsentPage {
  readonly action: string
  readonly csrf: string
  readonly account: string
  readonly client: string
  readonly clientId: string
  /** Undefined where a device waits for the answer. */
  readonly redirectUri: string | undefined
  readonly server: string
  readonly groups: readonly ScopeGroup[]
  readonly accessMinutes: number
  /** Days without use after which it has to ask again; undefined where it gets no refresh token. */
  readonly staysDays: number | undefined
  readonly problem?: string | undefined
  readonly leadsTo?: string | undefined
}

const headings = { read: 'It can read', change: 'It can change things' } as const

export const consentPage = (page: ConsentPage): Page => ({
  status: page.problem === undefined ? 200 : 400,
  title: 'Allow access?',
  leadsTo: page.leadsTo,
  body: html`<h1>Allow ${named(page.client)} <span class="tag">not verified</span> to use <b>${page.server}</b>?</h1>
<p class="soft">Any program can call itself that: allow it only if you started this yourself, just now. You are signed in as <b>${page.account}</b>.</p>
${page.problem !== undefined && html`<p class="problem" role="alert">${page.problem}</p>`}
${describedBy(page)}
${destination(page.redirectUri)}
<form method="post" action="${page.action}">
<input type="hidden" name="csrf" value="${page.csrf}">
${page.groups.map(
  ({ name, sentences }) => html`<fieldset>
<legend><label><input type="checkbox" name="group" value="${name}" checked> ${headings[name]}</label></legend>
<ul>${sentences.map((sentence) => html`<li>${sentence}</li>`)}</ul>
</fieldset>`,
)}
<p class="soft">Untick what it should not do. ${duration(page)} Everything that it does here is recorded.</p>
<div class="buttons">
<button type="submit" name="decision" value="deny">Deny</button>
<button class="go" type="submit" name="decision" value="allow">Allow</button>
</div>
</form>
<footer>Client id ${page.clientId}</footer>`,
})

export const nothingTicked = 'Nothing is ticked. Tick what it may do, or choose Deny.'

/**
 * Whose a client is that has a URL for an id: the host is a fact. That it is the client itself is one only where the answer goes to that
 * host; on this computer any program can pass for it (MCP 2026-07-28, localhost redirect URI risks).
 */
function describedBy({ clientId, redirectUri }: ConsentPage): ReturnType<typeof html> | undefined {
  if (!isClientIdUrl(clientId)) return undefined
  const { host } = new URL(clientId)
  const isLocal = redirectUri === undefined || !redirectUri.startsWith('https:')
  return html`<p class="where${isLocal && ' warn'}">It is described by <b>${host}</b>.${isLocal && ' Another program on this computer could pass for it.'}</p>`
}

function destination(redirectUri: string | undefined): ReturnType<typeof html> {
  if (redirectUri === undefined) return html`<p class="where">The access goes to <b>the device that showed you the code</b>.</p>`
  const url = new URL(redirectUri)
  if (url.protocol === 'http:') {
    return html`<p class="where">It will send you back to <b>this computer (${url.host})</b>, to a program that runs here.</p>`
  }
  return html`<p class="where">It will send you back to <b>${url.host}</b>.</p>`
}

function duration({ accessMinutes, staysDays }: ConsentPage): string {
  if (staysDays === undefined) return `The access lasts ${accessMinutes} minutes.`
  return `It stays signed in while it is used at least every ${staysDays} days, for a year at most.`
}
