// Our command line at a terminal of its own, from util-linux's `script`, and somebody who types once what they wait for is there.

import { once } from 'node:events'
import { start, stop } from './child.ts'
import { SALLYPORT } from './guard.ts'
import { withBin } from './paths.ts'
import { until } from './until.ts'

export interface Terminal extends AsyncDisposable {
  /** Every byte that was written to it. */
  raw(): string
  /** Waits until it shows that, after what was waited for before. */
  shows(pattern: RegExp): Promise<void>
  type(text: string): void
  /** The exit code, once it has ended. */
  ended(): Promise<number>
}

const WITHIN_MS = 30_000

export function startTerminal(args: readonly string[], env: Record<string, string | undefined> = {}): Terminal {
  const line = [process.execPath, SALLYPORT, ...args].map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ')
  const child = start('script', ['-qefc', line, '/dev/null'], { env: withBin({ TERM: 'xterm', SHELL: '/bin/sh', ...env }), stdio: 'pipe' })
  const closed = once(child.process, 'close') as Promise<[number | null]>
  let seen = 0
  return {
    raw: child.stdout,
    async shows(pattern) {
      await until(String(pattern), () => pattern.test(child.stdout().slice(seen)), WITHIN_MS).catch(() => {
        throw new Error(`waited in vain for ${pattern} at the terminal, which shows:\n${child.stdout().slice(seen)}`)
      })
      const match = pattern.exec(child.stdout().slice(seen)) as RegExpExecArray
      seen += match.index + match[0].length
    },
    type: (text) => void child.process.stdin?.write(text),
    async ended() {
      const [code] = await closed
      return code ?? 1
    },
    [Symbol.asyncDispose]: () => stop(child.process),
  }
}
