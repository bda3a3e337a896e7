/**
 * Signing in before our own pages: `/sign-in?next=/account…`. The browser is known by a cookie of its own until somebody is signed in, so
 * that nobody can have it sign in to an account of theirs by a form of theirs (login CSRF).
 *
 * Fails closed: where `next` is no page of ours it is the account's first.
 *
 * @module
 */

import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { goTo } from '../answers.ts'
import { signInCookie } from '../cookies.ts'
import { createFormTokens } from '../form-token.ts'
import type { Answer } from '../interaction.ts'
import type { Settings } from '../options.ts'
import { problemPage } from '../pages/index.ts'
import { type PersonAtBrowser, readCookie } from '../person-at-browser.ts'
import type { Recorder } from '../recorder.ts'
import type { Resources } from '../resources.ts'
import type { SignInPlace, SignInStep } from '../sign-in-place.ts'
import type { SignInSteps } from './steps.ts'

export interface SignInAtOwnPagesParts {
  readonly settings: Settings
  readonly resources: Resources
  readonly person: PersonAtBrowser
  readonly steps: SignInSteps
  readonly record: Recorder
}

export interface SignInAtOwnPages {
  show(request: IncomingMessage, response: ServerResponse): Answer
  take(step: SignInStep, request: IncomingMessage, response: ServerResponse, form: URLSearchParams): Answer
}

/** How long ago somebody may have signed in who changes something that matters. */
export const FRESH_MS = 600_000
const BROWSER = /^[\w-]{43}$/
const MAX_NEXT = 512

export function createSignInAtOwnPages({ settings, resources, person, steps, record }: SignInAtOwnPagesParts): SignInAtOwnPages {
  const { issuer, basePath, clock } = settings
  const cookie = signInCookie(issuer)
  const tokens = createFormTokens(settings)
  const server = new URL(resources.canonical).host

  const browserOf = (request: IncomingMessage): string | undefined => {
    const value = readCookie(request.headers.cookie, cookie.name)
    return value !== undefined && BROWSER.test(value) ? value : undefined
  }
  function placeOf(browser: string, query: URLSearchParams): SignInPlace {
    const next = ownPage(issuer, basePath, query.get('next'))
    const again = query.get('again') === 'yes'
    const carried = new URLSearchParams({ next, ...(again && { again: 'yes' }) }).toString()
    return {
      asks: { kind: 'own' },
      server,
      path: `${basePath}/sign-in?${carried}`,
      next,
      purpose: JSON.stringify(['own', tokens.tokenFor('sign-in-place', browser, next)]),
      csrf: tokens.tokenFor('sign-in', browser, next),
      leadsTo: undefined,
      fresh: again,
      actionOf: (step) => `${basePath}/sign-in/${step}?${carried}`,
    }
  }
  const queryOf = (request: IncomingMessage): URLSearchParams => new URL(request.url ?? '/', issuer).searchParams

  return {
    async show(request, response) {
      let browser = browserOf(request)
      if (browser === undefined) {
        browser = randomBytes(32).toString('base64url')
        response.appendHeader('set-cookie', `${cookie.name}=${browser}; ${cookie.attributes}`)
      }
      const place = placeOf(browser, queryOf(request))
      const present = await person.current(request)
      if (present === undefined) return steps.show(place)
      if (place.fresh && clock() - present.session.since >= FRESH_MS) return steps.show(place, { name: present.account.name })
      goTo(response, place.next)
      return undefined
    },
    async take(step, request, response, form) {
      const browser = browserOf(request)
      if (browser === undefined) {
        record(request, { decision: 'deny', reason: 'expired', action: 'sign-in' })
        return problemPage('expired')
      }
      const place = placeOf(browser, queryOf(request))
      if (tokens.isForged(request, form, place.csrf)) {
        record(request, { decision: 'deny', reason: 'forged_form', action: 'sign-in' })
        return problemPage('forged')
      }
      return steps.take(step, request, response, place, form)
    },
  }
}

/** `next` as a page of ours, path and query; the account's first page where it is none. */
function ownPage(issuer: string, basePath: string, next: string | null): string {
  const first = `${basePath}/account`
  const url = next === null || next.length > MAX_NEXT ? null : URL.parse(next, issuer)
  if (url === null || url.origin !== new URL(issuer).origin) return first
  return url.pathname === first || url.pathname.startsWith(`${first}/`) ? url.pathname + url.search : first
}
