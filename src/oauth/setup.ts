/** The page on which the owner's account is made, behind the one-time link. Nobody else can make one. @module */

import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Accounts, createSetupLink, toName } from '../people/index.ts'
import type { Settings } from './options.ts'
import { type Page, problemPage, sendPage, setupDone, setupGone, setupPage, texts } from './pages/index.ts'
import type { Recorder } from './recorder.ts'
import { MAX_BODY, readBody } from './replay.ts'
import type { Resources } from './resources.ts'

export interface Setup {
  createLink(): Promise<string | undefined>
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>
}

const OWNER_ROLES = ['owner']

export function createSetup({
  settings,
  accounts,
  resources,
  record,
}: {
  settings: Settings
  accounts: Accounts
  resources: Resources
  record: Recorder
}): Setup {
  const { issuer, basePath } = settings
  const link = createSetupLink(settings)
  const action = `${basePath}/setup`
  const server = resources.canonical

  function refuse(request: IncomingMessage, reason: string, page: Page, facts?: { readonly limitBytes: number }): Page {
    record(request, { decision: 'deny', reason, action: 'account.create', facts })
    return page
  }
  const gone = (request: IncomingMessage): Page => refuse(request, 'unknown_code', setupGone)

  async function submit(request: IncomingMessage): Promise<Page> {
    const { origin } = request.headers
    if (origin !== undefined && origin !== new URL(issuer).origin) return refuse(request, 'forged_form', problemPage('forged'))
    const body = await readBody(request)
    if (body === undefined) return refuse(request, 'body_too_large', problemPage('too_large'), { limitBytes: MAX_BODY })
    const form = new URLSearchParams(body.toString())
    const [code = '', name = '', password = '', again = ''] = ['code', 'name', 'password', 'again'].map((field) => form.get(field) ?? '')
    if (!(await link.isOpen(code)) || (await accounts.hasOwner())) return gone(request)

    const shown = { action, code, server, name: name.slice(0, 64) }
    const problem = password === again ? accounts.problemWith(name, password) : texts.setup.notTheSame
    if (problem !== undefined) return setupPage({ ...shown, problem })
    if ((await accounts.find(toName(name))) !== undefined) return setupPage({ ...shown, problem: texts.setup.taken })
    if (!(await link.use(code))) return gone(request)
    const created = await accounts.create({ name, password, owner: true, roles: OWNER_ROLES })
    // Somebody took the name in this instant; the link is spent, and the next start shows another.
    if ('problem' in created) return gone(request)
    record(request, {
      decision: 'allow',
      reason: 'allowed',
      action: 'account.create',
      subject: created.account.name,
      facts: { owner: true },
    })
    return setupDone(created.account.name, server, `${basePath}/account`)
  }
  return {
    async createLink() {
      return (await accounts.hasOwner()) ? undefined : `${issuer}/setup?code=${await link.create()}`
    },
    async handle(request, response) {
      if (request.method === 'POST') return sendPage(response, await submit(request))
      const code = new URL(request.url ?? '/', issuer).searchParams.get('code') ?? ''
      sendPage(response, (await link.isOpen(code)) ? setupPage({ action, code, server }) : gone(request))
    },
  }
}
