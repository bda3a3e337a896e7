/**
 * Runs a tool's function, or its module, on the arguments that its rule has judged, and shapes what it answers. A tool that is not asynchronous is
 * answered without a promise.
 *
 *   call.args ─▶ execute ─ toToolResult ─ parse ─▶ a result, not yet fit to leave
 *
 * What it throws is a crash: opaque to the caller, complete in the audit; but for a `ToolError`, whose message is meant to be read.
 *
 * @module
 */

import {
  allow,
  type Call,
  type Decision,
  deny,
  type Execution,
  type Executor,
  type JsonObject,
  type Produced,
  type TaskSupport,
} from '../../core/index.ts'
import { kindOf } from '../../protocol/index.ts'
import { type CallContext, RunningContext } from './context.ts'
import { InputRequired, toInput } from './input-required.ts'
import type { RunModule } from './module-executor.ts'
import type { Parse, Parsed } from './standard-schema.ts'
import { isThenable } from './thenable.ts'
import { isWholeResult, type Shaped, ToolError, toErrorResult, toStructured, toToolResult } from './tool-result.ts'

export interface ToolExecutorOptions {
  /** A function of ours, or a module in a sandbox. */
  readonly run: RunFunction | { readonly module: RunModule }
  /** Of structured content. */
  readonly parseOutput?: Parse | undefined
  readonly task?: TaskSupport | undefined
}

export type RunFunction = (params: never, context: CallContext) => unknown

export function createToolExecutor({ run, parseOutput, task }: ToolExecutorOptions): Executor {
  const begin = typeof run === 'function' ? (call: Call) => inProcess(run, call) : (call: Call) => inSandbox(run.module, call)

  function inSandbox(module: RunModule, call: Call): Execution {
    return module(call).then((settled) => (settled.allowed ? shape(settled.value) : settled), failed)
  }

  function inProcess(run: RunFunction, call: Call): Execution {
    try {
      const context = new RunningContext(call)
      const answer = run(call.args as never, context)
      return isThenable(answer) ? Promise.resolve(answer).then((settled) => shape(settled, context), failed) : shape(answer, context)
    } catch (error) {
      return failed(error)
    }
  }

  function shape(answer: unknown, context?: RunningContext): Execution {
    if (answer instanceof InputRequired) return toInput(answer)
    if (context) RunningContext.requireAsked(context)
    if (!parseOutput || typeof answer === 'string' || answer === undefined) return toProduced(toToolResult(answer))
    if (!isWholeResult(answer)) return structured(parseOutput(answer))
    const whole = toToolResult(answer)
    const isExempt = 'violation' in whole || answer['isError'] === true || answer['structuredContent'] === undefined
    return isExempt ? toProduced(whole) : structured(parseOutput(answer['structuredContent']), whole.result)
  }

  /** What the library made of it is what is sent. */
  function structured(parsed: Parsed | Promise<Parsed>, whole?: JsonObject): Execution {
    return then(parsed, (read) => toProduced('violation' in read ? read : toStructured(read.value, whole)))
  }

  return {
    task,
    execute(call) {
      // Tasks are kept and run by `guards/tasks`; one of a tool that has none any more is unknown.
      if (call.method !== 'tools/call') return deny({ reason: 'unknown_name', kind: kindOf(call.method) === 'task' ? 'task' : 'tool' })
      return begin(call)
    },
  }
}

const toProduced = (shaped: Shaped): Decision<Produced> =>
  'violation' in shaped ? deny({ reason: 'invalid_result', ...shaped.violation }) : allow({ kind: 'result', result: shaped.result })

function failed(error: unknown): Decision<Produced> {
  if (error instanceof ToolError) return allow({ kind: 'result', result: toErrorResult(error) })
  throw error
}

const then = (parsed: Parsed | Promise<Parsed>, next: (parsed: Parsed) => Execution): Execution =>
  parsed instanceof Promise ? parsed.then(next) : next(parsed)
