/**
 * Two texts, told apart for a person: the lines that went with `-`, those that came with `+`, one line of what stands around them. Long
 * lines are cut at sentences first, so that one that has a page in it still shows where it differs. Hidden characters are written out.
 *
 * Bounded in time and length, whoever wrote the texts: what does not fit is counted.
 *
 * @module
 */

import { toVisible } from './visible.ts'

const MAX_LINES = 40
const MAX_LINE = 400
/** Beyond, the middle is shown as taken out and put in whole: the comparison of n by m lines takes n · m steps. */
const MAX_CELLS = 40_000
/** A text is not looked at beyond this. */
const MAX_TEXT = 65_536

export function diffText(was: string, is: string): string {
  // Where two long texts begin to differ, they are shown, not where they begin.
  const from = commonLength(was, is) > MAX_TEXT / 2 ? commonLength(was, is) - 200 : 0
  const [before, after] = [toLines(was.slice(from)), toLines(is.slice(from))]
  let start = 0
  while (start < before.length && start < after.length && before[start] === after[start]) start++
  let end = 0
  while (end < before.length - start && end < after.length - start && before.at(-1 - end) === after.at(-1 - end)) end++
  const gone = before.slice(start, before.length - end)
  const come = after.slice(start, after.length - end)
  const around = (line: string | undefined): string[] => (line === undefined ? [] : [`  ${line}`])
  const lines = [...around(before[start - 1]), ...compare(gone, come), ...around(end === 0 ? undefined : before[before.length - end])].map(
    (line) => toVisible(line),
  )
  return lines.length <= MAX_LINES
    ? lines.join('\n')
    : [...lines.slice(0, MAX_LINES), `… ${lines.length - MAX_LINES} more lines`].join('\n')
}

function commonLength(a: string, b: string): number {
  let length = 0
  while (length < a.length && a.charCodeAt(length) === b.charCodeAt(length)) length++
  return length
}

function toLines(text: string): string[] {
  const whole = text.length > MAX_TEXT ? [text.slice(0, MAX_TEXT), `… ${text.length - MAX_TEXT} more characters`] : [text]
  return whole.flatMap((part) => (part === '' ? [] : part.split('\n').flatMap(cut)))
}

function cut(line: string): string[] {
  if (line.length <= 120) return [line]
  const pieces = line.split(/(?<=[.!?;]) /)
  return pieces.flatMap((piece) => {
    const parts: string[] = []
    for (let at = 0; at < piece.length; at += MAX_LINE) parts.push(piece.slice(at, at + MAX_LINE))
    return parts
  })
}

/** The longest common subsequence, by the table that everybody knows. */
function compare(gone: readonly string[], come: readonly string[]): string[] {
  const width = come.length + 1
  if (gone.length * come.length > MAX_CELLS) return [...gone.map((line) => `- ${line}`), ...come.map((line) => `+ ${line}`)]
  const table = new Uint32Array((gone.length + 1) * width)
  const at = (i: number, j: number): number => table[i * width + j] as number
  for (let i = gone.length - 1; i >= 0; i--)
    for (let j = come.length - 1; j >= 0; j--)
      table[i * width + j] = gone[i] === come[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
  const lines: string[] = []
  let i = 0
  let j = 0
  while (i < gone.length || j < come.length) {
    if (i < gone.length && j < come.length && gone[i] === come[j]) {
      lines.push(`  ${gone[i]}`)
      i++
      j++
    } else if (j >= come.length || (i < gone.length && at(i + 1, j) >= at(i, j + 1))) lines.push(`- ${gone[i++]}`)
    else lines.push(`+ ${come[j++]}`)
  }
  return lines
}
