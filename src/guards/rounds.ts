/**
 * Work that needs something of its caller before it can end: asks for it, and goes on with the answer.
 *
 *   execute ─ input needed ─▶ [rounds] ─▶ an `input_required` result, and the retry that brings the answers (2026-07-28)
 *                                      └▶ requests on the caller's stream, and the work run again (legacy revisions)
 *
 * Whoever writes an executor writes it once for both. Fails closed: what the caller has not declared is not asked, a state that
 * is not ours or was used before is refused, and what cannot be asked ends the call.
 *
 * @module
 */

import {
  type Approved,
  type Authorized,
  allow,
  type Clock,
  type Conclusion,
  createId,
  createTally,
  type Decision,
  deny,
  type Execution,
  type Final,
  type Input,
  type InputRequests,
  type InputResponses,
  type JsonObject,
  type Produced,
  principalKey,
  type Resume,
} from '../core/index.ts'
import { isAskable } from '../protocol/index.ts'
import type { Counters } from '../storage/index.ts'
import type { KeyRing } from '../vault/index.ts'
import type { Asks } from './asks.ts'
import { type InputCheck, isResponses } from './input-check.ts'
import { createRequestStates, MAX_STATE_CHARACTERS, STATE_LIFETIME_SECONDS } from './request-state.ts'

export interface RoundsOptions {
  readonly keyRing: KeyRing
  readonly counters: Counters
  readonly asks: Asks
  readonly check: InputCheck
  readonly clock: Clock
}

/** Produced by an executor that wants something of the caller. */
export type Asking = Extract<Produced, { readonly kind: 'input' }>
/** Runs the executor, with what the caller has answered. */
export type Run = (input: Input | undefined, resume: Resume | undefined) => Execution

export interface Rounds {
  /** For `validate`: what a retry brings; undefined for a first call. */
  open(request: Authorized): Decision<Input | undefined>
  /** For `execute`: the first run, or the one that a retry goes on with. */
  begin(request: Approved, run: Run): Execution
  /** Until there is an end of it, or the caller's turn. */
  further(request: Approved, asking: Asking, run: Run): Conclusion
}

export const MAX_ROUNDS = 16
/** Work that waits for a caller that may never come back. */
const MAX_PARKED = 1_000
const MAX_PARKED_EACH = 8

interface Opened extends Input {
  readonly nonce: string
  readonly parked: string | undefined
  readonly round: number
}
interface Parked {
  readonly resume: Resume
  readonly timer: NodeJS.Timeout
  readonly leave: () => void
}

