/**
 * Who is signed in at the browser that sends a request: the cookie of their session, and the session behind it (`people/sessions.ts`).
 *
 * `SameSite=Lax`: a client sends people here from elsewhere, and they should not have to sign in again for it; a POST from elsewhere
 * brings no cookie, and forms have a token of their own besides.
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Account, BrowserSession, BrowserSessions, SignInMethod } from '../people/index.ts'
import { personCookie } from './cookies.ts'
import type { Settings } from './options.ts'

export interface AtBrowser {
  readonly session: BrowserSession
  readonly account: Account
}

export interface PersonAtBrowser {
  current(request: IncomingMessage): Promise<AtBrowser | undefined>
  /** Begins a session for whoever has just shown who they are, and ends the one that this browser had. */
  signIn(request: IncomingMessage, response: ServerResponse, account: Account, methods: readonly SignInMethod[]): Promise<AtBrowser>
  signOut(request: IncomingMessage, response: ServerResponse): Promise<void>
}

export function createPersonAtBrowser(
  { issuer, addressOf }: Pick<Settings, 'issuer' | 'addressOf'>,
  sessions: BrowserSessions,
): PersonAtBrowser {
  const cookie = personCookie(issuer)
  const find = async (request: IncomingMessage): Promise<AtBrowser | undefined> => {
    const token = readCookie(request.headers.cookie, cookie.name)
    return token === undefined ? undefined : sessions.find(token)
  }
  async function endFormer(request: IncomingMessage): Promise<void> {
    const former = await find(request)
    if (former) await sessions.end(former.account.name, former.session.id)
  }
  return {
    current: find,
    async signIn(request, response, account, methods) {
      await endFormer(request)
      const { headers } = request
      const begun = await sessions.begin({ account, methods, address: addressOf(request), agent: headers['user-agent'] ?? '' })
      response.appendHeader('set-cookie', `${cookie.name}=${begun.token}; ${cookie.attributes}`)
      return { session: begun.session, account }
    },
    async signOut(request, response) {
      await endFormer(request)
      response.appendHeader('set-cookie', `${cookie.name}=; ${cookie.attributes}; Max-Age=0`)
    },
  }
}

/**
 * The first of the name (RFC 6265 §5.4: the one with the longest path); a second one is nobody's that we know. Only blanks and tabs are
 * space around it (§5.2): with a no-break space before it, `__Host-…` is another name to a browser, which a sibling host may set.
 */
export function readCookie(header: string | undefined, name: string): string | undefined {
  for (const pair of header?.split(';') ?? []) {
    const at = pair.indexOf('=')
    if (at > 0 && trimmed(pair.slice(0, at)) === name) return trimmed(pair.slice(at + 1))
  }
  return undefined
}

/** In linear time, whatever a header is made of. */
function trimmed(text: string): string {
  let [from, to] = [0, text.length]
  while (from < to && isBlank(text, from)) from++
  while (from < to && isBlank(text, to - 1)) to--
  return text.slice(from, to)
}
const isBlank = (text: string, at: number): boolean => text[at] === ' ' || text[at] === '\t'
