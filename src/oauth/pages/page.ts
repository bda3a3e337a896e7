/** The frame of every page, and the headers that keep it what it is: no script but one of ours where a page names it, no frame, no cache. @module */

import type { ServerResponse } from 'node:http'
import type { KoaContextWithOIDC } from 'oidc-provider'
import { passkeyScript, passkeyScriptHash } from '../assets/passkey.ts'
import { Html, html } from './html.ts'
import { style, styleHash } from './style.ts'
import { texts } from './texts.ts'

export interface Page {
  readonly status: number
  readonly title: string
  readonly body: Html
  /** A page with much on it: the account's. */
  readonly wide?: boolean | undefined
  /** Where a form of this page may lead in the end: browsers apply `form-action` to the redirect after it, too. */
  readonly leadsTo?: string | undefined
  /** The script that it has (`assets/`); mostly none. */
  readonly script?: 'passkey' | undefined
}

const sheet = new Html(`<style>${style}</style>`)
const scripts = { passkey: { element: new Html(`<script>${passkeyScript}</script>`), hash: passkeyScriptHash } }
/** A gate in a wall. */
const mark = html`<svg class="mark" viewBox="0 0 24 24" aria-hidden="true"><path d="M2 21V4h4v3h4V4h4v3h4V4h4v17h-6v-4a4 4 0 0 0-8 0v4z"/></svg>`

const renderPage = ({ title, body, wide, script }: Page): string =>
  html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title} · ${texts.frame.product}</title>
${sheet}
</head>
<body>
<div class="card${wide === true && ' wide'}">
<header>${mark}<b>${texts.frame.product}</b></header>
<main>
${body}
</main>
</div>
${script !== undefined && scripts[script].element}
</body>
</html>
`.text

export function pageHeaders({ leadsTo, script }: Pick<Page, 'leadsTo' | 'script'> = {}): Record<string, string> {
  const formAction = leadsTo === undefined ? "'self'" : `'self' ${leadsTo}`
  const scriptSource = script === undefined ? '' : ` script-src '${scripts[script].hash}';`
  return {
    'content-security-policy': `default-src 'none'; style-src '${styleHash}';${scriptSource} form-action ${formAction}; frame-ancestors 'none'; base-uri 'none'`,
    'x-frame-options': 'DENY',
    'x-content-type-options': 'nosniff',
    // Not `no-referrer`: browsers would then send `Origin: null` with our own forms.
    'referrer-policy': 'same-origin',
    'cache-control': 'no-store',
  }
}

export function sendPage(response: ServerResponse, page: Page): void {
  const text = renderPage(page)
  response.statusCode = page.status
  for (const [name, value] of Object.entries(pageHeaders(page))) response.setHeader(name, value)
  response.setHeader('content-type', 'text/html; charset=utf-8')
  response.setHeader('content-length', Buffer.byteLength(text))
  response.end(text)
}

/** The same, as the answer of oidc-provider. */
export function showPage(ctx: KoaContextWithOIDC, page: Page): void {
  for (const [name, value] of Object.entries(pageHeaders(page))) ctx.set(name, value)
  ctx.status = page.status
  ctx.type = 'html'
  ctx.body = renderPage(page)
}

/** The source expression for a redirect URI (CSP3 §2.3.1). An IPv6 address has none: its scheme has to do. */
export function sourceOf(redirectUri: string): string | undefined {
  const url = URL.parse(redirectUri)
  if (url === null) return undefined
  return url.hostname.startsWith('[') ? url.protocol : url.origin
}
