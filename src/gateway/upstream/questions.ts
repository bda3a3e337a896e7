/**
 * What a legacy upstream asks of its client while it works on a call (2025-11-25 sampling, elicitation, roots): the caller of that
 * call is asked (`guards/rounds`), the call goes on with its answers, and its deadline does not run meanwhile.
 *
 *   the upstream asks ─▶ whose is it? (`attribution`) ─▶ can they answer? ─▶ the call answers `input` ─▶ … ─▶ resume ─▶ the upstream
 *
 * Fails closed: a question that could be somebody else's, that the caller cannot answer or that is too large is answered with
 * an error at once, and one whose call has ended likewise.
 *
 * @module
 */

import {
  allow,
  type Clock,
  type Decision,
  type Execution,
  type InputRequest,
  type InputResponses,
  type JsonObject,
  type Produced,
  type RequestId,
} from '../../core/index.ts'
import { INTERNAL_ERROR, INVALID_PARAMS, isAskable, isObject, lacking, METHOD_NOT_FOUND } from '../../protocol/index.ts'
import type { Attribution } from './attribution.ts'
import type { Caller, Exchange, ExchangeTable } from './exchange.ts'
import { MAX_ASKED_CHARACTERS, toRequest } from './input-required.ts'
import type { Odd } from './oddities.ts'

export interface QuestionsOptions {
  readonly table: ExchangeTable
  readonly attribution: Attribution
  readonly clock: Clock
  /** Sends the answer to a request of the upstream's. */
  readonly answer: (message: JsonObject) => void
  /** Gives a call up, and tells the upstream. */
  readonly cancel: (call: number) => void
  readonly odd: Odd
}

export interface Questions {
  /** `via`: the call whose stream it came on. */
  ask(id: RequestId, method: Method, params: unknown, via: number | undefined): void
  /** The upstream does not want an answer any more. */
  withdraw(id: unknown): void
}

type Method = InputRequest['method']

const methods = new Set<string>(['sampling/createMessage', 'elicitation/create', 'roots/list'] satisfies Method[])
export const isQuestion = (method: string): method is Method => methods.has(method)

interface Question {
  readonly id: RequestId
  readonly request: InputRequest
  readonly characters: number
}
/** A call whose upstream has asked something. */
interface Asking {
  readonly call: number
  readonly exchange: Exchange
  /** How long one stretch of the call may take, between questions. */
  readonly stretchMs: number
  /** To be handed to the caller, and what it has been handed, by the key it is to answer under. */
  readonly next: Map<string, Question>
  readonly handed: Map<string, Question>
  /** Ends the stretch that is running; undefined while it is the caller's turn. */
  settle: ((outcome: Decision<Produced>) => void) | undefined
  outcome: Decision<Produced> | undefined
  asked: number
}

/** Questions that are asked together are handed over together. */
const GATHER_MS = 10
/** Beyond the lifetime of what a caller is handed (`guards/request-state`): whatever forgets a call that waits, this does not. */
const CALLERS_TURN_MS = 11 * 60_000
const MAX_OPEN = 16

/** What a client says whose user does not want to (2025-11-25 sampling §Error Handling). */
const REJECTED = -1

