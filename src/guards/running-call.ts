/**
 * One call while it runs: what its executor is given. A class, since one is made for every call, and most never ask for the
 * signal.
 *
 * @module
 */

import type { Approved, CallDetails, Entry, JsonObject, Outgoing, Principal } from '../core/index.ts'
import { unknownParameters } from './unknown-parameters.ts'

export class RunningCall implements CallDetails {
  readonly entry: Entry
  readonly method: string
  readonly params: JsonObject
  readonly meta: JsonObject
  readonly capabilities: JsonObject
  readonly principal: Principal
  readonly deadlineAt: number
  readonly #request: Approved
  readonly #release: (notification: Outgoing) => Outgoing | undefined
  #controller: AbortController | undefined = undefined
  #listeners: (() => void)[] | undefined = undefined
  #isAborted = false

  constructor(request: Approved, entry: Entry, deadlineAt: number, release: (notification: Outgoing) => Outgoing | undefined) {
    this.#request = request
    this.entry = entry
    this.method = request.message.method
    this.params = request.message.params
    this.meta = request.message.meta
    this.capabilities = request.message.capabilities
    this.principal = request.principal
    this.deadlineAt = deadlineAt
    this.#release = release
  }

  get parameters(): Readonly<Record<string, string>> | undefined {
    return unknownParameters(this.#request.headers, this.entry.mirrors)
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.#isAborted) this.#controller.abort()
    return this.#controller.signal
  }

  notify(notification: Outgoing): void {
    const fit = this.#release(notification)
    if (fit) this.#request.send(fit)
  }

  onAbort(listener: () => void): void {
    if (this.#isAborted) listener()
    else if (this.#listeners) this.#listeners.push(listener)
    else this.#listeners = [listener]
  }

  abort(): void {
    this.#isAborted = true
    this.#controller?.abort()
    for (const listener of this.#listeners ?? []) listener()
  }
}
