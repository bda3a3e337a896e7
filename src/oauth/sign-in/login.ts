/**
 * The first question: who are you. A name and a password, as often as the throttle lets somebody try.
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Interaction, Provider } from 'oidc-provider'
import type { Accounts, LoginThrottle } from '../../people/index.ts'
import { type Answer, finish, type OpenInteraction, type OpenInteractions } from '../interaction.ts'
import type { Settings } from '../options.ts'
import { busy, loginPage, type Page, plain, sourceOf, waitAgain, wrongPassword } from '../pages/index.ts'
import type { Recorder } from '../recorder.ts'
import type { Resources } from '../resources.ts'

export interface LoginParts {
  readonly provider: Provider
  readonly settings: Settings
  readonly resources: Resources
  readonly accounts: Accounts
  readonly throttle: LoginThrottle
  readonly interactions: OpenInteractions
  readonly record: Recorder
}

export interface Login {
  /** The page of an interaction that asks for a sign-in. */
  show(opened: OpenInteraction): Promise<Page>
  answer(request: IncomingMessage, response: ServerResponse, uid: string, form: URLSearchParams): Answer
}

export function createLogin({ provider, settings, resources, accounts, throttle, interactions, record }: LoginParts): Login {
  const { addressOf } = settings
  const server = new URL(resources.canonical).host

  async function showLogin(opened: OpenInteraction, shown: { name?: string; problem?: string; status?: number } = {}): Promise<Page> {
    return loginPage({
      action: interactions.pathOf(opened.interaction.uid, 'login'),
      csrf: interactions.csrfOf(opened),
      client: opened.client,
      server,
      empty: (await accounts.list()).length === 0,
      leadsTo: opened.redirectUri && sourceOf(opened.redirectUri),
      ...shown,
    })
  }
  /** Ends the session that this browser had: whoever signs in now is somebody else. */
  async function leaveSession(interaction: Interaction, name: string): Promise<void> {
    if (interaction.session === undefined || interaction.session.accountId === name) return
    const session = interaction.session.uid === undefined ? undefined : await provider.Session.findByUid(interaction.session.uid)
    await session?.destroy()
    delete (interaction as { session?: unknown }).session
  }
  return {
    show: (opened) => showLogin(opened),
    async answer(request, response, uid, form) {
      const opened = await interactions.open(request, response, uid)
      if (opened?.interaction.prompt.name !== 'login') return interactions.refuseLate(request, 'sign-in')
      if (interactions.isForged(request, opened, form)) return interactions.refuseForged(request, 'sign-in', opened)
      const name = (form.get('name') ?? '').slice(0, 64)
      const about = { action: 'sign-in', subject: plain(name, 64), clientId: opened.clientId, clientName: opened.client }

      const outcome = await throttle.guard(name.trim().toLowerCase(), addressOf(request), async () => {
        const account = await accounts.verifyPassword(name, form.get('password') ?? '')
        return { right: account !== 'wrong', outcome: account }
      })
      if (typeof outcome === 'object' && 'waitSeconds' in outcome) {
        record(request, { ...about, decision: 'deny', reason: 'rate_limited' })
        response.setHeader('retry-after', outcome.waitSeconds)
        return showLogin(opened, { name, problem: waitAgain(outcome.waitSeconds), status: 429 })
      }
      if (outcome === 'busy') {
        record(request, { ...about, decision: 'deny', reason: 'overloaded' })
        return showLogin(opened, { name, problem: busy, status: 503 })
      }
      if (outcome === 'wrong') {
        record(request, { ...about, decision: 'deny', reason: 'wrong_password' })
        return showLogin(opened, { name, problem: wrongPassword, status: 401 })
      }
      record(request, { ...about, decision: 'allow', reason: 'allowed', subject: outcome.name })
      await leaveSession(opened.interaction, outcome.name)
      return finish(response, opened.interaction, { login: { accountId: outcome.name, amr: ['pwd'] } })
    },
  }
}
