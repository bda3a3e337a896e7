// A program that wants a terminal gets one from util-linux's `script`, and somebody who types what it waits for.

import { once } from 'node:events'
import { start, stop } from '../support/index.ts'

/** What to type once the output since the last one matches, or what else to do with it. */
export type Typed = readonly [when: RegExp, text: string | ((match: RegExpExecArray) => unknown)]

const DEADLINE_MS = 60_000

/** Everything that it showed, without what drives a terminal, once it has ended or `typed` is used up and it shows nothing more for a while. */
export async function inTerminal(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  typed: readonly Typed[],
  cwd?: string,
): Promise<string> {
  const line = [program, ...args].map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ')
  const child = start('script', ['-qec', line, '/dev/null'], { cwd, env: { ...env, TERM: 'xterm', COLUMNS: '200' }, stdio: 'pipe' })
  const failed = once(child.process, 'error').then(([error]) => {
    throw new Error(`there is no terminal here: script (util-linux) could not be started (${(error as NodeJS.ErrnoException).code})`)
  })
  const ended = once(child.process, 'close')
  const left = [...typed]
  let seen = 0
  let quietSince = performance.now()
  let length = 0
  const watch = async (): Promise<void> => {
    const deadline = performance.now() + DEADLINE_MS
    while (performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 100))
      const shown = plain(child.stdout())
      if (shown.length !== length) {
        length = shown.length
        quietSince = performance.now()
      }
      const [next] = left
      if (next === undefined) {
        if (typed.length > 0 && performance.now() - quietSince > 3000) return
        continue
      }
      // Menus draw themselves in pieces: typed is once nothing more comes.
      const match = performance.now() - quietSince < 300 ? null : next[0].exec(shown.slice(seen))
      if (match === null) continue
      left.shift()
      seen = shown.length
      quietSince = performance.now()
      if (typeof next[1] === 'string') child.process.stdin?.write(next[1])
      else next[1](match)
    }
  }
  await Promise.race([ended, watch(), failed])
  await stop(child.process)
  return plain(child.stdout())
}

const plain = (text: string): string => text.replace(/\u001b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\u0007]*\u0007|[=>])/g, '').replace(/\r/g, '')
