/**
 * The consent page: who asks, where the answer goes, what it may do, for how long. What the client says of itself is
 * shown as a claim; where the code is sent is a fact.
 *
 * @module
 */

import { once } from '../../core/index.ts'
import { isLoopbackHost } from '../../net/index.ts'
import { type Lasting, lastings } from '../grant-time.ts'
import type { ScopeGroupName } from '../scopes.ts'
import { type Html, html, named } from './html.ts'
import type { Page } from './page.ts'
import { texts } from './texts.ts'

/** `host`: its id is a URL there. It is verified by it only where the answer goes over the network to where that description says. */
type Voucher =
  | { readonly kind: 'operator-made' }
  | { readonly kind: 'operator-approved' }
  | { readonly kind: 'host'; readonly host: string; readonly isVerified: boolean }
  | { readonly kind: 'nobody' }

/** What is known of the client that asks, apart from what it says of itself (`consent/who-asks.ts`). */
export interface WhoAsks {
  readonly voucher: Voucher
  readonly nameProblems: readonly ('mixes' | 'unusual' | 'hides')[]
  /** Milliseconds since the epoch. */
  readonly firstSeenAt: number | undefined
  /** Other clients that registered themselves from the same address; undefined where it did not, or that is not known. */
  readonly othersFromThere: number | undefined
}

export interface ConsentPage extends WhoAsks {
  readonly action: string
  readonly csrf: string
  /** When the page was sent, sealed. */
  readonly shown: string
  readonly account: string
  /** Where to sign in as somebody else; undefined: not from here. */
  readonly switchAction?: string | undefined
  /** Where it is taken back. */
  readonly accountPage: string
  readonly client: string
  readonly clientId: string
  /** Undefined where a device waits for the answer. */
  readonly redirectUri: string | undefined
  readonly server: string
  readonly groups: readonly ConsentGroup[]
  /** Which is chosen; undefined where it gets no refresh token. */
  readonly lasts: Lasting | undefined
  readonly accessMinutes: number
  readonly problem?: string | undefined
  readonly leadsTo?: string | undefined
}

export interface ConsentGroup {
  readonly name: ScopeGroupName
  readonly isTicked: boolean
  readonly permissions: readonly ConsentPermission[]
}

export interface ConsentPermission {
  readonly scope: string
  readonly sentence: string
  readonly offered: readonly Offered[]
  /** Of its own box; undefined where it has none. */
  readonly isTicked: boolean | undefined
}

/** Names behind one permission, of one kind. */
export interface Offered {
  readonly kind: 'tool' | 'prompt' | 'resource'
  readonly names: readonly string[]
  /** How many more there are. */
  readonly more: number
}

const t = texts.consent

export const consentPage = (page: ConsentPage): Page => ({
  status: page.problem === undefined ? 200 : 400,
  title: t.title,
  leadsTo: page.leadsTo,
  body: html`<p class="who">${t.signedInAs(html`<b>${page.account}</b>`)}${
    page.switchAction !== undefined && html` <button class="plain" type="submit" form="switch">${t.switchAccount}</button>`
  }</p>
<h1>${t.ask(named(page.client), badge(page), html`<b>${page.server}</b>`)}</h1>
${page.problem !== undefined && html`<p class="problem" role="alert">${page.problem}</p>`}
${page.nameProblems.map((problem) => html`<p class="where warn">${nameProblems[problem]}</p>`)}
${destination(page.redirectUri)}
<p class="soft">${trust(page)}</p>
<form method="post" action="${page.action}">
<input type="hidden" name="csrf" value="${page.csrf}">
<input type="hidden" name="shown" value="${page.shown}">
<h2>${t.couldDo}</h2>
${page.groups.map(group)}
<p class="soft">${t.untick} ${t.laterToo}</p>
${duration(page)}
<p class="soft">${t.logged} ${t.takeBack(html`<a href="${page.accountPage}">${t.yourAccount}</a>`)}</p>
<div class="buttons">
<button type="submit" name="decision" value="deny">${t.deny}</button>
<button class="go" type="submit" name="decision" value="allow">${t.allow}</button>
</div>
</form>
${
  page.switchAction !== undefined &&
  html`<form id="switch" method="post" action="${page.switchAction}"><input type="hidden" name="csrf" value="${page.csrf}"></form>`
}
<footer>${texts.frame.clientId} ${page.clientId}${origin(page)}</footer>`,
})

