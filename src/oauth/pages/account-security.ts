/** How somebody signs in, at a glance: password, passkeys, one-time codes, recovery codes, and the way to each change. @module */

import type { Passkey } from '../../people/index.ts'
import { accountPage, button, confirmed, date, type FormTarget, type Frame, hidden, past, token } from './account-frame.ts'
import { type Html, html, strong } from './html.ts'
import type { Page } from './page.ts'
import { texts } from './texts.ts'

export interface SecurityPage {
  readonly frame: Frame
  readonly now: number
  /** Where to sign in again, before anything can be changed here; undefined where that was a moment ago. */
  readonly signInAgain: string | undefined
  readonly hasPassword: boolean
  /** What the identity provider is called. */
  readonly provider: string | undefined
  /** Undefined where there can be none at this address. */
  readonly passkeys: readonly Passkey[] | undefined
  readonly codesSince: number | undefined
  /** Undefined where one-time codes are off. */
  readonly recoveryLeft: number | undefined
  readonly once: string
  readonly rename: FormTarget
  readonly remove: FormTarget
  readonly turnOff: FormTarget
  readonly renew: FormTarget
}

const words = texts.account.security

export const securityPage = (page: SecurityPage): Page =>
  accountPage({
    frame: page.frame,
    part: 'security',
    title: words.title,
    body: html`${page.signInAgain !== undefined && html`<p class="where">${words.signInAgain} <a href="${page.signInAgain}">${words.signInAgainGo}</a></p>`}
${page.provider === undefined ? password(page) : html`<p>${words.provider(strong(page.provider))}</p>`}
${page.passkeys !== undefined && passkeys(page, page.passkeys)}
${page.hasPassword && codes(page)}
${page.recoveryLeft !== undefined && recovery(page, page.recoveryLeft)}`,
  })

const password = ({ frame, hasPassword }: SecurityPage): Html => html`<section>
<h2>${words.password}</h2>
<p>${hasPassword ? words.passwordIs : words.passwordNone}</p>
${hasPassword && html`<p><a class="button small" href="${frame.base}/password">${words.changePassword}</a></p>`}
</section>`

const passkeys = (page: SecurityPage, all: readonly Passkey[]): Html => html`<section>
<h2>${words.passkeys}</h2>
<p>${words.passkeysWhat}</p>
${all.length === 0 ? html`<p>${words.passkeysNone}</p>` : html`<ul class="rows">${all.map((each) => passkey(each, page))}</ul>`}
<p><a class="button small" href="${page.frame.base}/passkeys/new">${words.addPasskey}</a></p>
</section>`

const passkey = (
  { id, name, createdAt, lastUsedAt, synced }: Passkey,
  { now, rename, remove, signInAgain }: SecurityPage,
): Html => html`<li>
<div class="what"><b>${name}</b>${synced && html` <span class="tag">${words.synced}</span>`}
<p class="soft">${words.added(date(createdAt))} · ${texts.account.access.lastUsed(lastUsedAt === undefined ? undefined : past(lastUsedAt, now))}</p></div>
<div class="act"><form class="act" method="post" action="${rename.action}">${token(rename)}${hidden({ passkey: id })}
<label class="hidden" for="${id}">${words.passkeyName}</label><input type="text" id="${id}" name="name" value="${name}" maxlength="64" autocomplete="off" required>
<button class="small" type="submit">${words.rename}</button></form>
${signInAgain === undefined && button(remove, { passkey: id }, words.remove, 'small danger')}</div>
</li>`

const codes = ({ frame, codesSince, turnOff, signInAgain }: SecurityPage): Html => html`<section>
<h2>${words.codes} <span class="tag${codesSince !== undefined && ' ok'}">${codesSince === undefined ? words.codesOff : words.codesOn}</span></h2>
<p>${words.codesWhat}</p>
${codesSince === undefined ? html`<p><a class="button small" href="${frame.base}/one-time-codes/on">${words.turnOn}</a></p>` : html`<p class="soft">${words.codesSince(date(codesSince))}</p>`}
${codesSince !== undefined && signInAgain === undefined && confirmed(words.turnOff, words.turnOffSure, button(turnOff, {}, words.turnOffGo, 'danger'))}
</section>`

const recovery = ({ renew, once, signInAgain }: SecurityPage, left: number): Html => html`<section>
<h2>${words.recovery}</h2>
<p>${words.recoveryWhat} ${words.recoveryLeft(left)}</p>
${signInAgain === undefined && confirmed(words.recoveryNew, words.recoverySure, button(renew, { once }, words.recoveryGo, ''))}
</section>`
