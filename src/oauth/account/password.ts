/**
 * A new password, by whoever knows the one before: an open browser that somebody finds does not do. Wrong ones are slowed down as at the
 * sign-in, by the same counts.
 *
 * @module
 */

import { type Accounts, type LoginThrottle, MIN_PASSWORD } from '../../people/index.ts'
import type { Settings } from '../options.ts'
import { accountProblem, type Page, passwordPage, texts } from '../pages/index.ts'
import type { Action, Visit } from './visit.ts'

export interface PasswordParts {
  readonly accounts: Pick<Accounts, 'verifyPassword' | 'setPassword'>
  readonly throttle: LoginThrottle
  readonly settings: Pick<Settings, 'addressOf'>
}

export function passwordActions({ accounts, throttle, settings }: PasswordParts): readonly Action[] {
  const words = texts.account.password
  const show = ({ frame, formTo }: Visit, problem?: string, status = 400): Page =>
    passwordPage({ frame, target: formTo('/password'), least: MIN_PASSWORD, problem, status: problem === undefined ? 200 : status })

  /** Undefined where it is right. */
  async function problemWith(
    { account, request, response }: Visit,
    password: string,
  ): Promise<{ status: number; problem: string } | undefined> {
    const checked = await throttle.guard(account.name, settings.addressOf(request), async () => {
      const found = await accounts.verifyPassword(account.name, password)
      return { right: found === 'busy' ? undefined : found !== 'wrong', outcome: found }
    })
    if (checked === 'wrong') return { status: 403, problem: words.wrong }
    if (checked === 'busy') return { status: 503, problem: words.busy }
    if (!('waitSeconds' in checked)) return undefined
    response.setHeader('retry-after', checked.waitSeconds)
    return { status: 429, problem: words.wait(checked.waitSeconds) }
  }
  return [
    {
      method: 'GET',
      path: '/password',
      recent: true,
      run: async (visit) => (visit.account.hasPassword ? show(visit) : accountProblem('unknown', { back: `${visit.frame.base}/security` })),
    },
    {
      method: 'POST',
      path: '/password',
      recent: true,
      async run(visit) {
        const { account, session, form, frame, note, noteRefusal } = visit
        if (!account.hasPassword) return accountProblem('unknown', { back: `${frame.base}/security` })
        const [now, next, again] = ['now', 'next', 'again'].map((name) => form.get(name) ?? '') as [string, string, string]
        if (next !== again) return show(visit, words.notTheSame)
        const wrong = await problemWith(visit, now)
        if (wrong !== undefined) {
          noteRefusal('password.change', wrong.status === 403 ? 'wrong_password' : wrong.status === 429 ? 'rate_limited' : 'overloaded')
          return show(visit, wrong.problem, wrong.status)
        }
        if (next === now) return show(visit, words.same)
        const made = await accounts.setPassword(account.name, next, { keepSession: session.id, of: account })
        if ('problem' in made) return show(visit, made.problem)
        note('password.change')
        return { goTo: '/security', done: 'password-changed' }
      },
    },
  ]
}
