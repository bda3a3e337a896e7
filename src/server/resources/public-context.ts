/**
 * The context of a resource that anybody may keep: it notices when `read` looks at who is asking. A result that may depend on
 * the caller is private, whatever its definition says (2026-07-28 caching §choosing a cache scope, RS21).
 *
 * Fails closed: a member that is added to the context does not compile until it is said here whether it tells of the caller.
 *
 * @module
 */

import type { InputRequests, InputResponses, JsonObject, LogLevel, Principal } from '../../core/index.ts'
import type { CallContext } from '../definitions/context.ts'
import type { InputRequired } from '../definitions/input-required.ts'

export class PublicContext implements CallContext {
  readonly #context: CallContext
  #hasLooked = false

  constructor(context: CallContext) {
    this.#context = context
  }

  /** Whether anything of the caller was looked at. */
  static hasLooked(context: PublicContext): boolean {
    return context.#hasLooked
  }
  get #caller(): CallContext {
    this.#hasLooked = true
    return this.#context
  }

  get principal(): Principal {
    return this.#caller.principal
  }
  get capabilities(): JsonObject {
    return this.#caller.capabilities
  }
  get answers(): InputResponses {
    return this.#caller.answers
  }
  get state(): unknown {
    return this.#caller.state
  }
  ask(requests: InputRequests, state?: unknown): InputRequired {
    return this.#caller.ask(requests, state)
  }

  get signal(): AbortSignal {
    return this.#context.signal
  }
  progress(progress: number, total?: number, message?: string): void {
    this.#context.progress(progress, total, message)
  }
  log(level: LogLevel, data: unknown, logger?: string): void {
    this.#context.log(level, data, logger)
  }
}
