/**
 * What commands print. Results go to stdout: for people aligned and coloured on a terminal, with `--json` as exactly one
 * object. Everything else goes to stderr.
 *
 * @module
 */

import { styleText } from 'node:util'
import { shownJson } from './shown.ts'

export interface Output {
  readonly json: boolean
  /** One line for people; nothing with `--json`. What is not ours in it went through `shown`. */
  line(text?: string): void
  /** The one object; nothing without `--json`. */
  object(value: unknown): void
  /** One line on stderr, always. */
  note(text: string): void
  paint(style: Style, text: string): string
}

type Style = 'green' | 'yellow' | 'red' | 'dim' | 'bold' | 'cyan'

export interface Streams {
  readonly stdout: { write(text: string): unknown; readonly isTTY?: boolean | undefined }
  readonly stderr: { write(text: string): unknown; readonly isTTY?: boolean | undefined }
}

export function createOutput(json: boolean, { stdout, stderr }: Streams = process): Output {
  const colour = Boolean(stdout.isTTY) && !process.env.NO_COLOR
  return {
    json,
    line: (text = '') => void (json || stdout.write(`${printable(text)}\n`)),
    object: (value) => void (json && stdout.write(`${shownJson(JSON.stringify(value))}\n`)),
    note: (text) => void stderr.write(`${printable(text)}\n`),
    paint: (style, text) => (colour ? styleText(style, text, { validateStream: false }) : text),
  }
}

/**
 * A second look, for a value that nobody thought of as foreign: nothing passes but the colours that `paint` has, and one
 * call is one line.
 */
function printable(text: string): string {
  return text.replace(/(\u001b\[(?:3[1236]|39|22|[12])m)|[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, '$1')
}

/** What is shorter than this says nothing: then a line is left to the terminal. */
const MIN_LAST_CELL = 16

/**
 * Columns, two spaces apart, as wide as their widest cell. `columns`: of the terminal, whose lines a long last cell, which has no
 * colours, is shortened to; undefined where there is none.
 */
export function table(rows: readonly (readonly string[])[], columns?: number): string[] {
  const widths: number[] = []
  for (const row of rows) for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, width(cell))
  const before = widths.slice(0, -1).reduce((sum, each) => sum + each + 2, 0)
  const room = columns === undefined || columns - before < MIN_LAST_CELL ? Number.POSITIVE_INFINITY : columns - before
  return rows.map((row) =>
    row
      .map((cell, i) => (i === widths.length - 1 ? shortened(cell, room) : cell))
      .map((cell, i) => cell + ' '.repeat((widths[i] ?? 0) - width(cell)))
      .join('  ')
      .trimEnd(),
  )
}

function shortened(cell: string, room: number): string {
  return width(cell) <= room
    ? cell
    : `${Array.from(cell)
        .slice(0, room - 1)
        .join('')}…`
}

const width = (cell: string): number => cell.replace(/\u001b\[\d{1,2}m/g, '').length
