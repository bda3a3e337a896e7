/** A person's own keys: the list, the form for a new one, and the one page that shows it. @module */

import type { ApiKeyInfo } from '../api-key-record.ts'
import type { ScopeGroup } from '../scopes.ts'
import { useOf } from './account-access.ts'
import { accountPage, button, date, type FormTarget, type Frame, hidden, minute, problem, token } from './account-frame.ts'
import { type Html, html, named, plain } from './html.ts'
import type { Page } from './page.ts'
import { texts } from './texts.ts'

const words = texts.account.keys
const SOON_MS = 7 * 86_400_000

/** With what it may do, as people read it. */
type KeyOf = ApiKeyInfo & { readonly sentences: readonly string[] }

export interface KeysPage {
  readonly frame: Frame
  readonly keys: readonly KeyOf[]
  readonly now: number
  readonly revoke: FormTarget
}

export const keysPage = (page: KeysPage): Page =>
  accountPage({
    frame: page.frame,
    part: 'keys',
    title: words.title,
    body: html`<p>${words.what}</p>
${page.keys.length === 0 ? html`<p>${words.none}</p>` : html`<ul class="rows">${page.keys.map((key) => row(key, page))}</ul>`}
<p><a class="button go" href="${page.frame.base}/keys/new">${words.make}</a></p>`,
  })

function row(key: KeyOf, { frame, now, revoke }: KeysPage): Html {
  const { id, name, sentences, createdAt, expiresAt, revokedAt, lastUsed, replacedBy } = key
  const isLive = revokedAt === undefined && expiresAt > now
  const end = revokedAt !== undefined ? words.revoked(date(revokedAt)) : isLive ? words.ends(date(expiresAt)) : words.ended(date(expiresAt))
  const client = lastUsed?.client === undefined ? undefined : html` ${words.usedWith(named(plain(lastUsed.client)))}`
  return html`<li>
<div class="what"><b>${plain(name, 64)}</b> <code>spk_${id}…</code>${isLive && expiresAt - now < SOON_MS && html` <span class="tag warn">${words.soon}</span>`}
<ul>${sentences.map((sentence) => html`<li>${sentence}</li>`)}</ul>
<p class="soft">${words.made(date(createdAt))} · ${texts.account.access.lastUsed(useOf(lastUsed, now))}${client} · ${end}</p></div>
<div class="act">${isLive && replacedBy === undefined && html`<a class="button small" href="${frame.base}/keys/replace?key=${id}">${words.roll}</a>`}
${isLive && button(revoke, { key: id }, words.revoke, 'small danger')}</div>
</li>`
}

export interface NewKeyPage {
  readonly frame: Frame
  readonly target: FormTarget
  readonly once: string
  readonly groups: readonly ScopeGroup[]
  readonly days: { readonly choices: readonly number[]; readonly chosen: number }
  readonly name: string
  readonly problem: string | undefined
}

export const newKeyPage = (page: NewKeyPage): Page =>
  accountPage({
    frame: page.frame,
    part: 'keys',
    title: words.newTitle,
    status: page.problem === undefined ? 200 : 400,
    body: html`${problem(page.problem)}
<form method="post" action="${page.target.action}">${token(page.target)}${hidden({ once: page.once })}
<label for="name">${words.name}</label>
<input type="text" id="name" name="name" value="${page.name}" maxlength="64" autocomplete="off" required>
<fieldset><legend>${words.allows}</legend>
${page.groups.flatMap(({ name, scopes, sentences }) => scopes.map((scope, index) => tick(scope, sentences[index] ?? scope, name === 'read')))}
</fieldset>
<label for="days">${words.lasts}</label>
<select id="days" name="days">${page.days.choices.map((days) => option(days, words.days(days), days === page.days.chosen))}</select>
<div class="buttons"><a class="button" href="${page.frame.base}/keys">${texts.account.cancel}</a><button class="go" type="submit">${words.go}</button></div>
</form>`,
  })

const tick = (scope: string, sentence: string, isTicked: boolean): Html =>
  html`<label class="tick"><input type="checkbox" name="scope" value="${scope}"${isTicked && html` checked`}> ${sentence}</label>`
const option = (value: number, label: string, isChosen: boolean): Html =>
  html`<option value="${value}"${isChosen && html` selected`}>${label}</option>`

export interface RollKeyPage extends Pick<NewKeyPage, 'frame' | 'target' | 'once'> {
  readonly key: ApiKeyInfo
  readonly overlapHours: readonly number[]
}

export const rollKeyPage = ({ frame, target, once, key, overlapHours }: RollKeyPage): Page =>
  accountPage({
    frame,
    part: 'keys',
    title: words.rollTitle,
    body: html`<p>${words.rollWhat(named(plain(key.name, 64)))}</p>
<form method="post" action="${target.action}">${token(target)}${hidden({ once, key: key.id })}
<label for="overlap">${words.overlap}</label>
<select id="overlap" name="overlap">${overlapHours.map((hours) => option(hours, hours === 0 ? words.overlapNone : words.overlapHours(hours), hours === 24))}</select>
<div class="buttons"><a class="button" href="${frame.base}/keys">${texts.account.cancel}</a><button class="go" type="submit">${words.roll}</button></div>
</form>`,
  })

export interface KeyMadePage {
  readonly frame: Frame
  readonly key: string
  readonly expiresAt: number
  /** Of the key that it replaces. */
  readonly oldEndsAt?: number | 'ended' | undefined
  readonly server: string
}

export const keyMadePage = ({ frame, key, expiresAt, oldEndsAt, server }: KeyMadePage): Page =>
  accountPage({
    frame,
    part: 'keys',
    title: words.newDone,
    status: 201,
    body: html`<p class="done" role="status">${words.once}</p>
<code class="once">${key}</code>
<p>${words.howTo(html`<code>${server}</code>`)}</p>
<p><code>Authorization: Bearer ${key.slice(0, 12)}…</code></p>
<p>${words.until(date(expiresAt))}${oldEndsAt !== undefined && html` ${oldEndsAt === 'ended' ? words.oldEnded : words.oldUntil(minute(oldEndsAt))}`}</p>
<p><a class="button" href="${frame.base}/keys">${texts.account.back}</a></p>`,
  })
