/** Newline-delimited messages from a stream, bounded: a line over the limit is skipped and reported, not kept. @module */

import type { Readable } from 'node:stream'

/** Calls `onLine` for each non-empty line, in order. Resolves at the end of the stream or when it is destroyed. */
export function readLines(input: Readable, maxBytes: number, onLine: (line: Buffer | 'too long') => void): Promise<void> {
  let kept: Buffer[] = []
  let size = 0

  function finish(last: Buffer): void {
    const length = size + last.length
    if (length > maxBytes) onLine('too long')
    else if (length > 0) {
      const line = kept.length === 0 ? last : Buffer.concat([...kept, last])
      if (!isBlank(line)) onLine(line)
    }
    kept = []
    size = 0
  }

  input.on('data', (chunk: Buffer) => {
    let from = 0
    for (let end = chunk.indexOf(10, from); end !== -1; end = chunk.indexOf(10, from)) {
      finish(chunk.subarray(from, end))
      from = end + 1
    }
    const rest = chunk.subarray(from)
    size += rest.length
    if (size <= maxBytes) kept.push(rest)
    else kept = []
  })
  return new Promise((resolve) => {
    input.once('end', () => {
      finish(Buffer.alloc(0))
      resolve()
    })
    input.once('close', () => resolve())
    input.once('error', () => resolve())
  })
}

const isBlank = (line: Buffer): boolean => line.every((byte) => byte === 13 || byte === 32 || byte === 9)