export function createRounds({ keyRing, counters, asks, check, clock }: RoundsOptions): Rounds {
  const states = createRequestStates({ keyRing, clock })
  const parked = new Map<string, Parked>()
  const places = createTally()

  function park(owner: string, resume: Resume, abandon: (() => void) | undefined): string | undefined {
    const leave = parked.size < MAX_PARKED ? places.take(owner, MAX_PARKED_EACH) : undefined
    if (!leave) return undefined
    const id = createId('', 24)
    const timer = setTimeout(() => {
      unpark(id)
      abandon?.()
    }, STATE_LIFETIME_SECONDS * 1000)
    timer.unref()
    parked.set(id, { resume, timer, leave })
    return id
  }
  function unpark(id: string): Resume | undefined {
    const found = parked.get(id)
    if (!found) return undefined
    clearTimeout(found.timer)
    parked.delete(id)
    found.leave()
    return found.resume
  }

  /** What the caller is told, and what it is to bring back. */
  function hand({ principal, message, input }: Approved, asking: Asking): Decision<Final> {
    const { requests, state, resume, abandon } = asking
    const { responses = {}, round = 0 } = (input as Opened | undefined) ?? {}
    const waiting = resume && park(principalKey(principal), resume, abandon)
    if (resume && waiting === undefined)
      return giveUp(asking, deny({ reason: 'overloaded', problem: 'Too many calls wait for an answer of this caller already.' }))
    const asked = toAsked(requests)
    const requestState = states.seal(principal, message, { asked, responses, state, parked: waiting, round: round + 1 })
    if (requestState === undefined) {
      if (waiting !== undefined) unpark(waiting)
      return giveUp(asking, deny({ reason: 'result_too_large', limitBytes: MAX_STATE_CHARACTERS }))
    }
    const inputRequests = Object.keys(requests).length > 0 ? { inputRequests: requests } : {}
    return allow({ kind: 'result', result: { resultType: 'input_required', ...inputRequests, requestState } })
  }

  /** Legacy: the caller is asked on its stream, everything at once. */
  async function converse(request: Approved, asking: Asking, run: Run): Promise<Decision<Final>> {
    let responses: InputResponses = {}
    let next: Asking = asking
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const answers = await Promise.all(
        Object.entries(next.requests).map(async ([key, asked]) => [key, await asks.ask(request, asked)] as const),
      )
      const latest: Record<string, JsonObject> = {}
      for (const [key, answer] of answers) {
        if (!answer.allowed) return giveUp(next, answer)
        latest[key] = answer.value
      }
      const wrong = check.responses(next.requests, latest)
      if (wrong)
        return giveUp(next, deny({ reason: 'input_refused', sentence: `The caller's answer cannot be used: ${wrong.path} ${wrong.rule}.` }))
      responses = { ...responses, ...latest }
      const outcome = await run({ responses, latest, state: next.state }, next.resume)
      if (!outcome.allowed) return outcome
      const { value } = outcome
      if (value.kind !== 'input') return allow(value)
      next = value
      const refused = refusal(request, next)
      if (refused) return giveUp(next, refused)
    }
    return giveUp(
      next,
      deny({ reason: 'input_refused', sentence: `The call asked for input more than ${MAX_ROUNDS} times and was stopped.` }),
    )
  }

  /** Work that waits for an answer is told that there will be none. */
  function giveUp(asking: Asking, outcome: Decision<never>): Decision<never> {
    asking.abandon?.()
    return outcome
  }

  /** Why the caller may not be asked this. */
  function refusal({ message: { method, capabilities } }: Approved, { requests }: Asking): Decision<never> | undefined {
    if (!isAskable(method)) throw new TypeError(`an executor asked for input during ${method}`)
    const refused = check.refusal(requests, capabilities)
    return refused && deny(refused)
  }

  return {
    open({ message, principal }) {
      const { requestState, inputResponses } = message.params
      if (message.era === 'legacy' || !isAskable(message.method)) return none
      if (inputResponses !== undefined && !isResponses(inputResponses))
        return invalid('params.inputResponses must be an object of results.')
      // Answers to what was not asked are nobody's (§error handling).
      if (requestState === undefined) return none
      const opened = typeof requestState === 'string' ? states.open(principal, message, requestState) : undefined
      if (!opened || opened.round > MAX_ROUNDS)
        return invalid('params.requestState is not valid for this request, or has expired: start again without it.')
      const latest = pick(opened.asked, inputResponses ?? {})
      const wrong = check.responses(opened.asked, latest)
      if (wrong) return invalid(`params.${wrong.path} ${wrong.rule}.`)
      const { nonce, parked, round, state } = opened
      const input: Opened = { responses: { ...opened.responses, ...latest }, latest, state, nonce, parked, round }
      return allow(input)
    },
    begin({ input }, run) {
      if (!input) return run(undefined, undefined)
      const { nonce, parked: waiting } = input as Opened
      const proceed = (isFirst: boolean): Execution => {
        if (!isFirst) return invalid('params.requestState was used already: start again without it.')
        const resume = waiting === undefined ? undefined : unpark(waiting)
        if (waiting !== undefined && !resume) return invalid('What params.requestState goes on with has ended: start again without it.')
        return run(input, resume)
      }
      const taken = counters.takeOnce(`request-state ${nonce}`, STATE_LIFETIME_SECONDS)
      return taken instanceof Promise ? taken.then(proceed) : proceed(taken)
    },
    further(request, asking, run) {
      const refused = refusal(request, asking)
      if (refused) return giveUp(asking, refused)
      return request.message.era === 'modern' ? hand(request, asking) : converse(request, asking, run)
    },
  }
}

const none: Decision<undefined> = allow(undefined)
const invalid = (problem: string): Decision<never> => deny({ reason: 'invalid_params', problem })

/** As much of each request as the check of its answer needs: what is asked may be long, and it travels to the caller and back. */
const toAsked = (requests: InputRequests): InputRequests =>
  Object.fromEntries(
    Object.entries(requests).map(([key, { method, params }]) => {
      const { mode, requestedSchema } = params
      return [key, { method, params: method === 'elicitation/create' ? { mode, requestedSchema } : {} }]
    }),
  )

/** Of `responses`, those that were asked for. */
const pick = (asked: InputRequests, responses: InputResponses): InputResponses =>
  Object.fromEntries(Object.entries(responses).filter(([key]) => Object.hasOwn(asked, key)))
