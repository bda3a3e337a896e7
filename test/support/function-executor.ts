/** An executor over a function: what it returns is a result as the wire has it, and what it throws is a crash. @module */

import { allow, type Call, deny, type Executor, type JsonObject, NOTHING } from '../../src/core/index.ts'

/** `args` are the validated arguments; `call.signal` tells when to stop, `call.notify` sends progress. */
export type ToolFunction = (args: JsonObject, call: Call) => JsonObject | Promise<JsonObject>

export function createFunctionExecutor(run: ToolFunction): Executor {
  return {
    execute(call) {
      // A tool may have had tasks before it was replaced: what is asked of one is not a call.
      if (call.method.startsWith('tasks/')) return deny({ reason: 'unknown_name', kind: 'task' })
      const produced = run((call.params['arguments'] as JsonObject | undefined) ?? NOTHING, call)
      return produced instanceof Promise
        ? produced.then((value) => allow({ kind: 'result', result: value }))
        : allow({ kind: 'result', result: produced })
    },
  }
}
