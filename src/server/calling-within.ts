/**
 * Calls a tool in the course of another call, for its caller: through the whole pipeline, from its beginning. There is no other way from
 * an executor to a tool.
 *
 *   snippet ─▶ callWithin ─▶ pipeline.handle ─▶ its own decision, its own record ─▶ what may leave, or a sentence
 *
 * Fails closed: whatever is not a result that was released is an error.
 *
 * @module
 */

import type { Call, Clock, JsonObject } from '../core/index.ts'
import { type AskedWithin, receivedWithin } from '../guards/index.ts'
import type { Pipeline } from '../pipeline/index.ts'
import { isObject } from '../protocol/index.ts'

/** `call`: what was approved, and runs. Nothing else can ask. */
export type CallWithin = (call: Call, asked: AskedWithin) => Promise<CalledWithin>
export type CalledWithin = { readonly result: JsonObject } | { readonly error: string }

export function createCallWithin(pipeline: () => Pick<Pipeline, 'handle'>, clock: Clock): CallWithin {
  return async function callWithin(call, asked) {
    const { body } = await pipeline().handle(receivedWithin(call, asked, clock))
    const answer: unknown = body === undefined ? undefined : JSON.parse(body)
    const { result, error } = isObject(answer) ? answer : {}
    if (isObject(result)) {
      const { resultType = 'complete' } = result
      return resultType === 'complete' ? { result } : { error: `The tool ${asked.tool} wants something of its caller first.` }
    }
    return { error: isObject(error) && typeof error['message'] === 'string' ? error['message'] : 'The call failed.' }
  }
}
