/**
 * Cuts a child's stdout or stderr into lines, bounded. A line within the limit is handed over as text; a longer one is
 * dropped as it comes in, keeping only its two ends, from which the id of the request it answers can often be told.
 *
 * @module
 */

import { createByteBuffer } from '../core/index.ts'

export interface LineReader {
  push(chunk: Buffer): void
  /** What was left without a line end, when the stream closes. */
  end(): void
}

export interface LineReaderOptions {
  readonly maxBytes: number
  /** How much of the beginning of a longer one is kept. */
  readonly headBytes?: number
  readonly line: (text: string, bytes: number) => void
  readonly dropped: (head: string, tail: string) => void
}

const NEWLINE = 10
const END_BYTES = 512

export function createLineReader({ maxBytes, headBytes = END_BYTES, line, dropped }: LineReaderOptions): LineReader {
  const part = createByteBuffer()
  // Set while a line that is too long goes by.
  let head: string | undefined
  let tail: Buffer = Buffer.alloc(0)

  function overflow(piece: Buffer): void {
    if (head === undefined) {
      const begun = part.take()
      head = Buffer.concat([begun.subarray(0, headBytes), piece.subarray(0, headBytes)]).toString('utf8', 0, headBytes)
      keepTail(begun)
    }
    keepTail(piece)
  }
  function keepTail(piece: Buffer): void {
    tail = piece.length >= END_BYTES ? Buffer.from(piece.subarray(-END_BYTES)) : Buffer.concat([tail, piece]).subarray(-END_BYTES)
  }
  function keep(piece: Buffer): void {
    if (piece.length === 0) return
    if (head !== undefined || part.length + piece.length > maxBytes) return overflow(piece)
    part.add(piece)
  }
  function finish(): void {
    if (head !== undefined) {
      const ends = [head, tail.toString('utf8')] as const
      head = undefined
      tail = Buffer.alloc(0)
      return dropped(...ends)
    }
    if (part.length === 0) return
    const whole = part.take()
    emit(whole, 0, whole.length)
  }
  function emit(buffer: Buffer, start: number, end: number): void {
    // Windows servers end lines with CR LF.
    const last = buffer[end - 1] === 13 ? end - 1 : end
    if (last > start) line(buffer.toString('utf8', start, last), last - start)
  }

  return {
    push(chunk) {
      let start = 0
      let end = chunk.indexOf(NEWLINE)
      while (end !== -1) {
        if (part.length === 0 && head === undefined && end - start <= maxBytes) emit(chunk, start, end)
        else {
          keep(chunk.subarray(start, end))
          finish()
        }
        start = end + 1
        end = chunk.indexOf(NEWLINE, start)
      }
      keep(start === 0 ? chunk : chunk.subarray(start))
    },
    end: finish,
  }
}

/**
 * The id that a dropped answer belongs to. Only where it cannot be anything but the message's own: at the very front,
 * or directly before the brace that ends the message.
 */
export function idOfDropped(head: string, tail: string): number | undefined {
  const found =
    /^\s*\{"jsonrpc":"2\.0","id":(\d{1,15}),/.exec(head) ??
    /^\s*\{"id":(\d{1,15}),/.exec(head) ??
    /,"id":(\d{1,15})(?:,"jsonrpc":"2\.0")?\}\s*$/.exec(tail)
  return found ? Number(found[1]) : undefined
}
