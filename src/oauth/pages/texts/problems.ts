/** What is said where it cannot go on: what happened, and what to do in the program that one is using. @module */

import { type Html, html } from '../html.ts'

/** When it cannot go on (../problem.ts): what happened, and what to do in the program that one is using. */
export const problem = {
  /** By the name of the error; ../problem.ts says the status of each. */
  kinds: {
    expired: {
      title: 'This sign-in has ended',
      text: 'It was finished or cancelled before, took longer than ten minutes, or was begun in another browser. Go back to the program and connect again.',
    },
    forged: {
      title: 'This form was not ours',
      text: 'The page that you came from is not the one that we showed you. Go back to the program and connect again.',
    },
    server_error: {
      title: 'Something broke here',
      text: 'It is not your doing, and nothing was allowed. The record of it is in Sallyport’s log. Try again.',
    },
    too_many: {
      title: 'Too many sign-ins were begun',
      text: 'None of them was finished, so no more are begun for a few minutes. If you did not begin them yourself, close the page that did.',
    },
    device_denied: {
      title: 'Nothing was allowed',
      text: 'The device is told so. If you want it after all, have it show a new code.',
    },
    too_many_codes: {
      title: 'Too many codes were tried',
      text: 'No more are taken from here for a few minutes. Then have the device show a new code.',
    },
    not_a_page: { title: 'Nobody would see this', text: 'A sign-in opens in a window of its own, not inside another page.' },
    unsupported_response_mode: {
      title: 'This request cannot be answered',
      text: 'The program wants its answer in a way in which we give none. Nothing was allowed.',
    },
    too_long: { title: 'That was too long', text: 'The program asked in more words than any that we know.' },
    too_large: { title: 'That was too much', text: 'The form was larger than any of ours.' },
  },
  otherTitle: 'This request cannot be answered',
  other: (description: string | undefined): string =>
    `The program that opened this page asked for something that does not work here${description === undefined ? '' : `: ${description}`}.`,
  wrongTarget: 'it names another server than this one, or none',
  redirectTitle: 'We will not send you there',
  redirect:
    'The program asked to have you sent to an address that it did not register. That happens when it was changed since, or when somebody else uses its name. Nothing was allowed.',
  redirectFix: 'If you started this yourself, remove the server in the program and add it again.',
}

/** Before an address that nobody here has trusted yet (../held-back.ts). */
export const heldBack = {
  title: 'This request cannot be answered',
  /** `client`: undefined where it has no name. */
  what: (client: Html | undefined, problem: string | undefined): Html =>
    html`${client === undefined ? 'A program' : html`A program that calls itself ${client}`} asked for something that does not work here${
      problem === undefined ? '' : `: ${problem}`
    }. Nothing was allowed.`,
  where: (host: Html): Html =>
    html`It wants you to be sent to ${host}. Nobody has let this program in here before, so we leave that to you. If you did not start this yourself, close this page.`,
  go: (host: string): string => `Go to ${host}`,
}

/** A program that this server does not know (../unknown-client.ts). */
export const unknownClient = {
  title: 'This program is not known here',
  forgottenTitle: 'This program is not known here any more',
  forgotten:
    'It remembers an earlier registration that this server has forgotten, or never had: unused registrations end after an hour. Make it forget, and connect again.',
  /** `host`: undefined where its id names none. */
  undescribed: (host: Html | undefined, problem: string): Html =>
    html`It says that ${host ?? 'a web site'} describes it, and its description cannot be used: ${problem}.`,
  tryAgain: 'Try again in a minute. If it stays like this, connect it anew: programs register themselves where descriptions are not taken.',
  probably: (count: number): string => `By the way that it asked it is probably ${count === 1 ? 'this one' : 'one of these'}:`,
  another: 'It is another program',
  anyOther: 'Any other: remove the server there, and add it again.',
  /** What makes each forget, in its own words. */
  steps: {
    'Claude Code': html`<code>/mcp</code>, choose the server, then “Clear authentication”, then “Authenticate”` as Html,
    Codex: html`<code>codex mcp logout NAME</code>, then <code>codex mcp login NAME</code>` as Html,
    opencode: html`<code>opencode mcp logout NAME</code>, then <code>opencode mcp auth NAME</code>` as Html,
    'MCP Inspector': html`“Clear OAuth state” beside the connection, or <code>--relogin</code> on the command line` as Html,
    'mcp-remote': html`end it, delete the folder <code>~/.mcp-auth</code>, and start it again` as Html,
    'VS Code':
      html`Command Palette, “Authentication: Remove Dynamic Authentication Providers”, choose this server, then start it in “MCP: List Servers”` as Html,
    Cursor: html`Settings, “MCP”: log out of the server, then connect it again` as Html,
    'Claude (web and desktop)': html`Settings, “Connectors”: disconnect the connector, then connect it again` as Html,
    ChatGPT: html`Settings, “Apps & Connectors”: remove the connector, and add it again` as Html,
    'Gemini CLI':
      html`<code>/mcp auth NAME</code>; if that leads here again, delete <code>~/.gemini/mcp-oauth-tokens.json</code> first` as Html,
    mcpc: html`<code>mcpc logout URL</code>, then <code>mcpc login URL</code>` as Html,
    mcporter: html`<code>mcporter auth NAME --reset</code>` as Html,
  },
}
