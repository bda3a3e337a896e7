/**
 * One-time codes are turned on with a first code that shows that the app has the seed, and off; recovery codes come with them and are
 * shown once. The seed travels in the form, sealed: nothing is kept of a page that somebody leaves.
 *
 * @module
 */

import type { OneTimeCodes, RecoveryCodes } from '../../people/index.ts'
import type { Counters } from '../../storage/index.ts'
import { accountProblem, newCodesPage, type Page, recoveryCodesPage, texts } from '../pages/index.ts'
import { isFirst } from './once.ts'
import { qrOf } from './qr.ts'
import type { Action, Visit } from './visit.ts'

export interface CodesParts {
  readonly codes: OneTimeCodes
  readonly recovery: RecoveryCodes
  readonly counters: Counters
}

/** Guesses at one's own first code, in an hour: the seed is in front of whoever guesses, so that nothing is gained by more. */
const MAX_TRIES = 20
const HOUR_MS = 3_600_000

export function codeActions({ codes, recovery, counters }: CodesParts): readonly Action[] {
  async function show({ account, form, frame, formTo }: Visit, problem?: string): Promise<Page> {
    const { seed, uri, ticket } = (await codes.resume(account, form.get('ticket') ?? '')) ?? (await codes.begin(account))
    return newCodesPage({
      frame,
      target: formTo('/one-time-codes/on'),
      seed,
      uri,
      picture: await qrOf(uri),
      ticket,
      problem,
    })
  }
  const showRecovery = ({ frame }: Visit, made: readonly string[]): Page => recoveryCodesPage({ frame, codes: made })

  return [
    {
      method: 'GET',
      path: '/one-time-codes/on',
      recent: true,
      // They are asked for after the password, and after nothing else.
      run: async (visit) => (visit.account.hasPassword ? show(visit) : accountProblem('unknown', { back: `${visit.frame.base}/security` })),
    },
    {
      method: 'POST',
      path: '/one-time-codes/on',
      recent: true,
      async run(visit) {
        const { account, form, frame, note, noteRefusal } = visit
        if (!account.hasPassword) return accountProblem('unknown', { back: `${frame.base}/security` })
        const { count } = await counters.increment(`account-codes:${JSON.stringify(account.name)}`, HOUR_MS)
        if (count > MAX_TRIES) {
          noteRefusal('one-time-codes.on', 'rate_limited')
          return accountProblem('tooMany', { back: `${frame.base}/security` })
        }
        const outcome = await codes.confirm(account, form.get('ticket') ?? '', form.get('code') ?? '')
        if (outcome === 'there') return accountProblem('twice', { back: `${frame.base}/security` })
        if (outcome !== 'on') {
          noteRefusal('one-time-codes.on', outcome === 'wrong' ? 'wrong_code' : 'expired')
          return show(visit, texts.account.newCodes.wrong)
        }
        note('one-time-codes.on')
        const made = await recovery.renew(account)
        note('recovery-codes.create')
        return showRecovery(visit, made)
      },
    },
    {
      method: 'POST',
      path: '/one-time-codes/off',
      recent: true,
      async run({ account, note }) {
        const wasOn = await codes.turnOff(account)
        await recovery.remove(account)
        if (wasOn) note('one-time-codes.off')
        return { goTo: '/security', ...(wasOn && { done: 'codes-off' }) }
      },
    },
    {
      method: 'POST',
      path: '/recovery-codes',
      recent: true,
      async run(visit) {
        const { account, frame, note } = visit
        if ((await codes.since(account)) === undefined) return accountProblem('unknown', { back: `${frame.base}/security` })
        if (!(await isFirst(counters, visit))) return accountProblem('twice', { back: `${frame.base}/security` })
        const made = await recovery.renew(account)
        note('recovery-codes.create')
        return showRecovery(visit, made)
      },
    },
  ]
}
