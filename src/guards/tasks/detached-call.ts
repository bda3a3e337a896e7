/**
 * One run of a task's work: what its executor is given in place of the request's own call. It goes on when the caller has hung up,
 * and it has nobody to send progress or log messages to (tasks extension §task status notifications).
 *
 * @module
 */

import {
  type Call,
  type CallDetails,
  type Decision,
  detached,
  type Entry,
  type Execution,
  type Input,
  type JsonObject,
  type Principal,
  type Produced,
} from '../../core/index.ts'
import type { StoredCall } from './task-store.ts'

/** Runs the executor, or what it has left of its work. */
export type Step = () => Execution

export class DetachedCall implements CallDetails {
  readonly entry: Entry
  readonly method = 'tools/call'
  readonly params: JsonObject
  /** Read again where a later request than the call goes on with it. */
  args: unknown
  readonly meta: JsonObject
  readonly capabilities: JsonObject
  readonly parameters: StoredCall['parameters']
  readonly principal: Principal
  readonly input: Input | undefined
  readonly logLevel = undefined
  readonly deadlineAt: number
  readonly #controller = new AbortController()

  /** `began`: the approved use that it goes on with, whose entry and principal it has. */
  constructor(began: Call, { params, meta, capabilities, parameters }: StoredCall, input: Input | undefined, deadlineAt: number) {
    this.entry = began.entry
    this.principal = began.principal
    this.params = params
    this.args = began.args
    this.meta = meta
    this.capabilities = capabilities
    this.parameters = parameters
    this.input = input
    this.deadlineAt = deadlineAt
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }
  onAbort(listener: () => void): void {
    if (this.signal.aborted) listener()
    else this.signal.addEventListener('abort', listener, { once: true })
  }
  abort(): void {
    this.#controller.abort()
  }
  notify(): void {}

  asCall(began: Call): Call {
    return detached(began, this)
  }
}

/** What comes of `step`, unless the call is aborted or `ms` are over first: then nobody waits for it. */
export function within(ms: number, call: DetachedCall, step: Step): Promise<Decision<Produced> | 'late' | 'aborted'> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      resolve('late')
      call.abort()
    }, ms)
    call.onAbort(() => {
      clearTimeout(timer)
      resolve('aborted')
    })
    const run = async (): Promise<Decision<Produced>> => step()
    run()
      .finally(() => clearTimeout(timer))
      .then(resolve, reject)
  })
}
