/** Text of a server among lines of ours: each of its lines has a bar before it, so that none can pass for a question of ours. Pure. @module */

import { shownText } from './shown-text.ts'

const MAX_LINES = 200
const MAX_LINE = 2000

/** All of it: nothing that a person agrees to is out of sight. */
export const quotedWhole = (text: string): string =>
  shownText(text)
    .split('\n')
    .map((line) => `  │ ${line}`)
    .join('\n')

/** Cut where it is so long that what follows would be out of sight; says how much is left out. */
export function quoted(text: string): string {
  const lines = shownText(text).split('\n')
  const more = lines.length - MAX_LINES
  const shown = lines.slice(0, MAX_LINES).map((line) => `  │ ${line.length > MAX_LINE ? `${line.slice(0, MAX_LINE)}…` : line}`)
  return [...shown, ...(more > 0 ? [`  … and ${more} more lines`] : [])].join('\n')
}
