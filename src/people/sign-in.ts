/**
 * How somebody shows who they are: password → (second factor | done), passkey → done. Plain steps with plain answers; pages, cookies and
 * the record are not here.
 *
 * An unknown name behaves as a wrong password, in text and in time, and whether an account has a second factor is seen only by whoever has
 * its password. Between the two steps there is a ticket: sealed, five minutes, for the purpose that it was made for (this sign-in at this
 * browser), once, and void after a new password. Fails closed: whatever ended meanwhile ends the sign-in.
 *
 * @module
 */

import { type Clock, createId } from '../core/index.ts'
import type { Counters } from '../storage/index.ts'
import type { KeyRing } from '../vault/index.ts'
import { type Account, isSame } from './account.ts'
import type { Accounts } from './accounts.ts'
import { createAttempts, doubling } from './attempts.ts'
import type { LoginThrottle } from './login-throttle.ts'
import { toName } from './names.ts'
import type { OneTimeCodes } from './one-time-codes.ts'
import type { Passkeys } from './passkeys.ts'
import type { RecoveryCodes } from './recovery-codes.ts'
import { createSealedNotes } from './sealed-notes.ts'
import type { SignInMethod } from './sessions.ts'

export type SecondFactor = 'one-time-code' | 'recovery-code'

/** For the page that asks for the second factor. */
export interface HalfWay {
  readonly ticket: string
  readonly account: string
  readonly offers: readonly SecondFactor[]
}

export type Outcome =
  | { readonly kind: 'signed-in'; readonly account: Account; readonly methods: readonly SignInMethod[] }
  | ({ readonly kind: 'second-factor' } & HalfWay)
  /** `again`: the page of the second factor once more. */
  | { readonly kind: 'wrong'; readonly again?: HalfWay | undefined }
  | { readonly kind: 'wait'; readonly seconds: number; readonly again?: HalfWay | undefined }
  | { readonly kind: 'busy' }
  /** A ticket that is too old, used, for something else, or was tried too often: from the beginning. */
  | { readonly kind: 'expired' }

export interface SignIn {
  password(attempt: {
    readonly name: string
    readonly password: string
    readonly address: string
    /** What the ticket of the next step is for: one sign-in at one browser. */
    readonly purpose: string
  }): Promise<Outcome>
  secondFactor(attempt: {
    readonly ticket: string
    readonly method: SecondFactor
    readonly code: string
    readonly purpose: string
  }): Promise<Outcome>
  /** `answer`: the browser's, as JSON. For challenges of `passkeys.beginSignIn(purpose)`. */
  passkey(attempt: { readonly answer: string; readonly purpose: string }): Promise<Outcome>
}

export interface SignInParts {
  readonly accounts: Pick<Accounts, 'verifyPassword' | 'get'>
  readonly passkeys: Pick<Passkeys, 'verify'>
  readonly oneTimeCodes: Pick<OneTimeCodes, 'since' | 'use'>
  readonly recoveryCodes: Pick<RecoveryCodes, 'left' | 'use'>
  readonly throttle: LoginThrottle
  readonly counters: Counters
  readonly keyRing: KeyRing
  readonly clock: Clock
}

interface Ticket {
  readonly id: string
  readonly account: string
  readonly since: number
  readonly generation: number
}

const TICKET_SECONDS = 300
/** Then the password is asked for again. */
const TRIES_PER_TICKET = 5
/**
 * Whoever tries codes has the password already, so the account is counted whatever the address, and the wait grows longer than for a
 * password: 100 tries a day at most, of which three in a million are right (RFC 4226 §7.3). A person who waits has their passkey.
 */
const CODES = { free: 5, maxWaitSeconds: 900, windowMs: 86_400_000 } as const

export function createSignIn(parts: SignInParts): SignIn {
  const { accounts, passkeys, oneTimeCodes, recoveryCodes, throttle, counters, keyRing, clock } = parts
  const tickets = createSealedNotes<Ticket>({ keyRing, clock, place: 'sign-in-ticket' })
  const attempts = createAttempts(counters)

  async function offersOf(account: Account): Promise<readonly SecondFactor[]> {
    if ((await oneTimeCodes.since(account)) === undefined) return []
    return ((await recoveryCodes.left(account))?.count ?? 0) > 0 ? ['one-time-code', 'recovery-code'] : ['one-time-code']
  }
  async function afterPassword(account: Account, purpose: string): Promise<Outcome> {
    const offers = await offersOf(account)
    if (offers.length === 0) return { kind: 'signed-in', account, methods: ['password'] }
    const { name, since, generation } = account
    const ticket = tickets.write({ id: createId('', 20), account: name, since, generation }, purpose, TICKET_SECONDS)
    return { kind: 'second-factor', ticket, account: name, offers }
  }
  const isRight = (account: Account, method: SecondFactor, code: string): Promise<boolean> =>
    method === 'one-time-code' ? oneTimeCodes.use(account, code) : recoveryCodes.use(account, code)

  return {
    async password({ name, password, address, purpose }) {
      const outcome = await throttle.guard(toName(name), address, async () => {
        const verified = await accounts.verifyPassword(name, password)
        return { right: verified === 'busy' ? undefined : verified !== 'wrong', outcome: verified }
      })
      if (outcome === 'busy') return { kind: 'busy' }
      if (outcome === 'wrong') return { kind: 'wrong' }
      if ('waitSeconds' in outcome) return { kind: 'wait', seconds: outcome.waitSeconds }
      return afterPassword(outcome, purpose)
    },
    async secondFactor({ ticket, method, code, purpose }) {
      const note = tickets.read(ticket, purpose)
      const account = note && (await accounts.get(note.account))
      if (note === undefined || !isSame(account, note)) return { kind: 'expired' }
      const offers = await offersOf(account)
      const again: HalfWay = { ticket, account: account.name, offers }
      if (!offers.includes(method)) return { kind: 'wrong', again }

      const triesKey = `ticket-tries:${note.id}`
      const counted = {
        key: `second-factor:${JSON.stringify([method, account.name, account.since])}`,
        windowMs: CODES.windowMs,
        delayAfter: doubling(CODES.free, CODES.maxWaitSeconds),
      }
      const outcome = await attempts.guard<boolean | 'expired'>(
        counted.key,
        () => [counted],
        async () => {
          const { count } = await counters.increment(triesKey, TICKET_SECONDS * 1000)
          if (count > TRIES_PER_TICKET) return { right: undefined, outcome: 'expired' }
          const right = await isRight(account, method, code)
          // It is used up with the sign-in: no other code is looked at, and none is spent.
          if (right) await counters.increment(triesKey, TICKET_SECONDS * 1000, TRIES_PER_TICKET)
          return { right, outcome: right }
        },
      )
      if (typeof outcome === 'object') return { kind: 'wait', seconds: outcome.waitSeconds, again }
      if (outcome === 'expired') return { kind: 'expired' }
      if (!outcome) return { kind: 'wrong', again }
      if (!(await counters.takeOnce(`ticket:${note.id}`, TICKET_SECONDS))) return { kind: 'expired' }
      // Once more: the code is used, and the account may have ended while it was looked at.
      const now = await accounts.get(account.name)
      return isSame(now, note) ? { kind: 'signed-in', account: now, methods: ['password', method] } : { kind: 'expired' }
    },
    async passkey({ answer, purpose }) {
      // There is nothing to guess, so nothing to slow down.
      const account = await passkeys.verify(purpose, answer)
      return account === undefined ? { kind: 'wrong' } : { kind: 'signed-in', account, methods: ['passkey'] }
    },
  }
}
