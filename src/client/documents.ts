/**
 * Small JSON documents over HTTP: metadata, registrations and tokens. One answer, no redirect, bounded in bytes, depth and time before
 * it is read. Nothing that was sent or came back is in an error.
 *
 * @module
 */

import { createByteBuffer, type JsonObject } from '../core/index.ts'
import { isJson } from '../net/index.ts'
import { isObject, parseJson } from '../protocol/index.ts'
import { TransportError } from './errors.ts'
import type { Answer, Network } from './network.ts'

export interface DocumentRequest {
  readonly method?: 'GET' | 'POST'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

export interface DocumentAnswer {
  readonly status: number
  readonly headers: Headers
  /** The JSON object in the body; undefined where it is none, or more than a document may be. */
  readonly document: JsonObject | undefined
}

const DEADLINE_MS = 10_000
const MAX_BYTES = 256 * 1024
const BOUNDS = { maxDepth: 16, maxItems: 1000 }

/** @throws {TransportError} where no answer came. */
export async function askForDocument(network: Network, url: URL, request: DocumentRequest = {}): Promise<DocumentAnswer> {
  const signal = AbortSignal.timeout(DEADLINE_MS)
  try {
    const response = await network.ask(url, {
      method: request.method ?? 'GET',
      // No encoding: what arrives is what is counted.
      headers: { accept: 'application/json', 'accept-encoding': 'identity', ...request.headers },
      body: request.body,
      signal,
    })
    const { status, headers } = response
    if (!isJson(headers.get('content-type')) || headers.has('content-encoding')) {
      discard(response)
      return { status, headers, document: undefined }
    }
    const bytes = await readBounded(response, MAX_BYTES)
    return { status, headers, document: bytes && parseDocument(bytes) }
  } catch (error) {
    if (signal.aborted) throw new TransportError('timeout', `${url.host} did not answer within ${DEADLINE_MS / 1000} seconds.`)
    if (error instanceof TransportError) throw error
    throw new TransportError('unreachable', `${url.host} broke its answer off.`)
  }
}

function parseDocument(bytes: Buffer): JsonObject | undefined {
  const parsed = parseJson(bytes, BOUNDS)
  return parsed.allowed && isObject(parsed.value) ? parsed.value : undefined
}

/** The whole body; undefined, and the rest unread, where it has more than `maxBytes`. */
export function readBounded({ body }: Answer, maxBytes: number): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const bytes = createByteBuffer()
    body.on('data', (chunk: Buffer) => {
      if (bytes.length + chunk.length <= maxBytes) return bytes.add(chunk)
      resolve(undefined)
      // Ends the request.
      return body.destroy()
    })
    body.once('end', () => resolve(bytes.take()))
    body.once('error', reject)
    // Destroyed without an error: nothing when it has ended before.
    body.once('close', () => reject(new TransportError('closed', 'The answer was broken off.')))
  })
}

/** For an answer whose status said everything. */
export const discard = ({ body }: Answer): void => void body.destroy()
