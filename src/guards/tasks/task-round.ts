/**
 * What a task asks of its caller while it works, and what of it has been answered (tasks extension §task update requests). Answers
 * may come one by one; once none is missing, the work is run again with all of them. Pure.
 *
 * @module
 */

import type { Input, InputRequests, InputResponses } from '../../core/index.ts'
import type { Asking } from '../rounds.ts'

export interface TaskRound {
  readonly number: number
  /** Under keys of ours. */
  readonly outstanding: InputRequests
  /** Of this round so far, under the executor's own keys, like all responses. */
  readonly answered: InputResponses
  /** Of the rounds before, those before the task began included. */
  readonly earlier: InputResponses
  /** What the executor wanted to have back. */
  readonly state?: unknown
}

/** In a store, and sent to the caller again with each poll. */
export const MAX_ROUND_CHARACTERS: number = 64 * 1024

export const firstRound = (input: Input | undefined): TaskRound => ({
  number: 0,
  outstanding: {},
  answered: {},
  earlier: input?.responses ?? {},
})

/** The number keeps an executor that asks for the same thing twice from using a key twice in a task's life. */
export function toAsking(before: TaskRound, { requests, state }: Asking): TaskRound {
  const number = before.number + 1
  const outstanding = Object.fromEntries(Object.entries(requests).map(([key, request]) => [`${number}.${key}`, request]))
  return { number, outstanding, answered: {}, earlier: responsesOf(before), state }
}

/** Of `responses`, those that are waited for: unknown and earlier keys are ignored. */
export const awaited = ({ outstanding }: TaskRound, responses: InputResponses): InputResponses =>
  Object.fromEntries(Object.entries(responses).filter(([key]) => Object.hasOwn(outstanding, key)))

/** `responses` are `awaited` ones. */
export function toAnswered(round: TaskRound, responses: InputResponses): TaskRound {
  const given = Object.entries(responses).map(([key, response]) => [key.slice(key.indexOf('.') + 1), response] as const)
  const outstanding = Object.fromEntries(Object.entries(round.outstanding).filter(([key]) => !Object.hasOwn(responses, key)))
  return { ...round, outstanding, answered: { ...round.answered, ...Object.fromEntries(given) } }
}

export const isAnswered = ({ outstanding }: TaskRound): boolean => Object.keys(outstanding).length === 0
export const fits = (round: TaskRound): boolean => JSON.stringify(round).length <= MAX_ROUND_CHARACTERS

export const inputOf = (round: TaskRound): Input => ({ responses: responsesOf(round), latest: round.answered, state: round.state })
const responsesOf = ({ earlier, answered }: TaskRound): InputResponses => ({ ...earlier, ...answered })
