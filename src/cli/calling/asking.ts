/**
 * Asks the person at the terminal: on stderr, so that stdout stays the result's, and only where there is a terminal on both sides.
 * Where there is none, nobody answers for them.
 *
 * @module
 */

import { createInterface } from 'node:readline'
import { shownText } from './shown-text.ts'

export interface Asker {
  /** One line; undefined where they ended it (^D). @throws the signal's reason after ^C. */
  ask(question: string): Promise<string | undefined>
  /** Yes only where they say so. */
  confirm(question: string): Promise<boolean>
  /** Lines of ours and of others, before a question: cleaned. */
  show(text: string): void
  /** Whether a question is open: nothing else is written meanwhile. */
  isAsking(): boolean
}

export interface AskerParts {
  readonly signal: AbortSignal
  readonly interrupt: () => void
}

/** Undefined where nobody can be asked. */
export function createAsker({ signal, interrupt }: AskerParts): Asker | undefined {
  const { stdin, stderr } = process
  let open = 0
  if (!stdin.isTTY || !stderr.isTTY) return undefined

  function ask(question: string): Promise<string | undefined> {
    signal.throwIfAborted()
    open += 1
    const lines = createInterface({ input: stdin, output: stderr, terminal: true, historySize: 0 })
    return new Promise<string | undefined>((resolve, reject) => {
      const stop = (): void => reject(signal.reason as Error)
      signal.addEventListener('abort', stop, { once: true })
      lines.on('SIGINT', interrupt)
      lines.once('close', () => resolve(undefined))
      lines.question(shownText(question), resolve)
    }).finally(() => {
      open -= 1
      lines.close()
    })
  }

  return {
    ask,
    async confirm(question) {
      for (;;) {
        const answer = (await ask(`${question} [y/N] `))?.trim().toLowerCase()
        if (answer === 'y' || answer === 'yes') return true
        if (answer === undefined || ['', 'n', 'no'].includes(answer)) return false
      }
    },
    isAsking: () => open > 0,
    show: (text) => void stderr.write(`${shownText(text)}\n`),
  }
}
