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
import { runSnippet } from './snippet-run.ts'

interface Core {
  readonly newQuickJSWASMModuleFromVariant: typeof newQuickJSWASMModuleFromVariant
  readonly newVariant: typeof newVariant
}
/** Node has it; our types of Node have not. */
declare const WebAssembly: { compile(bytes: Uint8Array): Promise<NonNullable<Parameters<typeof newVariant>[1]['wasmModule']>> }

takeStdio()
await serve(async () => {
  const [, , core = '', variant = '', wasm = ''] = process.argv
  const { newQuickJSWASMModuleFromVariant: instantiate, newVariant: variantOf } = (await import(core)) as Core
  const { default: release } = (await import(variant)) as { readonly default: QuickJSSyncVariant }
  // Compiled once: to make an instance of it takes two milliseconds.
  const compiled = variantOf(release, { wasmModule: await WebAssembly.compile(readFileSync(wasm)) })
  let next = instantiate(compiled)
  await next
  return async (message, job) => {
    const quickjs = await next
    try {
      return await runSnippet(quickjs, message, job)
    } finally {
      // What a snippet has done to its interpreter ends with it.
      next = instantiate(compiled)
    }
  }
})
