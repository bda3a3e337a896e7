/**
 * The steps of a sign-in at a place: a form in, a page or a session out. Who somebody is, is decided elsewhere (`people/sign-in.ts`,
 * `providers.ts`); here it is shown, and put on record.
 *
 *   login ─┬─ signed in        passkey ── signed in        provider ── provider-continue ┈ callback ── signed in
 *          └─ second-factor ── signed in
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from 'node:http'
import { type HalfWay, type Outcome, type People, type SecondFactor, toName } from '../../people/index.ts'
import type { Answer } from '../interaction.ts'
import type { Settings } from '../options.ts'
import { type Page, secondFactorPage, signInPage, texts } from '../pages/index.ts'
import type { Recorder } from '../recorder.ts'
import type { SignInPlace, SignInProviders, SignInStep, Welcome } from '../sign-in-place.ts'
import { clientOf } from './welcome.ts'

export interface SignInStepsParts {
  readonly settings: Pick<Settings, 'addressOf' | 'localAccounts'>
  readonly people: Pick<People, 'accounts' | 'passkeys' | 'signIn'>
  readonly providers: SignInProviders
  readonly welcome: Welcome
  readonly record: Recorder
}

export interface SignInSteps {
  /** The first page of a place. */
  show(place: SignInPlace, shown?: Pick<First, 'name'>): Promise<Page>
  /** A form of the place, whose token has been checked. */
  take(step: SignInStep, request: IncomingMessage, response: ServerResponse, place: SignInPlace, form: URLSearchParams): Answer
}

interface First {
  readonly name?: string | undefined
  readonly problem?: string | undefined
  readonly status?: number | undefined
}

/** What was tried, and how it is shown again where it was wrong. */
interface Tried {
  readonly reason: string
  readonly subject?: string | undefined
  readonly name?: string | undefined
  readonly wrong: string
  readonly wait: (seconds: number) => string
  readonly method?: SecondFactor | undefined
}

const words = texts.signIn
/** The places that an HTML form, a name and a code have. */
const MAX_NAME = 64
const MAX_CODE = 64

export function createSignInSteps({ settings, people, providers, welcome, record }: SignInStepsParts): SignInSteps {
  const { addressOf, localAccounts } = settings
  const { accounts, passkeys, signIn } = people
  const withPasskeys = localAccounts && passkeys.available

  async function first(place: SignInPlace, shown: First): Promise<Page> {
    return signInPage({
      place,
      ...shown,
      empty: localAccounts && providers.choices.length === 0 && (await accounts.isEmpty()),
      passwords: localAccounts,
      passkey: withPasskeys ? JSON.stringify(await passkeys.beginSignIn(place.purpose)) : undefined,
      providers: providers.choices,
    })
  }
  const show = (place: SignInPlace, shown: First, half: HalfWay | undefined, tried?: SecondFactor): Page | Promise<Page> =>
    half === undefined
      ? first(place, shown)
      : secondFactorPage({ place, ticket: half.ticket, offers: half.offers, tried, problem: shown.problem, status: shown.status })

  async function answer(request: IncomingMessage, response: ServerResponse, place: SignInPlace, outcome: Outcome, tried: Tried): Answer {
    const { name, method } = tried
    const again = (shown: First, half?: HalfWay) => show(place, { name, ...shown }, half, method)
    const refuse = (reason: string, account?: string): void =>
      record(request, { decision: 'deny', reason, action: 'sign-in', subject: account ?? tried.subject, ...clientOf(place.asks) })
    switch (outcome.kind) {
      case 'signed-in':
        return welcome(request, response, { account: outcome.account, methods: outcome.methods, asks: place.asks, next: place.next })
      case 'second-factor':
        // Whoever has somebody's password and gets no further is seen, too.
        refuse('code_asked_for', outcome.account)
        return show(place, {}, outcome)
      case 'wrong':
        refuse(tried.reason, outcome.again?.account)
        return again({ problem: tried.wrong, status: 401 }, outcome.again)
      case 'wait':
        refuse('rate_limited', outcome.again?.account)
        response.setHeader('retry-after', outcome.seconds)
        return again({ problem: tried.wait(outcome.seconds), status: 429 }, outcome.again)
      case 'busy':
        refuse('overloaded')
        return again({ problem: words.busy, status: 503 })
      case 'expired':
        refuse('expired')
        return first(place, { name, problem: words.tooLate, status: 400 })
    }
  }
  async function password(request: IncomingMessage, response: ServerResponse, place: SignInPlace, form: URLSearchParams): Answer {
    const name = (form.get('name') ?? '').slice(0, MAX_NAME)
    const typed = { name, password: form.get('password') ?? '', address: addressOf(request), purpose: place.purpose }
    // What cannot be a name may be the password, typed into the wrong field.
    const subject = accounts.problemWithNew({ name }) === undefined ? toName(name) : undefined
    const tried: Tried = { reason: 'wrong_password', subject, name, wrong: words.wrong, wait: words.wait }
    return answer(request, response, place, await signIn.password(typed), tried)
  }
  async function secondFactor(request: IncomingMessage, response: ServerResponse, place: SignInPlace, form: URLSearchParams): Answer {
    const recovery = form.get('recovery_code')
    const method: SecondFactor = recovery === null ? 'one-time-code' : 'recovery-code'
    const code = (recovery ?? form.get('one_time_code') ?? '').slice(0, MAX_CODE)
    const { wrong, wrongRecovery, wait } = texts.secondFactor
    const tried: Tried = { reason: 'wrong_code', wrong: recovery === null ? wrong : wrongRecovery, wait, method }
    const outcome = await signIn.secondFactor({ ticket: form.get('ticket') ?? '', method, code, purpose: place.purpose })
    return answer(request, response, place, outcome, tried)
  }
  async function passkey(request: IncomingMessage, response: ServerResponse, place: SignInPlace, form: URLSearchParams): Answer {
    const given = { answer: form.get('credential') ?? '', purpose: place.purpose }
    const tried: Tried = { reason: 'wrong_passkey', wrong: words.wrongPasskey, wait: words.wait }
    return answer(request, response, place, await signIn.passkey(given), tried)
  }
  /** A way of signing in that this server does not have. No page of ours has its form. */
  function refuseWay(request: IncomingMessage, place: SignInPlace): Promise<Page> {
    record(request, { decision: 'deny', reason: 'not_offered', action: 'sign-in', ...clientOf(place.asks) })
    return first(place, { status: 403 })
  }
  return {
    show: (place, shown = {}) => first(place, shown),
    async take(step, request, response, place, form) {
      switch (step) {
        case 'login':
          return localAccounts ? password(request, response, place, form) : refuseWay(request, place)
        case 'second-factor':
          return localAccounts ? secondFactor(request, response, place, form) : refuseWay(request, place)
        case 'passkey':
          return withPasskeys ? passkey(request, response, place, form) : refuseWay(request, place)
        case 'provider':
          return providers.choose(request, response, place, form)
        case 'provider-continue':
          return providers.forward(request, response, place, form)
      }
    },
  }
}
