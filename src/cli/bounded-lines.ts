/**
 * The lines of a stream, one after the other, bounded: of one that is longer nothing is kept. The stream is read no faster than they are
 * taken.
 *
 * @module
 */

import { createByteBuffer } from '../core/index.ts'

/** Every line, empty ones too; undefined for one that is longer than `maxBytes`. */
export async function* boundedLines(stream: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<string | undefined> {
  const part = createByteBuffer()
  let isTooLong = false
  let isBegun = false
  function keep(piece: Uint8Array): void {
    isBegun ||= piece.length > 0
    if (isTooLong || part.length + piece.length > maxBytes) {
      isTooLong = true
      part.take()
    } else part.add(Buffer.from(piece.buffer, piece.byteOffset, piece.length))
  }
  function take(): string | undefined {
    const line = isTooLong ? undefined : part.take().toString('utf8').replace(/\r$/, '')
    isTooLong = false
    isBegun = false
    return line
  }
  for await (const chunk of stream) {
    let start = 0
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      keep(chunk.subarray(start, end))
      yield take()
      start = end + 1
    }
    keep(chunk.subarray(start))
  }
  if (isBegun) yield take()
}
