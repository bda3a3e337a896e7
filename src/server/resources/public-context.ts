/**
 * The context of a resource that anybody may keep: it notices when `read` looks at who is asking. A result that may depend on
 * the caller is private, whatever its definition says (2026-07-28 caching §choosing a cache scope, RS21).
 *
 * Fails closed: a member that is added to the context does not compile until it is said here whether it tells of the caller.
 *
 * @module
 */

import type { InputResponses, JsonObject, Principal } from '../../core/index.ts'
import type { CallContext } from '../definitions/context.ts'

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
  get ask(): CallContext['ask'] {
    return this.#caller.ask
  }

  get signal(): AbortSignal {
    return this.#context.signal
  }
  get progress(): CallContext['progress'] {
    return this.#context.progress
  }
  get log(): CallContext['log'] {
    return this.#context.log
  }
}
