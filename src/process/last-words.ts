/** Of what a program writes to stderr, the line that says best why it ended. Pure. @module */

export interface LastWords {
  hear(line: string): void
  /** Empty where there are none. */
  text(): string
}

export function createLastWords(): LastWords {
  let best = ''
  return {
    hear(line) {
      if (saysMore(line, best)) best = line
    },
    text: () => best.trim(),
  }
}

/** A stack, and the line that Node ends with, say less than the error before them. */
function saysMore(text: string, before: string): boolean {
  if (/^\s*$|^\s+at |^Node\.js v\d|^[\s^~{}]*$/.test(text)) return false
  return isError(text) || !isError(before) || !/^\s/.test(text)
}
const isError = (text: string): boolean => /^(?:Uncaught )?\w*(?:Error|Exception)\b.*: /.test(text)
