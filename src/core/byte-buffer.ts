/**
 * Bytes that arrive in pieces, put together as they come: in memory there is what came, and not what each piece costs, so that a sender of
 * single bytes takes no more than another one.
 *
 * @module
 */

export interface ByteBuffer {
  readonly length: number
  add(piece: Uint8Array): void
  /** All of it; begins anew. */
  take(): Buffer
}

const LEAST = 4096

export function createByteBuffer(): ByteBuffer {
  // One piece is often all: it is not copied.
  let whole: Buffer | undefined
  let room = Buffer.alloc(0)
  let length = 0

  function append(piece: Uint8Array): void {
    if (length + piece.length > room.length) {
      const larger = Buffer.allocUnsafe(Math.max(LEAST, 2 * (length + piece.length)))
      room.copy(larger, 0, 0, length)
      room = larger
    }
    room.set(piece, length)
    length += piece.length
  }

  return {
    get length() {
      return whole?.length ?? length
    },
    add(piece) {
      if (piece.length === 0) return
      if (whole === undefined && length === 0) {
        whole = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength)
        return
      }
      const first = whole
      whole = undefined
      if (first) append(first)
      append(piece)
    },
    take() {
      const all = whole ?? room.subarray(0, length)
      whole = undefined
      room = Buffer.alloc(0)
      length = 0
      return all
    },
  }
}
