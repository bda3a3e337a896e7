/**
 * What a server wrote, as a terminal may show it in full: many lines, tabs, and every script. Where anything is hidden in it, or would
 * drive the terminal, all of that stands there as code points, so that it is seen. Lossy, and meant to be: `--json` has the value itself.
 *
 * @module
 */

import { cleanText } from '../../trust/index.ts'
import { shown, shownShort } from '../shown.ts'

/** A line separator ends a line for some; private and blank characters look like nothing. `cleanText` leaves them. */
const alsoUnseen = /[\p{Zl}\p{Zp}\p{Co}\u2800]/u

/** Safe to write to a terminal, line by line. */
export function shownText(text: string): string {
  const unix = text.replaceAll('\r\n', '\n')
  if (cleanText(unix).removed.length === 0 && !alsoUnseen.test(unix)) return unix
  return unix
    .split('\n')
    .map((line) => line.split('\t').map(escaped).join('\t'))
    .join('\n')
}

/** Runs of spaces stay: text is indented. */
const escaped = (text: string): string =>
  text
    .split(/( +)/)
    .map((part) => (part.startsWith(' ') ? part : shown(part)))
    .join('')

/** What a person sees before they decide, on one line: as long as a line of a list. */
export const shownLine = (text: string): string => shownShort(cleanText(text).text.replace(/\s+/gu, ' ').trim())
