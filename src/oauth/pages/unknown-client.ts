/**
 * What to do in the program at hand when this server does not know it: the program is recognised by where it wanted to be sent back to, or by
 * its id, and its own way to sign in again comes first. Nothing of the request is shown but a host, and nobody is sent anywhere.
 *
 * Programs share redirect URIs; then each of them is named. It is a guess for the reader's sake: nothing hangs on it.
 *
 * @module
 */

import { type Html, html, plain, strong } from './html.ts'
import type { Page } from './page.ts'
import { texts } from './texts.ts'

const words = texts.unknownClient

/** What the request said of its client, none of it proven. */
export interface Unknown {
  readonly clientId: string | undefined
  readonly redirectUri: string | undefined
  /** Where the id is a URL: why what is there cannot be used. */
  readonly problem?: string | undefined
}

interface Program {
  readonly name: keyof typeof words.steps
  /** Where it wants to be sent back to, seen on the wire; the port of this computer floats. */
  readonly redirect?: RegExp
  readonly clientId?: RegExp
}

const port = '(?::\\d{1,5})?'
const local = (host: string, path: string): RegExp => new RegExp(`^http://${host.replaceAll('.', '\\.')}${port}${path}$`)

const programs: readonly Program[] = [
  {
    name: 'Claude Code',
    redirect: local('localhost', '/callback'),
    clientId: /^https:\/\/claude\.ai\/oauth\/claude-code-/,
  },
  {
    name: 'Codex',
    redirect: local('127.0.0.1', '/callback'),
    clientId: /^https:\/\/chatgpt\.com\/oauth\/codex\//,
  },
  {
    name: 'opencode',
    redirect: local('127.0.0.1', '/mcp/oauth/callback'),
  },
  {
    name: 'MCP Inspector',
    redirect: /^http:\/\/(?:localhost|127\.0\.0\.1):627\d\/oauth\/callback/,
  },
  {
    name: 'mcp-remote',
    redirect: local('localhost', '/oauth/callback'),
  },
  {
    name: 'VS Code',
    redirect: /^(?:http:\/\/(?:127\.0\.0\.1|localhost)(?::33418)?\/?$|https:\/\/(?:insiders\.)?vscode\.dev\/redirect)/,
  },
  {
    name: 'Cursor',
    redirect: /^cursor:|^https:\/\/www\.cursor\.com\/agents\/mcp\//,
  },
  {
    name: 'Claude (web and desktop)',
    redirect: /^https:\/\/claude\.(?:ai|com)\/api\/mcp\/auth_callback$/,
  },
  {
    name: 'ChatGPT',
    redirect: /^https:\/\/chatgpt\.com\/connector/,
  },
  {
    name: 'Gemini CLI',
    redirect: local('localhost', '/oauth/callback'),
  },
  {
    name: 'mcpc',
    redirect: /^http:\/\/localhost:80\d\d\/callback$/,
  },
  {
    name: 'mcporter',
    redirect: local('127.0.0.1', '/callback'),
  },
]

/** Those that it may be; the first is the likeliest. */
export function recognise({ clientId = '', redirectUri = '' }: Unknown): readonly string[] {
  return found({ clientId, redirectUri }).map(({ name }) => name)
}

function found({ clientId, redirectUri }: { clientId: string; redirectUri: string }): readonly Program[] {
  const byId = programs.filter((program) => program.clientId?.test(clientId))
  return byId.length > 0 ? byId : programs.filter(({ redirect }) => redirect?.test(redirectUri.slice(0, 2048)))
}

export function unknownClientPage({ clientId = '', redirectUri = '', problem }: Unknown): Page {
  const likely = found({ clientId, redirectUri })
  const others = programs.filter((program) => !likely.includes(program))
  const rest = html`${list(others)}<p class="soft">${words.anyOther}</p>`
  return {
    status: 400,
    title: words.title,
    body: html`<h1>${problem === undefined ? words.forgottenTitle : words.title}</h1>
${problem === undefined ? html`<p>${words.forgotten}</p>` : undescribed(clientId, problem)}
${likely.length > 0 && html`<p>${words.probably(likely.length)}</p>${list(likely)}`}
${likely.length > 0 ? html`<details><summary>${words.another}</summary>${rest}</details>` : rest}
<footer>invalid_client</footer>`,
  }
}

const list = (some: readonly Program[]): Html =>
  html`<ul>${some.map(({ name }) => html`<li><b>${name}</b>: ${words.steps[name]}</li>`)}</ul>`

/** The host alone: the rest of the URL is somebody's text. */
function undescribed(clientId: string, problem: string): Html {
  const host = URL.parse(clientId)?.host
  return html`<p>${words.undescribed(host === undefined || host === '' ? undefined : strong(plain(host, 100)), problem)}</p>
<p>${words.tryAgain}</p>`
}
