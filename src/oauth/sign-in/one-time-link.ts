/**
 * The page behind a one-time link for one person: an invitation, or a new password (`/welcome?code=…`). The code is what authorises: it
 * comes with the form again, and looking at the page does not use it up. Nobody is signed in by it: that takes the second factor, where
 * there is one.
 *
 * Fails closed: whatever is wrong with a code, the answer is the same.
 *
 * @module
 */

import type { IncomingMessage } from 'node:http'
import type { People } from '../../people/index.ts'
import { isForeignForm } from '../addresses.ts'
import type { Settings } from '../options.ts'
import { type Page, problemPage, texts, welcomeDonePage, welcomeGone, welcomePage } from '../pages/index.ts'
import type { Recorder } from '../recorder.ts'
import type { Resources } from '../resources.ts'

export interface OneTimeLinkPages {
  show(request: IncomingMessage): Promise<Page>
  take(request: IncomingMessage, form: URLSearchParams): Promise<Page>
}

export interface OneTimeLinkPagesParts {
  readonly settings: Settings
  readonly resources: Resources
  readonly people: Pick<People, 'welcome'>
  readonly record: Recorder
}

const actionOf = { invitation: 'account.create', password: 'account.password' } as const

export function createOneTimeLinkPages({ settings, resources, people: { welcome }, record }: OneTimeLinkPagesParts): OneTimeLinkPages {
  const { issuer, basePath } = settings
  const action = `${basePath}/welcome`
  const server = new URL(resources.canonical).host

  function refuse(request: IncomingMessage, reason: string, page: Page): Page {
    record(request, { decision: 'deny', reason, action: 'one-time-link' })
    return page
  }
  const gone = (request: IncomingMessage): Page => refuse(request, 'unknown_code', welcomeGone)

  return {
    async show(request) {
      const code = new URL(request.url ?? '/', issuer).searchParams.get('code') ?? ''
      const invited = await welcome.look(code)
      return invited === undefined ? gone(request) : welcomePage({ action, code, server, ...invited })
    },
    async take(request, form) {
      if (isForeignForm(request, new URL(issuer).origin)) return refuse(request, 'forged_form', problemPage('forged'))
      const [code = '', password = '', again = ''] = ['code', 'password', 'again'].map((field) => form.get(field) ?? '')
      const invited = await welcome.look(code)
      if (invited === undefined) return gone(request)
      const shown = { action, code, server, ...invited }
      if (password !== again) return welcomePage({ ...shown, problem: texts.welcome.notTheSame })
      const accepted = await welcome.accept(code, password)
      if (accepted === 'gone') return gone(request)
      if ('problem' in accepted) return welcomePage({ ...shown, problem: accepted.problem })
      const { account, kind } = accepted
      record(request, {
        decision: 'allow',
        reason: 'allowed',
        action: actionOf[kind],
        subject: account.name,
        facts: { by: 'one-time link' },
      })
      return welcomeDonePage(account.name, kind, `${basePath}/sign-in`)
    },
  }
}
