/**
 * Values that come from clients, upstreams and the record, as they may stand in a line for people: whatever would drive the
 * terminal, begin a line, hide or turn text, or look like a gap between columns is shown as its code point. Lossy, and
 * meant to be: `--json` has the value itself. Goes before colour and layout, which are ours.
 *
 * @module
 */

/** Controls (C0, C1, ESC), formats (bidi, zero-width, tags), line separators, lone surrogates, and what has no look. */
const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}\p{Default_Ignorable_Code_Point}\u2800]/gu
/** Columns are two spaces apart, and other spaces look like ours. */
const gap = /(?<= ) |(?! )\p{Zs}/gu
/** As long as any name that a list shows; a longer one would wrap, and its rest pass for the next line. */
const MAX_IN_LIST = 128

/** All of it, on one line. */
export const shown = (value: string): string => value.replace(unseen, asCode).replace(gap, asCode)

/** A line of what has changed: it begins with a sign and a space, or with two spaces where it has not. */
export const shownChange = (line: string): string => (line.startsWith('  ') ? `  ${shown(line.slice(2))}` : shown(line))

/** The beginning of what is very long. */
export function shownShort(value: string): string {
  const points = Array.from(value)
  return shown(points.length > MAX_IN_LIST ? `${points.slice(0, MAX_IN_LIST - 1).join('')}…` : value)
}

/** The same JSON, in which nothing drives a terminal: only strings can hold such characters, and `\u` means the same there. */
export const shownJson = (json: string): string =>
  json.replace(unseen, (character) => Array.from({ length: character.length }, (_, at) => escaped(character.charCodeAt(at))).join(''))

const asCode = (character: string): string => {
  if (character === '\n') return '\\n'
  if (character === '\t') return '\\t'
  const code = character.codePointAt(0) as number
  return code > 0xffff ? `\\u{${code.toString(16)}}` : escaped(code)
}
const escaped = (unit: number): string => `\\u${unit.toString(16).padStart(4, '0')}`
