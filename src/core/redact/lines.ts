/**
 * Redacts what comes line by line, each to be shown at once. A private key goes over many of them, of which only the first looks like one:
 * what follows it is taken out until it ends.
 *
 * @module
 */

import { MASK, type Redactor } from './redactor.ts'

const begins = /-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY/
const ends = /-----END /
/** Base64, or a header of an old PEM (RFC 1421). */
const isBody = /^\s*(?:[A-Za-z0-9+/=]*|[A-Za-z-]{1,20}: .{0,80})\s*$/
/** Longer than any key. */
const MAX_LINES = 200

export function createLineRedactor({ text }: Pick<Redactor, 'text'>): (line: string) => string {
  let left = 0
  return function redactLine(line) {
    const isEnd = ends.test(line)
    if (left > 0 && (isEnd || isBody.test(line))) {
      left = isEnd ? 0 : left - 1
      return MASK
    }
    left = begins.test(line) && !isEnd ? MAX_LINES : 0
    return text(line)
  }
}
