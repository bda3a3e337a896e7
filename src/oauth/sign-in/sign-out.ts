/** Signing out of this browser. Programs keep what they were allowed: that is taken back on the account page. @module */

import type { IncomingMessage, ServerResponse } from 'node:http'
import { createFormTokens } from '../form-token.ts'
import type { Settings } from '../options.ts'
import { type Page, problemPage, signedOutPage, signOutPage } from '../pages/index.ts'
import type { PersonAtBrowser } from '../person-at-browser.ts'
import type { Recorder } from '../recorder.ts'

export interface SignOut {
  /** What it means, and the button. */
  show(request: IncomingMessage): Promise<Page>
  take(request: IncomingMessage, response: ServerResponse, form: URLSearchParams): Promise<Page>
  /** For the hidden field `csrf` of a form elsewhere that posts to `/sign-out`. */
  tokenFor(session: { readonly id: string }): string
}

export interface SignOutParts {
  readonly settings: Settings
  readonly person: PersonAtBrowser
  readonly record: Recorder
}

export function createSignOut({ settings, person, record }: SignOutParts): SignOut {
  const { basePath } = settings
  const tokens = createFormTokens(settings)
  const tokenFor = ({ id }: { readonly id: string }): string => tokens.tokenFor('sign-out', id)
  const done = signedOutPage(`${basePath}/sign-in`)

  return {
    tokenFor,
    async show(request) {
      const present = await person.current(request)
      if (present === undefined) return done
      const { session, account } = present
      return signOutPage({
        action: `${basePath}/sign-out`,
        csrf: tokenFor(session),
        account: account.name,
        back: `${basePath}/account`,
      })
    },
    async take(request, response, form) {
      const present = await person.current(request)
      if (present === undefined) return done
      const { session, account } = present
      if (tokens.isForged(request, form, tokenFor(session))) {
        record(request, { decision: 'deny', reason: 'forged_form', action: 'sign-out', subject: account.name })
        return problemPage('forged')
      }
      await person.signOut(request, response)
      record(request, { decision: 'allow', reason: 'allowed', action: 'sign-out', subject: account.name })
      return done
    },
  }
}
