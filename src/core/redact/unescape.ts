/**
 * Takes one layer of escapes off: those of JSON, however its writer likes them (`\/`, `\u0026`, `\u00e9`), and those of
 * URLs and forms, in whichever case and for whichever characters. For a search only: it reads any text as if it were both.
 *
 * @module
 */

const BACKSLASH = 0x5c
const PERCENT = 0x25
const PLUS = 0x2b
const letters: Readonly<Record<number, number>> = { 0x62: 8, 0x66: 12, 0x6e: 10, 0x72: 13, 0x74: 9 }

/** Beside `%`, which always begins an escape. */
export interface Escapes {
  readonly backslash: boolean
  /** Stands for a space. */
  readonly plus: boolean
}

/**
 * Writes what is left to `into`, which may be `text` itself, and answers how long that is. Undefined: there is nothing to
 * take off. `origins` is for whoever wants to know where a byte came from: it says so of `text`, and is changed to say so
 * of what is left.
 */
export function unescapeLayer(
  text: Uint8Array,
  length: number,
  { backslash, plus }: Escapes,
  into: Uint8Array,
  origins?: Uint32Array,
): number | undefined {
  let at = length
  for (const byte of [PERCENT, ...(backslash ? [BACKSLASH] : []), ...(plus ? [PLUS] : [])]) {
    const found = text.subarray(0, at).indexOf(byte)
    if (found !== -1) at = found
  }
  if (at === length) return undefined
  into.set(text.subarray(0, at))
  let out = at
  while (at < length) {
    const began = at
    const wrote = out
    const byte = text[at++] as number
    if (byte === PERCENT) {
      const value = hexAt(text, at, 2, length)
      if (value !== -1) at += 2
      into[out++] = value === -1 ? byte : value
    } else if (byte === BACKSLASH && backslash && at < length) {
      const next = text[at++] as number
      let code = next === 0x75 ? hexAt(text, at, 4, length) : -1
      if (code === -1) into[out++] = letters[next] ?? next
      else {
        at += 4
        if (code >= 0xd800 && code < 0xdc00 && text[at] === BACKSLASH && text[at + 1] === 0x75) {
          const low = hexAt(text, at + 2, 4, length)
          if (low >= 0xdc00 && low < 0xe000) {
            code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00)
            at += 6
          }
        }
        out = writeCharacter(code, into, out)
      }
    } else into[out++] = byte === PLUS && plus ? 0x20 : byte
    // What is read lies ahead of what is written, so that one array serves for both.
    if (origins) origins.fill(origins[began] as number, wrote, out)
  }
  if (origins) origins[out] = origins[length] as number
  return out
}

/** -1 where there are not so many hexadecimal digits. */
function hexAt(text: Uint8Array, at: number, digits: number, length: number): number {
  if (at + digits > length) return -1
  let value = 0
  for (let i = at; i < at + digits; i++) {
    const byte = text[i] as number
    const lower = byte | 0x20
    const digit = byte >= 0x30 && byte <= 0x39 ? byte - 0x30 : lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
    if (digit === -1) return -1
    value = value * 16 + digit
  }
  return value
}

/** As UTF-8, which is never longer than the escape. */
function writeCharacter(code: number, into: Uint8Array, at: number): number {
  let out = at
  if (code < 0x80) into[out++] = code
  else {
    if (code < 0x800) into[out++] = 0xc0 | (code >> 6)
    else {
      if (code < 0x10000) into[out++] = 0xe0 | (code >> 12)
      else {
        into[out++] = 0xf0 | (code >> 18)
        into[out++] = 0x80 | ((code >> 12) & 0x3f)
      }
      into[out++] = 0x80 | ((code >> 6) & 0x3f)
    }
    into[out++] = 0x80 | (code & 0x3f)
  }
  return out
}
