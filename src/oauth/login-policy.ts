/**
 * When somebody has to sign in before they are asked anything: where the library's policy says so, and where its session is of an account
 * that is gone, or of another person than is signed in in this browser. Our session is the truth; the library's only remembers.
 *
 * @module
 */

import { interactionPolicy } from 'oidc-provider'
import type { PersonAtBrowser } from './person-at-browser.ts'

export function createLoginPolicy(person: Pick<PersonAtBrowser, 'current'>): interactionPolicy.DefaultPolicy {
  const { Check, base } = interactionPolicy
  const made = base()
  const checks = made.get('login')?.checks
  checks?.add(
    new Check(
      'account_gone',
      'the account is gone',
      'login_required',
      ({ oidc }) => oidc.session?.accountId !== undefined && !oidc.account,
    ),
  )
  checks?.add(
    new Check('person_gone', 'nobody of that name is signed in in this browser', 'login_required', async ({ req, oidc }) => {
      const { accountId } = oidc.session ?? {}
      return accountId !== undefined && (await person.current(req))?.account.name !== accountId
    }),
  )
  return made
}
