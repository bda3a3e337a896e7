/**
 * Serving over a pair of streams: one JSON-RPC message a line, through the same pipeline as HTTP. Who is calling is decided
 * by the environment (`SALLYPORT_KEY`, else the local user), on every message anew.
 *
 * @module
 */

import type { Readable, Writable } from 'node:stream'
import type { Clock, Credential, Log } from '../../core/index.ts'
import type { Pipeline } from '../../pipeline/index.ts'
import { type JsonBounds, toLine } from '../../protocol/index.ts'
import { type ConnectionOptions, createConnection } from '../connection/index.ts'
import { readLines } from './lines.ts'

export interface StdioOptions {
  readonly pipeline: Pipeline
  readonly input: Readable
  readonly output: Writable
  readonly credential: Credential
  readonly forget: ConnectionOptions['forget']
  readonly resource: string
  readonly bodyBytes: number
  readonly json: JsonBounds
  readonly clock: Clock
  readonly log: Log
}

export interface StdioTransport {
  /** Resolves when the input has ended and every answer is out. */
  readonly done: Promise<void>
  close(): void
}

export function createStdioTransport({ input, output, credential, resource, bodyBytes, ...options }: StdioOptions): StdioTransport {
  const connection = createConnection({
    ...options,
    caller: { transport: 'stdio', address: 'local', credential, resource },
    key: 'stdio',
    bodyBytes,
    write(text) {
      if (!output.destroyed) output.write(toLine(text))
    },
    unreadBytes: () => output.writableLength,
    hold(isHeld) {
      if (isHeld) input.pause()
      else input.resume()
    },
  })
  output.on('drain', connection.drained)
  // A reader that has gone is the end as well: what runs is cancelled and on record.
  output.on('error', () => input.destroy())

  return {
    done: readLines(input, bodyBytes, connection.receive).then(connection.finish),
    close() {
      input.destroy()
      connection.cancel()
    },
  }
}
