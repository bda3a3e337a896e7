/**
 * Joins what an encoder has broken into lines: base64 comes in lines of 64 or 76 characters (RFC 2045 §6.8, RFC 7468), indented where it is
 * in YAML. Only a break in the middle of a code counts, so that ordinary text is hardly looked at. For a search only.
 *
 * @module
 */

const LINE_FEED = 0x0a
const RETURN = 0x0d
const SPACE = 0x20
/** What stands before a break in the middle of a code. */
const CODE_BEFORE = 16

/** Writes what is left to `text` itself, and answers how long that is. Undefined: there is nothing to join. `origins`: as in `unescape`. */
export function joinLines(text: Uint8Array, length: number, origins?: Uint32Array): number | undefined {
  let out = -1
  let from = 0
  for (let at = text.indexOf(LINE_FEED); at !== -1 && at < length; ) {
    const end = text[at - 1] === RETURN ? at - 1 : at
    let next = at + 1
    if (isCodeBefore(text, end)) {
      while (next < length && text[next] === SPACE) next++
      if (next < length && isCode(text[next] as number)) {
        out = out === -1 ? end : move(text, from, end, out, origins)
        from = next
      }
    }
    at = text.indexOf(LINE_FEED, next)
  }
  if (out === -1) return undefined
  out = move(text, from, length, out, origins)
  if (origins) origins[out] = origins[length] as number
  return out
}

function move(text: Uint8Array, from: number, to: number, out: number, origins: Uint32Array | undefined): number {
  text.copyWithin(out, from, to)
  origins?.copyWithin(out, from, to)
  return out + to - from
}

function isCodeBefore(text: Uint8Array, end: number): boolean {
  if (end < CODE_BEFORE) return false
  for (let at = end - 1; at >= end - CODE_BEFORE; at--) if (!isCode(text[at] as number)) return false
  return true
}

/** Base64 in either alphabet, and hex. */
const isCode = (byte: number): boolean =>
  (byte >= 0x30 && byte <= 0x39) ||
  (byte >= 0x41 && byte <= 0x5a) ||
  (byte >= 0x61 && byte <= 0x7a) ||
  byte === 0x2b ||
  byte === 0x2f ||
  byte === 0x2d ||
  byte === 0x5f
