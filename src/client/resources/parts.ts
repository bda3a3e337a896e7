/**
 * What is to be put at a server, in parts of one length, whatever it comes as: so that no more than two of them are in memory. Every part
 * says whether it is the last.
 *
 * @module
 */

/** A text is UTF-8. */
export type ResourceData = string | Uint8Array | ArrayBuffer | Blob | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>

export interface DataPart {
  readonly bytes: Uint8Array
  readonly isLast: boolean
}

export async function* partsOf(data: ResourceData, partBytes: number): AsyncGenerator<DataPart> {
  let waiting: Uint8Array[] = []
  let held = 0
  for await (const chunk of chunksOf(data)) {
    let left = chunk
    while (held + left.length > partBytes) {
      const first = left.subarray(0, partBytes - held)
      yield { bytes: Buffer.concat([...waiting, first]), isLast: false }
      left = left.subarray(first.length)
      waiting = []
      held = 0
    }
    waiting.push(left)
    held += left.length
  }
  yield { bytes: Buffer.concat(waiting), isLast: true }
}

async function* chunksOf(data: ResourceData): AsyncGenerator<Uint8Array> {
  if (typeof data === 'string') yield Buffer.from(data)
  else if (data instanceof Uint8Array) yield data
  else if (data instanceof ArrayBuffer) yield new Uint8Array(data)
  else
    for await (const chunk of data instanceof Blob ? data.stream() : data) {
      if (!(chunk instanceof Uint8Array)) throw new TypeError('a stream for putResource must give bytes')
      yield chunk
    }
}

export const isResourceData = (data: unknown): data is ResourceData =>
  typeof data === 'string' ||
  data instanceof Uint8Array ||
  data instanceof ArrayBuffer ||
  data instanceof Blob ||
  (typeof data === 'object' && data !== null && Symbol.asyncIterator in data)