const nameProblems = { mixes: t.nameMixes, unusual: t.nameUnusual, hides: t.nameHides }

function badge({ voucher }: ConsentPage): Html {
  const isKnown = voucher.kind !== 'nobody' && (voucher.kind !== 'host' || voucher.isVerified)
  return html`<span class="tag${isKnown && ' ok'}">${badgeText(voucher)}</span>`
}

function badgeText(voucher: WhoAsks['voucher']): string {
  switch (voucher.kind) {
    case 'operator-made':
      return t.addedByOperator
    case 'operator-approved':
      return t.approved
    case 'host':
      return voucher.isVerified ? t.verifiedBy(voucher.host) : texts.frame.notVerified
    case 'nobody':
      return texts.frame.notVerified
  }
}

function trust({ voucher }: ConsentPage): Html | string {
  switch (voucher.kind) {
    case 'operator-made':
    case 'operator-approved':
      return t.knownHere
    case 'host':
      return (voucher.isVerified ? t.ofTheHost : t.anyoneHere)(html`<b>${voucher.host}</b>`)
    case 'nobody':
      return t.onlyAName
  }
}

function destination(redirectUri: string | undefined): Html {
  if (redirectUri === undefined) return html`<p class="where big">${t.toTheDevice(html`<b>${t.theDevice}</b>`)}</p>`
  const url = new URL(redirectUri)
  if (isThisComputer(url)) return html`<p class="where big">${t.backToThisComputer(html`<b>${t.thisComputer(url.host)}</b>`)}</p>`
  // No client registers such an address. If one were kept from elsewhere, it would be told apart.
  if (url.protocol !== 'https:') return html`<p class="where big warn">${t.backUnprotected(html`<b>${url.host}</b>`)}</p>`
  return html`<p class="where big">${t.backTo(html`<b>${url.host}</b>`)}</p>`
}

const isThisComputer = ({ protocol, hostname }: URL): boolean => protocol === 'http:' && isLoopbackHost(hostname)

const group = ({ name, isTicked, permissions }: ConsentGroup): Html => html`<fieldset class="${name}">
<legend><label><input type="checkbox" name="group" value="${name}"${isTicked && ' checked'}> ${t.groups[name]}</label></legend>
<ul>${permissions.map((permission) => html`<li>${sentence(permission)}${names(permission)}</li>`)}</ul>
</fieldset>`

function sentence({ scope, sentence: text, isTicked }: ConsentPermission): Html {
  if (isTicked === undefined) return html`${text}`
  return html`<label class="tick"><input type="checkbox" name="scope" value="${scope}"${isTicked && ' checked'}> ${text}</label>`
}

function names({ offered }: ConsentPermission): Html {
  if (offered.length === 0) return html`<p class="soft">${t.nothingYet}</p>`
  const counted = offered.map(({ kind, names: some, more }) => {
    const count = some.length + more
    return `${count} ${(count === 1 ? t.offeredOne : t.offered)[kind]}`
  })
  return html`<details><summary>${t.showNames(counted.join(', '))}</summary><ul class="names">${offered.flatMap(({ names: some, more }) => [
    ...some.map((name) => html`<li><code>${name}</code></li>`),
    ...(more > 0 ? [html`<li>${t.andMore(more)}</li>`] : []),
  ])}</ul></details>`
}

function duration({ lasts, accessMinutes }: ConsentPage): Html {
  if (lasts === undefined) return html`<p>${t.lastsMinutes(accessMinutes)}</p>`
  return html`<fieldset>
<legend>${t.howLong}</legend>
<ul class="choices">${lastings.map(
    (each) =>
      html`<li><label class="tick"><input type="radio" name="lasts" value="${each}"${each === lasts && ' checked'}> ${t.lasts[each]}</label></li>`,
  )}</ul>
<p class="soft">${t.staysSignedIn}</p>
</fieldset>`
}

/** What tells a client that has been here for long from one that came a minute ago, with a hundred others. */
function origin({ firstSeenAt, othersFromThere }: ConsentPage): Html {
  return html`${firstSeenAt !== undefined && html`<br>${t.firstSeen(when().format(firstSeenAt))}`}${
    othersFromThere !== undefined && html` ${t.fromThere(othersFromThere)}`
  }`
}

/** With the first page: the first of these that a process makes takes tens of milliseconds. */
const when = once(() => new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC', hourCycle: 'h23' }))
