/**
 * One snippet in one interpreter: begun, carried on as its tools answer, and ended once. Nothing is there but the language, `tools` and
 * `console`: no network, no files, no timers, no modules.
 *
 *   code ─▶ (async () => { code })() ─ tools.x(…) ─▶ said, replied ─▶ … ─▶ its value as JSON
 *
 * Bounded by time, by time that it runs itself, memory, stack, and what it says. What QuickJS itself cannot interrupt is ended from
 * outside, with this process.
 *
 * @module
 */

import type { QuickJSHandle } from 'quickjs-emscripten-core'
import type { InsideJob } from './jobs.ts'
import { CODE_FILE } from './snippet-error.ts'
import { drain, failed, type Interpreter, Thrown, textOf, unwrap } from './snippet-interpreter.ts'

interface Asked {
  readonly code: string
  /** Names of tools, as JSON. */
  readonly tools: string
  readonly timeMs: number
  readonly runMs: number
  readonly resultCharacters: number
  readonly logCharacters: number
}

const MAX_LOG_LINES = 200
const MAX_ERROR_CHARACTERS = 65_536

export function runSnippet(
  { runtime, vm, prelude, isFull }: Interpreter,
  message: Record<string, unknown>,
  job: InsideJob,
): Promise<object> {
  const asked = message as unknown as Asked
  const deadlineAt = performance.now() + asked.timeMs
  const logs: string[] = []
  let logLeft = asked.logCharacters
  let ranMs = 0
  let runsSince = 0
  let calls = 0
  let isEnded = false
  let isOver: 'time' | 'cpu' | undefined
  let timer: NodeJS.Timeout | undefined
  const { promise, resolve, reject } = Promise.withResolvers<object>()

  function end(outcome: object): void {
    if (isEnded) return
    isEnded = true
    clearTimeout(timer)
    // Where there is no memory left, no error can say so.
    const told = 'error' in outcome && isFull() ? { stopped: 'memory' } : outcome
    resolve(logs.length === 0 ? told : { ...told, logs })
  }

  runtime.setInterruptHandler(() => {
    const now = performance.now()
    if (now > deadlineAt) isOver = 'time'
    else if (ranMs + now - runsSince > asked.runMs) isOver = 'cpu'
    return isEnded || isOver !== undefined
  })
  let answer: QuickJSHandle | undefined

  /** Lets the interpreter run, until it waits. */
  function run(step: () => void): void {
    if (isEnded) return
    runsSince = performance.now()
    try {
      step()
      drain(runtime, vm, () => isEnded || isOver !== undefined)
    } catch (error) {
      if (isOver === undefined || !(error instanceof Thrown)) broken(error)
    }
    ranMs += performance.now() - runsSince
    if (isEnded) return
    if (isOver !== undefined) end({ stopped: isOver })
    else if (calls === 0) end({ error: { name: 'Error', message: NEVER } })
  }

  function broken(error: unknown): void {
    // WebAssembly runs on V8's stack: its end is the snippet's own doing, and this interpreter is not used again.
    if (error instanceof RangeError) return end({ error: { name: 'InternalError', message: 'stack overflow' } })
    if (error instanceof Thrown) return end(error.outcome)
    if (isFull()) return end({ stopped: 'memory' })
    isEnded = true
    clearTimeout(timer)
    reject(error)
    // Nobody knows what is left of it.
    setImmediate(() => process.exit(70))
  }

  const text = (handle: QuickJSHandle | undefined, most: number): string | undefined => textOf(vm, handle, most)

  const host = [
    vm.newFunction('call', (id, name, args) => {
      const given = { call: vm.getNumber(id as QuickJSHandle), name: text(name, 512), args: text(args, asked.resultCharacters) }
      if (given.name === undefined || given.args === undefined) return { error: vm.newError('the arguments of this call are too large') }
      calls++
      job.say(given)
      return vm.undefined
    }),
    vm.newFunction('log', (line) => {
      if (logs.length > MAX_LOG_LINES || logLeft <= 0) return
      const said = text(line, logLeft)
      if (said === undefined || logs.length === MAX_LOG_LINES) logs.push('… (cut)')
      else logs.push(said)
      logLeft = said === undefined ? 0 : logLeft - said.length
    }),
    vm.newFunction('end', (isFine, value) => {
      if (vm.dump(isFine as QuickJSHandle) === true) {
        const result = text(value, asked.resultCharacters)
        return end(result === undefined ? { error: tooLong(asked.resultCharacters) } : { result })
      }
      end(failed(text(value, MAX_ERROR_CHARACTERS) ?? '{}', asked.code))
    }),
    vm.newString(asked.tools),
  ]

  job.onAbort(() => end({ stopped: 'time' }))
  job.onReply(({ call, text: value, error }) => {
    calls--
    run(() => {
      const isFine = typeof value === 'string'
      const given = isFine ? value : String(error)
      unwrap(
        vm,
        vm.callFunction(
          answer as QuickJSHandle,
          vm.undefined,
          vm.newNumber(call as number),
          isFine ? vm.true : vm.false,
          vm.newString(given),
        ),
      )
    })
  })
  timer = setTimeout(() => end({ stopped: 'time' }), asked.timeMs)
  run(() => {
    const made = unwrap(vm, vm.callFunction(prelude, vm.undefined, ...host))
    answer = vm.getProp(made, 'answer')
    const begun = vm.evalCode(`(async () => {\n${asked.code}\n})()`, CODE_FILE, { strict: true })
    if (begun.error) throw new Thrown(isOver === undefined ? failed(JSON.stringify(vm.dump(begun.error)), asked.code) : { stopped: isOver })
    // A snippet that closes our brackets evaluates to what it likes: only a promise has an end.
    unwrap(vm, vm.callFunction(vm.getProp(made, 'begin'), vm.undefined, begun.value))
  })
  return promise
}

const NEVER = 'it waits for what never comes: a promise that no tool will settle'
const tooLong = (most: number): object => ({
  name: 'RangeError',
  message: `what it returns is longer than ${most} characters: return less of it`,
})
