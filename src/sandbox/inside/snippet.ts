/**
 * Runs JavaScript that a model wrote, inside the sandbox: in QuickJS, an interpreter that is WebAssembly, with an instance of its own
 * for each snippet. The next one is made while nobody waits. Started with where the interpreter is.
 *
 *   { code, tools, limits } ─▶ { result, logs } | { error, logs } | { stopped }
 *
 * Fails closed: an interpreter that breaks takes this process with it.
 *
 * @module
 */

import { readFileSync } from 'node:fs'
import type { newQuickJSWASMModuleFromVariant, newVariant, QuickJSSyncVariant } from 'quickjs-emscripten-core'
import { serve, takeStdio } from './jobs.ts'
import { type Interpreter, prepareInterpreter } from './snippet-interpreter.ts'
import { runSnippet } from './snippet-run.ts'

interface Core {
  readonly newQuickJSWASMModuleFromVariant: typeof newQuickJSWASMModuleFromVariant
  readonly newVariant: typeof newVariant
}
/** Node has it; our types of Node have not. */
declare const WebAssembly: {
  compile(bytes: Uint8Array): Promise<unknown>
  readonly Memory: new (pages: { readonly initial: number; readonly maximum: number }) => SnippetMemory
}
interface SnippetMemory {
  readonly buffer: { readonly byteLength: number }
}

const MIB = 1024 * 1024
const PAGES_A_MIB = 16
/** The interpreter is linked for these; six MiB are its own stack and tables. */
const LEAST_PAGES = 256
const OWN_MIB = 6

takeStdio()
await serve(async () => {
  const [, , core = '', variant = '', wasm = '', memoryMb = ''] = process.argv
  const { newQuickJSWASMModuleFromVariant: instantiate, newVariant: variantOf } = (await import(core)) as Core
  const { default: release } = (await import(variant)) as { readonly default: QuickJSSyncVariant }
  // Compiled once: to make an instance of it takes a few milliseconds.
  const wasmModule = await WebAssembly.compile(readFileSync(wasm))
  const maximum = Math.max(LEAST_PAGES, (Number(memoryMb) + OWN_MIB) * PAGES_A_MIB)
  const prepare = async (): Promise<Interpreter> => {
    // QuickJS's own limit counts next to nothing where it is WebAssembly: what it cannot grow beyond is its memory.
    const memory = new WebAssembly.Memory({ initial: LEAST_PAGES, maximum })
    const quickjs = await instantiate(variantOf(release, { wasmModule, wasmMemory: memory }))
    return prepareInterpreter(quickjs, () => memory.buffer.byteLength >= (maximum / PAGES_A_MIB - 1) * MIB)
  }
  let next = prepare()
  await next
  return async (message, job) => {
    const interpreter = await next
    try {
      return await runSnippet(interpreter, message, job)
    } finally {
      // What a snippet has done to its interpreter ends with it.
      next = prepare()
    }
  }
})
