/**
 * Requests of ours to a caller of the legacy revisions, and their answers (2025-11-25 sampling, elicitation, roots). A request
 * goes out on the stream of the call that needs it; its answer comes in as a message of its own, through the whole pipeline,
 * and counts only where it comes from the same principal and names an id that nobody can guess.
 *
 * Fails closed: no answer in time, an error, or a caller that goes away ends the call that asked.
 *
 * @module
 */

import {
  type Approved,
  allow,
  createId,
  type Decision,
  deny,
  type InputRequest,
  type JsonObject,
  type Outgoing,
  type Principal,
  principalKey,
} from '../core/index.ts'
import { isObject } from '../protocol/index.ts'

export interface AsksOptions {
  /** How long a caller, and the person behind it, may take to answer. */
  readonly answerSeconds: number
  /** What a message to the caller looks like once it may leave (`guards/release`). */
  readonly releaseMessage: (message: Outgoing) => Outgoing | undefined
}

export interface Asks {
  /** Resolves with the caller's result, as it came. */
  ask(request: Approved, asked: InputRequest): Promise<Decision<JsonObject>>
  /** The caller has answered. An answer to nothing, or to somebody else's request, is ignored. */
  answer(principal: Principal, params: JsonObject): void
}

interface Waiting {
  readonly owner: string
  readonly settle: (decision: Decision<JsonObject>) => void
}

const unanswered = (sentence: string): Decision<never> => deny({ reason: 'input_refused', sentence })

export function createAsks({ answerSeconds, releaseMessage }: AsksOptions): Asks {
  const waiting = new Map<string, Waiting>()

  return {
    ask(request, { method, params }) {
      const id = createId('ask_', 24)
      const message = releaseMessage({ id, method, params })
      if (!message) return Promise.resolve(unanswered('What had to be asked of the caller is too large to send.'))
      return new Promise((resolve) => {
        const settle = (decision: Decision<JsonObject>): void => {
          if (!waiting.delete(id)) return
          clearTimeout(timer)
          resolve(decision)
        }
        const timer = setTimeout(() => {
          request.send({ method: 'notifications/cancelled', params: { requestId: id, reason: 'no answer in time' } })
          settle(unanswered(`The caller did not answer within ${answerSeconds} seconds.`))
        }, answerSeconds * 1000)
        waiting.set(id, { owner: principalKey(request.principal), settle })
        request.onCancel(() => settle(deny({ reason: 'cancelled' })))
        request.send(message)
      })
    },
    answer(principal, { id, result }) {
      const asked = typeof id === 'string' ? waiting.get(id) : undefined
      if (!asked || asked.owner !== principalKey(principal)) return
      asked.settle(isObject(result) ? allow(result) : unanswered('The caller refused to answer what the call needs.'))
    },
  }
}
