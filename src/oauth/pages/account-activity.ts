/** What was done in somebody's name, the newest first, with the filter in the page's address. @module */

import { addressGroup } from '../../net/index.ts'
import { type AuditRecord, targetOf } from '../../storage/index.ts'
import { accountPage, type Frame, minute } from './account-frame.ts'
import { type Html, html, named, plain } from './html.ts'
import type { Page } from './page.ts'
import { texts } from './texts.ts'

export interface ActivityPage {
  readonly frame: Frame
  readonly records: readonly AuditRecord[]
  readonly filter: Filter
  readonly isFirstPage: boolean
  /** The place to go on from; undefined at the end. */
  readonly earlier: string | undefined
}

interface Filter {
  readonly outcome: string | undefined
  readonly kind: string | undefined
  readonly client: { readonly id: string; readonly name: string } | undefined
}

const words = texts.account.activity

export function activityPage(page: ActivityPage): Page {
  const { frame, records, filter, isFirstPage, earlier } = page
  const path = `${frame.base}/activity`
  const asked = { outcome: filter.outcome, kind: filter.kind, client: filter.client?.id }
  const nothing = earlier === undefined || isFirstPage ? words.none : words.looked
  return accountPage({
    frame,
    part: 'activity',
    title: words.title,
    body: html`<p>${words.what}</p>
${filterForm(path, filter)}
${filter.client && html`<p>${words.onlyOf(named(filter.client.name))} <a href="${withQuery(path, { ...asked, client: undefined })}">${words.ofAll}</a></p>`}
${records.length === 0 ? html`<p>${nothing}</p>` : list(records)}
<p>${!isFirstPage && html`<a class="button small" href="${withQuery(path, asked)}">${words.newest}</a> `}${earlier !== undefined && html`<a class="button small" href="${withQuery(path, { ...asked, before: earlier })}">${words.more}</a>`}</p>`,
  })
}

const filterForm = (path: string, { outcome, kind, client }: Filter): Html => html`<form method="get" action="${path}">
${client && html`<input type="hidden" name="client" value="${client.id}">`}
<div class="act"><label for="kind">${words.kind}</label>
<select id="kind" name="kind">${option('', words.everything, kind)}${Object.entries(words.kinds).map(([value, label]) => option(value, label, kind))}</select>
<label for="outcome">${words.outcome}</label>
<select id="outcome" name="outcome">${option('', words.everything, outcome)}${option('allowed', words.allowed, outcome)}${option('refused', words.refused, outcome)}</select>
<button class="small" type="submit">${words.apply}</button></div>
</form>`

const option = (value: string, label: string, chosen: string | undefined): Html =>
  html`<option value="${value}"${value === (chosen ?? '') && html` selected`}>${label}</option>`

const list = (records: readonly AuditRecord[]): Html => html`<table class="fold">
<thead><tr><th scope="col">${words.when}</th><th scope="col">${words.did}</th><th scope="col">${words.by}</th><th scope="col">${words.outcome}</th></tr></thead>
<tbody>${records.map(row)}</tbody>
</table>`

const row = (record: AuditRecord): Html => html`<tr>
<td>${minute(record.at)}</td>
<td>${what(record)}</td>
<td>${who(record)}</td>
<td>${outcomeOf(record)}</td>
</tr>
`

/** What these name is an id that means nothing to a reader, or is said already. */
const saysIt = /^(?:consent$|grant\.|session\.|passkey\.)/

/** Names in a record are a server's, a client's or a person's own: text, and no part of our sentence. */
function what({ action, decision, target, server }: AuditRecord): Html {
  const said = action === 'consent' && decision === 'allow' ? 'consent.allow' : action
  const label = Object.hasOwn(words.actions, said) ? words.actions[said] : plain(action, 60)
  const isSaid = target === undefined || saysIt.test(action)
  const name = isSaid ? undefined : targetOf({ server, target: target.replace(/^secret\./, '') })
  return html`${label}${name !== undefined && html` <code>${plain(name, 120)}</code>`}`
}

function who({ clientName, clientId, credential, credentialId, address }: AuditRecord): Html {
  const name = clientName === undefined ? '' : plain(clientName)
  const key = credential === 'key' && credentialId !== undefined ? html`<code>${credentialId}…</code>` : undefined
  const client =
    name === '' ? (key === undefined && clientId !== undefined ? html`<code>${plain(clientId, 60)}</code>` : undefined) : named(name)
  const from =
    address === undefined
      ? undefined
      : html`<span class="soft">${texts.account.from(isHere(address) ? 'loopback' : plain(address, 60))}</span>`
  return html`${client}${client && key && ' '}${key}${(client ?? key) && from && ' '}${from}`
}

/** Addresses are on record as they were; other lists have their group, which says it already. */
const isHere = (address: string): boolean => addressGroup(address) === 'loopback'

function outcomeOf({ decision, reason, repeated = 1 }: AuditRecord): Html {
  const because =
    reason === 'allowed' ? undefined : Object.hasOwn(words.reasons, reason) ? words.reasons[reason] : plain(reason.replaceAll('_', ' '), 60)
  const tag = decision === 'allow' ? 'tag ok' : 'tag warn'
  return html`<span class="${tag}">${words.outcomeWords[decision]}</span>${because !== undefined && html` <span class="soft">${because}</span>`}${repeated > 1 && html` <span class="soft">${words.times(repeated)}</span>`}`
}

function withQuery(path: string, given: Readonly<Record<string, string | undefined>>): string {
  const query = new URLSearchParams(Object.entries(given).filter((entry): entry is [string, string] => entry[1] !== undefined)).toString()
  return query === '' ? path : `${path}?${query}`
}
