/**
 * What a tool's module is told of the call that it answers, and what it can say while it works: the inside of `ModuleContext`
 * (`server/definitions/module-context.ts`). A class with getters over the message, since one is made for every call and most
 * modules never look at it.
 *
 * @module
 */

import type { InsideJob } from './jobs.ts'

export class InputRequired {
  readonly requests: unknown
  readonly state: unknown

  constructor(requests: unknown, state: unknown) {
    this.requests = requests
    this.state = state
  }
}

type Message = Readonly<Record<string, unknown>>

export function createContext(message: Message, job: InsideJob): { readonly context: object; readonly hasAsked: () => boolean } {
  const context = new Context(message, job)
  return { context, hasAsked: () => Context.asked(context) }
}

class Context {
  readonly #message: Message
  readonly #job: InsideJob
  #principal: unknown
  #signal: AbortSignal | undefined
  #asked = false

  constructor(message: Message, job: InsideJob) {
    this.#message = message
    this.#job = job
  }

  static asked(context: Context): boolean {
    return context.#asked
  }

  get principal(): unknown {
    this.#principal ??= freeze(this.#message['principal'])
    return this.#principal
  }
  get signal(): AbortSignal {
    if (!this.#signal) {
      const controller = new AbortController()
      this.#signal = controller.signal
      this.#job.onAbort(() => controller.abort())
    }
    return this.#signal
  }
  get capabilities(): unknown {
    return this.#message['capabilities'] ?? {}
  }
  get answers(): unknown {
    return this.#message['answers'] ?? {}
  }
  get state(): unknown {
    return this.#message['state']
  }

  // Read as values, so that `({ progress, log })` works: made when they are asked for.
  get progress(): (progress: number, total?: number, message?: string) => void {
    return (progress, total, message) => {
      if (this.#message['tellsProgress'] === true) this.#job.say({ progress, total, message })
    }
  }
  get log(): (level: string, data: unknown, logger?: string) => void {
    return (level, data, logger) => {
      if (this.#message['tellsLog'] === true) this.#job.say({ level, data, logger })
    }
  }
  get ask(): (requests: unknown, state?: unknown) => InputRequired {
    return (requests, state) => {
      this.#asked = true
      return new InputRequired(requests, state)
    }
  }
  get fail(): (message: string) => never {
    return (message) => {
      throw Object.assign(new Error(message), { name: 'ToolError' })
    }
  }
}

function freeze(principal: unknown): unknown {
  for (const value of Object.values(principal ?? {})) if (typeof value === 'object') Object.freeze(value)
  return Object.freeze(principal)
}
