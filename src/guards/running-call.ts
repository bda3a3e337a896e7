/**
 * One call while it runs: what its executor is given. A class, since one is made for every call, and most never ask for the
 * signal.
 *
 * @module
 */

import {
  type Approved,
  type Call,
  type CallDetails,
  type Entry,
  type Input,
  type JsonObject,
  LOG_LEVELS,
  type LogLevel,
  type Outgoing,
  type Principal,
} from '../core/index.ts'
import { unknownParameters } from './unknown-parameters.ts'

export class RunningCall implements CallDetails {
  readonly entry: Entry
  readonly method: string
  readonly params: JsonObject
  readonly args: unknown
  readonly meta: JsonObject
  readonly capabilities: JsonObject
  readonly principal: Principal
  readonly input: Input | undefined
  readonly deadlineAt: number
  readonly #request: Approved
  readonly #release: (notification: Outgoing, entry: Entry) => Outgoing | undefined
  #controller: AbortController | undefined = undefined
  #listeners: (() => void)[] | undefined = undefined
  #isAborted = false

  constructor(
    request: Approved,
    entry: Entry,
    input: Input | undefined,
    deadlineAt: number,
    release: (notification: Outgoing, entry: Entry) => Outgoing | undefined,
    params: JsonObject,
  ) {
    this.#request = request
    this.entry = entry
    this.method = request.message.method
    this.params = params
    this.args = request.args
    this.meta = request.message.meta
    this.capabilities = request.message.capabilities
    this.principal = request.principal
    this.input = input
    this.deadlineAt = deadlineAt
    this.#release = release
  }

  get parameters(): Readonly<Record<string, string>> | undefined {
    return unknownParameters(this.#request.headers, this.entry.mirrors)
  }

  get logLevel(): LogLevel | undefined {
    return this.#request.message.logLevel
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.#isAborted) this.#controller.abort()
    return this.#controller.signal
  }

  notify(notification: Outgoing): void {
    if (notification.method === 'notifications/message' && !isWanted(notification.params['level'], this.logLevel)) return
    const fit = this.#release(notification, this.entry)
    if (fit) this.#request.send(fit)
  }

  onAbort(listener: () => void): void {
    if (this.#isAborted) listener()
    else if (this.#listeners) this.#listeners.push(listener)
    else this.#listeners = [listener]
  }

  /** Which request a use is of, for `guards/within` alone. Undefined: it goes on without one. */
  static requestOf(call: Call): Approved | undefined {
    return #request in call ? (call as unknown as RunningCall).#request : undefined
  }

  /** Once: it may be told twice, by its deadline and by whoever it is for. */
  abort(): void {
    if (this.#isAborted) return
    this.#isAborted = true
    this.#controller?.abort()
    for (const listener of this.#listeners ?? []) listener()
  }
}

/** A level that nobody defined is none that anybody asked for. */
const isWanted = (level: unknown, least: LogLevel | undefined): boolean =>
  least !== undefined && LOG_LEVELS.indexOf(level as LogLevel) >= LOG_LEVELS.indexOf(least)