export function createQuestions({ table, attribution, clock, answer, cancel, odd }: QuestionsOptions): Questions {
  const asking = new Map<number, Asking>()

  function refuse(id: RequestId, code: number, message: string): void {
    answer({ jsonrpc: '2.0', id, error: { code, message } })
  }

  /** Of several calls of one caller it is asked on the one that has the fewest to answer: the answer belongs to the question. */
  function choose(calls: readonly number[], request: InputRequest): number | undefined {
    let chosen: number | undefined
    let fewest = Number.POSITIVE_INFINITY
    for (const call of calls) {
      const exchange = table.get(call)
      if (!exchange?.caller || !isAskable(exchange.method) || lacking(exchange.caller.capabilities, request)) continue
      const one = asking.get(call)
      const count = one ? one.next.size + one.handed.size : 0
      if (count >= fewest) continue
      chosen = call
      fewest = count
    }
    return chosen
  }

  function begin(call: number, exchange: Exchange): Asking {
    const one: Asking = {
      call,
      exchange,
      stretchMs: exchange.deadlineAt - exchange.startedAt,
      next: new Map(),
      handed: new Map(),
      settle: exchange.settle,
      outcome: undefined,
      asked: 0,
    }
    asking.set(call, one)
    exchange.settle = (outcome) => end(one, outcome)
    return one
  }

  /** Whatever ends the call ends its questions. */
  function end(one: Asking, outcome: Decision<Produced>): void {
    asking.delete(one.call)
    for (const { id } of [...one.handed.values(), ...one.next.values()]) refuse(id, REJECTED, 'The call that this was asked for has ended.')
    one.outcome = outcome
    one.settle?.(outcome)
    one.settle = undefined
  }

  /** It is the caller's turn. */
  function hand(one: Asking): void {
    const { settle, next, handed, exchange, call } = one
    if (!settle || next.size === 0) return
    for (const [key, question] of next) handed.set(key, question)
    next.clear()
    one.settle = undefined
    exchange.deadlineAt = clock() + CALLERS_TURN_MS
    const requests = Object.fromEntries([...handed].map(([key, { request }]) => [key, request]))
    settle(allow({ kind: 'input', requests, resume: (responses, caller) => resume(one, responses, caller), abandon: () => cancel(call) }))
  }

  /** `caller`: the request that brings the answers. */
  function resume(one: Asking, responses: InputResponses, caller: Caller): Execution {
    const { handed, next, exchange, stretchMs, call } = one
    if (one.outcome) return one.outcome
    for (const [key, question] of handed) {
      // What was left unanswered is asked again.
      if (Object.hasOwn(responses, key)) answer({ jsonrpc: '2.0', id: question.id, result: responses[key] })
      else next.set(key, question)
    }
    handed.clear()
    exchange.deadlineAt = clock() + stretchMs
    exchange.caller = caller
    caller.onAbort(() => cancel(call))
    return new Promise((settle) => {
      one.settle = settle
      if (next.size > 0) hand(one)
    })
  }

  return {
    ask(id, method, params, via) {
      const request = toRequest(method, withoutToken(params))
      if (!request) return refuse(id, INVALID_PARAMS, 'Its params must be an object.')
      const calls = attribution.callsOfOneCaller(via)
      if (calls.length === 0) {
        odd('a question that belongs to no call, or to one of several callers')
        return refuse(id, INTERNAL_ERROR, 'It cannot be told which caller this is for.')
      }
      const call = choose(calls, request)
      const exchange = call === undefined ? undefined : table.get(call)
      if (call === undefined || !exchange) return refuse(id, ...unable(request))
      const one = asking.get(call) ?? begin(call, exchange)
      const characters = JSON.stringify(request).length
      const open = [...one.next.values(), ...one.handed.values()]
      if (open.length >= MAX_OPEN || open.reduce((sum, each) => sum + each.characters, characters) > MAX_ASKED_CHARACTERS)
        return refuse(id, INVALID_PARAMS, `At most ${MAX_OPEN} questions of ${MAX_ASKED_CHARACTERS} characters can be open in one call.`)
      one.next.set(`question-${++one.asked}`, { id, request, characters })
      if (one.next.size === 1) setTimeout(hand, GATHER_MS, one)
    },
    withdraw(id) {
      for (const { next, handed } of asking.values())
        for (const questions of [next, handed]) for (const [key, question] of questions) if (question.id === id) questions.delete(key)
    },
  }
}

/** Progress on its question is the upstream's and ours to speak of: a caller's has no way to it. */
function withoutToken(params: unknown): unknown {
  if (!isObject(params) || !isObject(params._meta) || params._meta.progressToken === undefined) return params
  const { progressToken: _, ...meta } = params._meta
  return { ...params, _meta: meta }
}

/** What a client says that has not declared it (2025-11-25 elicitation §Error Handling, roots likewise). */
function unable({ method, params }: InputRequest): [code: number, message: string] {
  return method === 'elicitation/create' && params.mode === 'url'
    ? [INVALID_PARAMS, 'The caller does not support this mode of elicitation.']
    : [METHOD_NOT_FOUND, `The caller does not support ${method}.`]
}
