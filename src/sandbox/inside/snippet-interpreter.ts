/**
 * The interpreter of one snippet, and how it is driven: what crosses to us is a text or what was thrown, and its own jobs are run until
 * none is left.
 *
 * @module
 */

import type { QuickJSContext, QuickJSHandle, QuickJSRuntime, QuickJSWASMModule } from 'quickjs-emscripten-core'
import { linesFrom, toSnippetError } from './snippet-error.ts'
import { PRELUDE, PRELUDE_FILE } from './snippet-prelude.ts'

/** QuickJS counts less than WebAssembly uses: V8's own stack is the next bound. */
const STACK_BYTES = 256 * 1024
const JOBS_AT_ONCE = 1000

/** Made for one snippet. */
export interface Interpreter {
  readonly runtime: QuickJSRuntime
  readonly vm: QuickJSContext
  readonly prelude: QuickJSHandle
  /** Whether its memory has grown to all that it may have. */
  readonly isFull: () => boolean
}

/** All that takes time and knows nothing of the snippet. */
export function prepareInterpreter(quickjs: QuickJSWASMModule, isFull: Interpreter['isFull']): Interpreter {
  const runtime = quickjs.newRuntime({ maxStackSizeBytes: STACK_BYTES })
  const vm = runtime.newContext()
  return { runtime, vm, prelude: vm.unwrapResult(vm.evalCode(PRELUDE, PRELUDE_FILE)), isFull }
}

/** What the snippet has come to by what it threw. */
export class Thrown extends Error {
  readonly outcome: object
  constructor(outcome: object) {
    super()
    this.outcome = outcome
  }
}

/** Undefined: it is no text, or a longer one, which is not taken out of its memory. */
export function textOf(vm: QuickJSContext, handle: QuickJSHandle | undefined, most: number): string | undefined {
  if (handle === undefined || vm.typeof(handle) !== 'string') return undefined
  return vm.getNumber(vm.getProp(handle, 'length')) <= most ? vm.getString(handle) : undefined
}

/** `told`: JSON of what it threw. */
export function failed(told: string, code: string): object {
  const error = toSnippetError(told, linesFrom(code))
  return error.name === 'InternalError' && error.message === 'out of memory' ? { stopped: 'memory' } : { error }
}

/** @throws {Thrown} */
export function unwrap(
  vm: QuickJSContext,
  made: { readonly value: QuickJSHandle; readonly error?: undefined } | { readonly error: QuickJSHandle },
): QuickJSHandle {
  if (made.error === undefined) return made.value
  throw new Thrown(failed(JSON.stringify(vm.dump(made.error)) ?? '{}', ''))
}

/** Runs what waits to be run, until nothing does. */
export function drain(runtime: QuickJSRuntime, vm: QuickJSContext, isOver: () => boolean): void {
  while (!isOver() && runtime.hasPendingJob()) {
    const { error } = runtime.executePendingJobs(JOBS_AT_ONCE)
    if (error && !isOver()) throw new Thrown(failed(JSON.stringify(vm.dump(error)) ?? '{}', ''))
  }
}
