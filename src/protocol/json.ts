/**
 * JSON from somebody we do not trust: UTF-8, bounded in depth and list length, and without duplicate keys (two parsers
 * that disagree on which one counts are how a check is passed with one value and executed with another; RFC 8259 §4
 * leaves it open, RFC 7493 §2.3 forbids them). Fails closed: what cannot be read is refused, never guessed at.
 *
 * @module
 */

import { isUtf8 } from 'node:buffer'
import { allow, type Decision, deny } from '../core/index.ts'

export interface JsonBounds {
  readonly maxDepth: number
  /** For each array. */
  readonly maxItems: number
}

const malformed = (problem: string): Decision<never> => deny({ reason: 'malformed_json', problem })

export function parseJson(bytes: Buffer, bounds: JsonBounds): Decision<unknown> {
  if (!isUtf8(bytes)) return malformed('The body is not valid UTF-8.')
  const text = bytes.toString('utf8')
  const members = countMembers(text, bounds.maxDepth)
  if (members === TOO_DEEP) return malformed(`The JSON is nested deeper than ${bounds.maxDepth} levels.`)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // V8's message quotes the text, which may hold a secret.
    return malformed('The body is not valid JSON.')
  }
  const kept = countKept(value, bounds.maxItems)
  if (kept === TOO_LONG) return malformed(`A list in the JSON has more than ${bounds.maxItems} items.`)
  // JSON.parse keeps the last of two equal keys: fewer members in the result than in the text means that there were some.
  if (kept !== members) return malformed('An object in the JSON has the same key twice.')
  return allow(value)
}

const TOO_DEEP = -1
const TOO_LONG = -1
const [QUOTE, BACKSLASH, COLON, OPEN_OBJECT, CLOSE_OBJECT, OPEN_ARRAY, CLOSE_ARRAY] = [34, 92, 58, 123, 125, 91, 93]

/** How many members the objects in `text` have, all together: the colons outside strings. One pass, before any parsing. */
function countMembers(text: string, maxDepth: number): number {
  let depth = 0
  let members = 0
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case QUOTE:
        at = endOfString(text, at)
        break
      case COLON:
        members++
        break
      case OPEN_OBJECT:
      case OPEN_ARRAY:
        if (++depth > maxDepth) return TOO_DEEP
        break
      case CLOSE_OBJECT:
      case CLOSE_ARRAY:
        depth--
        break
    }
  }
  return members
}

function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let slashes = 0
    while (text.charCodeAt(end - 1 - slashes) === BACKSLASH) slashes++
    if (slashes % 2 === 0) return end
  }
  return text.length
}

/** The depth is bounded by now, so that recursion is safe. */
function countKept(value: unknown, maxItems: number): number {
  if (typeof value !== 'object' || value === null) return 0
  let kept = 0
  if (Array.isArray(value)) {
    if (value.length > maxItems) return TOO_LONG
    for (const item of value) {
      const inner = countKept(item, maxItems)
      if (inner === TOO_LONG) return TOO_LONG
      kept += inner
    }
    return kept
  }
  const keys = Object.keys(value)
  for (const key of keys) {
    const inner = countKept((value as Record<string, unknown>)[key], maxItems)
    if (inner === TOO_LONG) return TOO_LONG
    kept += inner
  }
  return kept + keys.length
}
