/** A long text, or a file in base64, as bytes: a piece at a time, so that no second copy of all of it is made. @module */

const PIECE = 64 * 1024

export function* bytesOfText(text: string): Generator<Buffer> {
  for (let at = 0; at < text.length; ) {
    const end = wholeCharacters(text, at + PIECE)
    yield Buffer.from(text.slice(at, end))
    at = end
  }
}

export function* bytesOfBase64(text: string): Generator<Buffer> {
  // Four characters are three bytes: each piece stands for itself.
  for (let at = 0; at < text.length; at += PIECE) yield Buffer.from(text.slice(at, at + PIECE), 'base64')
}

export const base64Bytes = (text: string): number =>
  Math.floor((text.length * 3) / 4) - (text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0)

/** Of `size` bytes each, but for the last. */
export function* inParts(pieces: Iterable<Buffer>, size: number): Generator<Buffer> {
  let part = Buffer.alloc(size)
  let used = 0
  for (const piece of pieces) {
    for (let at = 0; at < piece.length; ) {
      const copied = piece.copy(part, used, at)
      at += copied
      used += copied
      if (used < size) continue
      yield part
      part = Buffer.alloc(size)
      used = 0
    }
  }
  if (used > 0) yield part.subarray(0, used)
}

/** `at`, or one further where that is in the middle of a character of two halves. */
export function wholeCharacters(text: string, at: number): number {
  if (at >= text.length) return text.length
  const unit = text.charCodeAt(at)
  return unit >= 0xdc00 && unit <= 0xdfff ? at + 1 : at
}
