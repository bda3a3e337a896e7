/** The page that a person sees when their browser comes back to this computer: a sentence or two, no scripts, nothing from elsewhere. @module */

import { createHash } from 'node:crypto'
import type { OutgoingHttpHeaders } from 'node:http'

export interface LoopbackPage {
  readonly status: number
  readonly title: string
  readonly text: string
}

export interface WrittenPage {
  readonly headers: OutgoingHttpHeaders
  readonly html: string
}

const style =
  ':root{color-scheme:light dark}body{font:1.1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:15vh auto;padding:0 1rem}h1{font-size:1.4rem}'
const styleHash = createHash('sha256').update(style).digest('base64')

export function writePage({ title, text }: Omit<LoopbackPage, 'status'>): WrittenPage {
  const html = `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escape(title)}</title><style>${style}</style></head><body><main><h1>${escape(title)}</h1><p>${escape(text)}</p></main></body></html>`
  return {
    html,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-length': Buffer.byteLength(html),
      'content-security-policy': `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
      'x-content-type-options': 'nosniff',
      // The address of the page has a code in it.
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
      connection: 'close',
    },
  }
}

const escape = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
