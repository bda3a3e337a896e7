/**
 * What to do in the program at hand when this server does not know it: the program is recognised by where it wanted to be sent back to, or by
 * its id, and its own way to sign in again comes first. Nothing of the request is shown but a host, and nobody is sent anywhere.
 *
 * Programs share redirect URIs; then each of them is named. It is a guess for the reader's sake: nothing hangs on it.
 *
 * @module
 */

import { type Html, html, plain } from './html.ts'
import type { Page } from './page.ts'

/** What the request said of its client, none of it proven. */
export interface Unknown {
  readonly clientId: string | undefined
  readonly redirectUri: string | undefined
  /** Where the id is a URL: why what is there cannot be used. */
  readonly problem?: string | undefined
}

interface Program {
  readonly name: string
  readonly steps: Html
  /** Where it wants to be sent back to, seen on the wire; the port of this computer floats. */
  readonly redirect?: RegExp
  readonly clientId?: RegExp
}

const port = '(?::\\d{1,5})?'
const local = (host: string, path: string): RegExp => new RegExp(`^http://${host.replaceAll('.', '\\.')}${port}${path}$`)

const programs: readonly Program[] = [
  {
    name: 'Claude Code',
    steps: html`<code>/mcp</code>, choose the server, then “Clear authentication”, then “Authenticate”`,
    redirect: local('localhost', '/callback'),
    clientId: /^https:\/\/claude\.ai\/oauth\/claude-code-/,
  },
  {
    name: 'Codex',
    steps: html`<code>codex mcp logout NAME</code>, then <code>codex mcp login NAME</code>`,
    redirect: local('127.0.0.1', '/callback'),
    clientId: /^https:\/\/chatgpt\.com\/oauth\/codex\//,
  },
  {
    name: 'opencode',
    steps: html`<code>opencode mcp logout NAME</code>, then <code>opencode mcp auth NAME</code>`,
    redirect: local('127.0.0.1', '/mcp/oauth/callback'),
  },
  {
    name: 'MCP Inspector',
    steps: html`“Clear OAuth state” beside the connection, or <code>--relogin</code> on the command line`,
    redirect: /^http:\/\/(?:localhost|127\.0\.0\.1):627\d\/oauth\/callback/,
  },
  {
    name: 'mcp-remote',
    steps: html`end it, delete the folder <code>~/.mcp-auth</code>, and start it again`,
    redirect: local('localhost', '/oauth/callback'),
  },
  {
    name: 'VS Code',
    steps: html`Command Palette, “Authentication: Remove Dynamic Authentication Providers”, choose this server, then start it in “MCP: List Servers”`,
    redirect: /^(?:http:\/\/(?:127\.0\.0\.1|localhost)(?::33418)?\/?$|https:\/\/(?:insiders\.)?vscode\.dev\/redirect)/,
  },
  {
    name: 'Cursor',
    steps: html`Settings, “MCP”: log out of the server, then connect it again`,
    redirect: /^cursor:|^https:\/\/www\.cursor\.com\/agents\/mcp\//,
  },
  {
    name: 'Claude (web and desktop)',
    steps: html`Settings, “Connectors”: disconnect the connector, then connect it again`,
    redirect: /^https:\/\/claude\.(?:ai|com)\/api\/mcp\/auth_callback$/,
  },
  {
    name: 'ChatGPT',
    steps: html`Settings, “Apps & Connectors”: remove the connector, and add it again`,
    redirect: /^https:\/\/chatgpt\.com\/connector/,
  },
  {
    name: 'Gemini CLI',
    steps: html`<code>/mcp auth NAME</code>; if that leads here again, delete <code>~/.gemini/mcp-oauth-tokens.json</code> first`,
    redirect: local('localhost', '/oauth/callback'),
  },
  {
    name: 'mcpc',
    steps: html`<code>mcpc logout URL</code>, then <code>mcpc login URL</code>`,
    redirect: /^http:\/\/localhost:80\d\d\/callback$/,
  },
  {
    name: 'mcporter',
    steps: html`<code>mcporter auth NAME --reset</code>`,
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
  return {
    status: 400,
    title: 'This program is not known here',
    body: html`<h1>This program is not known here${problem === undefined && ' any more'}</h1>
${problem === undefined ? forgotten : undescribed(clientId, problem)}
${likely.length > 0 && html`<p>By the way that it asked it is probably ${likely.length === 1 ? 'this one' : 'one of these'}:</p>${list(likely)}`}
${
  likely.length > 0
    ? html`<details><summary>It is another program</summary>${list(others)}<p class="soft">${anyOther}</p></details>`
    : html`${list(others)}<p class="soft">${anyOther}</p>`
}
<footer>invalid_client</footer>`,
  }
}

const anyOther = 'Any other: remove the server there, and add it again.'
const list = (some: readonly Program[]): Html => html`<ul>${some.map(({ name, steps }) => html`<li>${name}: ${steps}</li>`)}</ul>`

const forgotten = html`<p>It remembers an earlier registration that this server has forgotten, or never had: unused registrations end after an hour. Make it forget, and connect again.</p>`

/** The host alone: the rest of the URL is somebody's text. */
function undescribed(clientId: string, problem: string): Html {
  const host = URL.parse(clientId)?.host
  return html`<p>It says that ${host === undefined || host === '' ? 'a web site' : html`<b>${plain(host, 100)}</b>`} describes it, and its description cannot be used: ${problem}.</p>
<p>Try again in a minute. If it stays like this, connect it anew: programs register themselves where descriptions are not taken.</p>`
}
