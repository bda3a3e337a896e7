/**
 * What a function is told of the call that it answers, and what it can say while it works. A class with getters over the call,
 * since one is made for every call and most functions never look at it: what is not asked for is not made.
 *
 * What is said goes out through `release`, redacted and bounded like a result. It lasts as long as the call: what is said later
 * goes nowhere.
 *
 * @module
 */

import {
  type Call,
  type InputRequests,
  type InputResponses,
  type JsonObject,
  type LogLevel,
  NOTHING,
  type Principal,
} from '../../core/index.ts'
import { InputRequired } from './input-required.ts'

export interface CallContext {
  /** Who is calling. Frozen. */
  readonly principal: Principal
  /** Aborted when the caller goes away or the deadline passes: give it to what takes long. */
  readonly signal: AbortSignal
  /** What the caller says that it can do. */
  readonly capabilities: JsonObject
  /** What the caller has answered to what was asked with `ask`, by name; empty in the first round. */
  readonly answers: InputResponses
  /** What was given to `ask` beside the requests. */
  readonly state: unknown
  /** Tells how far the work is, if the caller wants to know. `progress` must grow (2026-07-28 progress). */
  progress(progress: number, total?: number, message?: string): void
  /** Tells the caller what happens, if it wants to hear of that level. */
  log(level: LogLevel, data: unknown, logger?: string): void
  /** To be returned: asks the caller, and runs the function again with the answers. */
  ask(requests: InputRequests, state?: unknown): InputRequired
}

export class RunningContext implements CallContext {
  readonly #call: Call
  #asked: InputRequired | undefined
  #progress = Number.NEGATIVE_INFINITY

  constructor(call: Call) {
    this.#call = call
  }

  get principal(): Principal {
    return this.#call.principal
  }
  get signal(): AbortSignal {
    return this.#call.signal
  }
  get capabilities(): JsonObject {
    return this.#call.capabilities
  }
  get answers(): InputResponses {
    return this.#call.input?.responses ?? NOTHING
  }
  get state(): unknown {
    return this.#call.input?.state
  }

  // Read as values, so that `execute(params, { progress, log })` works: made when they are asked for.
  get progress(): CallContext['progress'] {
    return (progress, total, message) => this.#tell(progress, total, message)
  }
  get log(): CallContext['log'] {
    return (level, data, logger) => {
      if (this.#call.logLevel === undefined) return
      this.#call.notify({ method: 'notifications/message', params: { level, data, ...(logger === undefined ? {} : { logger }) } })
    }
  }
  get ask(): CallContext['ask'] {
    return (requests, state) => (this.#asked = new InputRequired(requests, state))
  }

  /** @throws {TypeError} where a question was made and something else was answered: nobody would ever be asked. */
  static requireAsked(context: RunningContext): void {
    if (context.#asked) throw new TypeError('context.ask(…) was called and not returned: write `return ask(…)`')
  }

  #tell(progress: number, total: number | undefined, message: string | undefined): void {
    const { progressToken } = this.#call.meta
    if (progressToken === undefined || !(progress > this.#progress)) return
    this.#progress = progress
    const more = { ...(total === undefined ? {} : { total }), ...(message === undefined ? {} : { message }) }
    this.#call.notify({ method: 'notifications/progress', params: { progressToken, progress, ...more } })
  }
}
