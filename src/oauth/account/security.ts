/** How a person signs in: one page that shows it, with the ways to each change. @module */

import type { OneTimeCodes, Passkeys, RecoveryCodes } from '../../people/index.ts'
import { securityPage } from '../pages/index.ts'
import { newOnce } from './once.ts'
import type { Action } from './visit.ts'

export interface SecurityParts {
  readonly passkeys: Passkeys
  readonly codes: OneTimeCodes
  readonly recovery: RecoveryCodes
  /** What an identity provider is called, by its issuer. */
  readonly providerName: (issuer: string) => string
}

export function securityActions({ passkeys, codes, recovery, providerName }: SecurityParts): readonly Action[] {
  return [
    {
      method: 'GET',
      path: '/security',
      async run({ account, frame, formTo, now, signInAgain }) {
        const [own, codesSince, left] = await Promise.all([passkeys.list(account), codes.since(account), recovery.left(account)])
        return securityPage({
          frame,
          now,
          signInAgain,
          once: newOnce(),
          hasPassword: account.hasPassword,
          provider: account.identity && providerName(account.identity.provider),
          passkeys: passkeys.available && account.identity === undefined ? own : undefined,
          codesSince,
          recoveryLeft: codesSince === undefined ? undefined : (left?.count ?? 0),
          rename: formTo('/passkeys/rename'),
          remove: formTo('/passkeys/remove'),
          turnOff: formTo('/one-time-codes/off'),
          renew: formTo('/recovery-codes'),
        })
      },
    },
  ]
}
