/** What a snippet threw, for whoever wrote it: lines are those of its own text, and nothing of ours is in it. @module */

import { PRELUDE_FILE } from './snippet-prelude.ts'

export interface SnippetError {
  readonly name: string
  readonly message: string
  readonly line?: number | undefined
  readonly stack?: string | undefined
}

export const CODE_FILE = 'snippet.js'
/** Our brackets begin on a line of their own. */
const LINES_BEFORE = 1
const MAX_MESSAGE = 4096
const MAX_NAME = 128
const MAX_FRAMES = 10

export const linesFrom = (code: string): number => code.split('\n').length

/** `told`: JSON that the interpreter made. `lines`: how many the snippet has. */
export function toSnippetError(told: string, lines: number): SnippetError {
  const { name, message, stack } = parsed(told)
  const frames = typeof stack === 'string' ? framesOf(stack, lines) : []
  const line = frames.map((frame) => LINE.exec(frame)?.[1]).find((found) => found !== undefined)
  return {
    name: typeof name === 'string' ? name.slice(0, MAX_NAME) : 'Error',
    message: typeof message === 'string' ? message.slice(0, MAX_MESSAGE) : '',
    ...(line === undefined ? {} : { line: Number(line) }),
    ...(frames.length === 0 ? {} : { stack: frames.join('\n') }),
  }
}

const LINE = /snippet\.js:(\d+)/

function framesOf(stack: string, lines: number): string[] {
  return stack
    .slice(0, MAX_MESSAGE)
    .split('\n')
    .filter((frame) => frame.trim() !== '' && !frame.includes(PRELUDE_FILE))
    .slice(0, MAX_FRAMES)
    .map((frame) =>
      frame
        .trim()
        .replace(
          /snippet\.js:(\d+)/,
          (_, line: string) => `${CODE_FILE}:${Math.min(Math.max(Number(line) - LINES_BEFORE, 1), lines || 1)}`,
        ),
    )
}

function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : { message: `it threw ${text}` }
  } catch {
    return {}
  }
}
