/**
 * Runs a tool's module inside the sandbox: imports it once, so that the first call finds it warm, and then calls its default export
 * for each job. Started with the module's URL as its argument, and `stripped` where the first line that it is told is modules without
 * their types.
 *
 *   { params, principal, … } ─▶ default(params, context) ─▶ { answer } or { ask }
 *
 * @module
 */

import { createContext, InputRequired } from './context.ts'
import { type InsideJob, serve, takeStdio } from './jobs.ts'

type Execute = (params: unknown, context: unknown) => unknown

takeStdio()
await serve(async () => {
  // Another file to load: only where there is a network.
  if (process.env['SALLYPORT_BRIDGE'] !== undefined) await (await import('./bridge.ts')).startOwnBridge()
  const [, , url = '', types] = process.argv
  // Another file to load: only where there is something to tell.
  if (types === 'stripped') (await import('./stripped.ts')).takeStripped()
  const module = (await import(url)) as { readonly default?: unknown; readonly definition?: unknown }
  const execute = module.default
  if (typeof execute !== 'function') throw new TypeError('the module must export a function as its default')
  return (message, job) => {
    // Asked before there is a tool: what the module says of itself.
    if (message['tell'] === 'definition') return { definition: plainData(module.definition) }
    return call(execute as Execute, message, job)
  }
})

function call(execute: Execute, message: Record<string, unknown>, job: InsideJob): unknown {
  const { context, hasAsked } = createContext(message, job)
  const answer = execute(message['params'], context)
  return isThenable(answer) ? Promise.resolve(answer).then(finish) : finish(answer)

  function finish(settled: unknown): unknown {
    if (settled instanceof InputRequired) return { ask: { requests: settled.requests, state: settled.state } }
    if (hasAsked()) throw new TypeError('context.ask(…) was called and not returned: write `return ask(…)`')
    return { answer: settled }
  }
}

/** What JSON would lose without a word: a schema of a library, a function, a date. */
function plainData(definition: unknown): unknown {
  const written = JSON.stringify(definition ?? null, (key, value: unknown) => {
    if (typeof value === 'function' || typeof value === 'bigint' || typeof value === 'symbol')
      throw new TypeError(`definition: ${key} must be plain data: JSON Schema, and no function or schema of a library`)
    return value
  })
  return JSON.parse(written)
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && typeof (value as { readonly then?: unknown }).then === 'function'
