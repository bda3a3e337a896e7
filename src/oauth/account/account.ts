/**
 * The pages of one's own account: what programs may do in one's name, keys, how one signs in, where one is signed in, what was done.
 *
 *   signed in? → (POST) a form of ours, of this session? → signed in lately? → the page or the change
 *
 * Every action is handed the person at the browser and looks only at what is theirs; an id in a form is looked up among their own things,
 * so that one of somebody else's is answered like one that never was. Fails closed at each step, and says so in a page.
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { BrowserSession } from '../../people/index.ts'
import { goTo } from '../answers.ts'
import { createFormTokens } from '../form-token.ts'
import type { Settings } from '../options.ts'
import { accountProblem, problemPage, sendPage } from '../pages/index.ts'
import type { AtBrowser, PersonAtBrowser } from '../person-at-browser.ts'
import type { Recorder } from '../recorder.ts'
import { readBody } from '../replay.ts'
import { FRESH_MS } from '../sign-in/at-own-pages.ts'
import type { Action, Answer, Visit } from './visit.ts'

export interface AccountParts {
  readonly settings: Settings
  readonly person: PersonAtBrowser
  readonly record: Recorder
  /** The token of the form by which one signs out. */
  readonly signOutToken: (session: BrowserSession) => string
  readonly actions: readonly Action[]
}

export interface AccountPages {
  /** The request's path begins with that of the account's pages. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>
}

const CHANGES_PER_HOUR = 300
const HOUR_MS = 3_600_000

export function createAccountPages({ settings, person, record, signOutToken, actions }: AccountParts): AccountPages {
  const { issuer, basePath, clock, counters, connections } = settings
  const base = `${basePath}/account`
  const tokens = createFormTokens(settings)

  function find(method: string, path: string): { readonly action: Action; readonly id: string } | undefined {
    for (const action of actions) {
      if (action.method !== method) continue
      if (action.path === path) return { action, id: '' }
      const match = typeof action.path === 'string' ? null : action.path.exec(path)
      if (match !== null) return { action, id: match[1] ?? '' }
    }
    return undefined
  }
  /** Bound to the session too: a form that was shown before a sign-in is worth nothing after it. */
  const tokenOf = ({ session, account }: AtBrowser, path: string): string =>
    tokens.tokenFor('account', path, session.id, account.name, String(account.since))

  async function visitOf(
    request: IncomingMessage,
    response: ServerResponse,
    who: AtBrowser,
    url: URL,
    id: string,
    form: URLSearchParams,
  ): Promise<Visit> {
    const formTo = (path: string) => ({ action: base + path, csrf: tokenOf(who, path) })
    const about = { subject: who.account.name, credential: 'session', credentialId: who.session.id }
    return {
      ...who,
      request,
      response,
      query: url.searchParams,
      form,
      id,
      now: clock(),
      signInAgain: isRecent(who) ? undefined : signInPath(url.pathname, true),
      formTo,
      note: (action, target, of) => record(request, { ...about, ...of, decision: 'allow', reason: 'allowed', action, target }),
      noteRefusal: (action, reason, target) => record(request, { ...about, decision: 'deny', reason, action, target }),
      frame: {
        base,
        name: who.account.name,
        hasConnections: (await connections.list(who.account.name)).length > 0,
        signOut: { action: `${basePath}/sign-out`, csrf: signOutToken(who.session) },
        done: url.searchParams.get('done') ?? undefined,
      },
    }
  }
  const isRecent = ({ session }: AtBrowser): boolean => clock() - session.since < FRESH_MS
  /** `again`: also where somebody is signed in already. */
  function signInPath(next: string, again = false): string {
    return `${basePath}/sign-in?${new URLSearchParams({ next, ...(again && { again: 'yes' }) }).toString()}`
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<Answer | { readonly signIn: string }> {
    const url = new URL(request.url ?? '/', issuer)
    const path = url.pathname.slice(base.length)
    const method = request.method ?? 'GET'
    const found = find(method, path)
    // First: whoever sends slowly is asked who they are when all of it has come, not when it began.
    const form = method === 'POST' ? await readForm(request, response) : new URLSearchParams()
    const who = await person.current(request)
    if (who === undefined) {
      const next = found === undefined ? '' : (found.action.after ?? path + url.search)
      if (method === 'GET') return { signIn: signInPath(base + next) }
      record(request, { decision: 'deny', reason: 'unauthenticated', action: 'account' })
      return accountProblem('ended', { signIn: signInPath(base) })
    }
    if (found === undefined) return accountProblem('unknown', { back: base })
    const { action, id } = found
    const refuse = (reason: string): void =>
      record(request, { decision: 'deny', reason, action: 'account', target: path.slice(0, 100), subject: who.account.name })

    if (form === undefined) {
      refuse('body_too_large')
      return problemPage('too_large')
    }
    if (method === 'POST') {
      if (tokens.isForged(request, form, tokenOf(who, path))) {
        refuse('forged_form')
        return accountProblem('forged', { back: base })
      }
      // Of a session: whoever has found another one must not keep the person from ending it.
      const { count } = await counters.increment(`account-changes:${who.session.id}`, HOUR_MS)
      if (count > CHANGES_PER_HOUR) {
        refuse('rate_limited')
        return accountProblem('tooMany', { back: base })
      }
    }
    if (action.recent && !isRecent(who)) {
      const signIn = signInPath(method === 'GET' ? url.pathname + url.search : base, true)
      if (method === 'GET') return { signIn }
      refuse('sign_in_too_old')
      return accountProblem('notRecent', { signIn })
    }
    return action.run(await visitOf(request, response, who, url, id, form))
  }
  return {
    async handle(request, response) {
      const given = await answer(request, response)
      if ('signIn' in given) return goTo(response, given.signIn)
      if (!('goTo' in given)) return sendPage(response, given)
      goTo(response, base + given.goTo + (given.done === undefined ? '' : `?done=${given.done}`))
    },
  }
}

/** Undefined where it is larger than any of ours. */
async function readForm(request: IncomingMessage, response: ServerResponse): Promise<URLSearchParams | undefined> {
  const body = await readBody(request)
  if (body === undefined) response.setHeader('connection', 'close')
  return body && new URLSearchParams(body.toString())
}
