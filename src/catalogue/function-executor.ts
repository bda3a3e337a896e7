/**
 * Runs a function of this process: the executor of a server written in code. What it returns is a result as the wire has
 * it; what it throws is a crash, opaque to the caller and complete in the audit.
 *
 * @module
 */

import { allow, type Call, deny, type Executor, type JsonObject } from '../core/index.ts'

/** `args` are the validated arguments; `call.signal` tells when to stop, `call.notify` sends progress. */
export type ToolFunction = (args: JsonObject, call: Call) => JsonObject | Promise<JsonObject>

const nothing: JsonObject = Object.freeze({})

export function createFunctionExecutor(run: ToolFunction): Executor {
  return {
    execute(call) {
      // A tool may have had tasks before it was replaced: what is asked of one is not a call.
      if (call.method.startsWith('tasks/')) return deny({ reason: 'unknown_name', kind: 'task' })
      const produced = run((call.params['arguments'] as JsonObject | undefined) ?? nothing, call)
      return produced instanceof Promise
        ? produced.then((value) => allow({ kind: 'result', result: value }))
        : allow({ kind: 'result', result: produced })
    },
  }
}
