/**
 * What a server that the program started writes besides messages: to stderr, and to stdout what is none. It goes to the log at debug,
 * bounded in length and number, without the secrets that it was given; its last words explain why it ended.
 *
 * @module
 */

import { createLineRedactor, type Log, type Redactor } from '../../core/index.ts'
import { createLastWords, createLineReader } from '../../process/index.ts'

export interface ChildWords {
  /** From stderr. */
  push(chunk: Buffer): void
  /** A line on stdout that is no message. */
  noise(text: string): void
  /** As a sentence to go after another; empty where there are none. */
  last(): string
  end(): void
}

export interface ChildWordsOptions {
  readonly host: string
  readonly log: Log
  readonly redactor: Redactor
}

const MAX_LINE_BYTES = 8192
const MAX_SHOWN = 1000
const MAX_LAST_WORDS = 300
const LINES_A_SECOND = 200

export function createChildWords({ host, log, redactor }: ChildWordsOptions): ChildWords {
  const redactLine = createLineRedactor(redactor)
  const lastWords = createLastWords()
  let second = 0
  let lines = 0
  // Redacted before it is cut: half a secret is not found. Control characters would drive the terminal that shows an error.
  const shown = (clean: string, most: number): string => clean.slice(0, most).replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ')

  function say(what: string, text: string): void {
    const current = Math.floor(performance.now() / 1000)
    if (current !== second) lines = 0
    second = current
    const clean = redactLine(text)
    if (++lines <= LINES_A_SECOND) log('debug', `${host}${what}: ${shown(clean, MAX_SHOWN)}`)
    else if (lines === LINES_A_SECOND + 1) log('debug', `${host} says more than ${LINES_A_SECOND} lines a second; the rest is dropped`)
  }
  const reader = createLineReader({
    maxBytes: MAX_LINE_BYTES,
    line(text) {
      lastWords.hear(text)
      say('', text)
    },
    // What was cut off at its end may be half a secret.
    dropped: () => say('', `a line of more than ${MAX_LINE_BYTES} bytes`),
  })
  return {
    push: (chunk) => reader.push(chunk),
    noise: (text) => say(' prints what is no message', text),
    last() {
      const words = shown(redactor.text(lastWords.text()), MAX_LAST_WORDS)
      return words === '' ? '' : ` Its last words: ${words}`
    },
    end: () => reader.end(),
  }
}
