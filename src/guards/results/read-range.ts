/**
 * Reads of something large that is kept in bytes what was asked for: a piece of it, or the places where some words are. What is answered is
 * never more than may be sent, and says where the next piece begins.
 *
 * Cuts of a text are between characters: a piece may begin or end a little further inside than was asked for.
 *
 * @module
 */

import { setImmediate } from 'node:timers/promises'
import type { JsonObject } from '../../core/index.ts'
import { createFinder } from './finder.ts'
import type { Wanted } from './result-uri.ts'

export interface Source {
  readonly bytes: number
  readonly isText: boolean
  read(offset: number, length: number): Promise<Buffer | undefined>
}

export interface Piece {
  readonly offset: number
  readonly length: number
  /** Where what follows begins; undefined: nothing does. */
  readonly next: number | undefined
  readonly data: { readonly text: string } | { readonly blob: string }
}

/** In `_meta` of a piece, and what is there, for whoever reads on. */
export const RANGE = 'sallyport/range'
export const rangeOf = ({ offset, length, next }: Omit<Piece, 'data'>, total: number): JsonObject => ({
  offset,
  length,
  total,
  ...(next === undefined ? {} : { next }),
})

export interface Match {
  /** Of the words. */
  readonly offset: number
  /** With what is around them. */
  readonly text: string
}

const LENGTH = 65_536
/** The longest character. */
const MIN_LENGTH = 4
const MAX_MATCHES = 20
const AROUND_BYTES = 120
const STEP_BYTES = 512 * 1024

/** `most`: bytes of JSON that the piece may take. Undefined: something of it has gone. */
export async function readPiece(source: Source, { offset, length = LENGTH }: Wanted, most: number): Promise<Piece | undefined> {
  const from = Math.min(offset, source.bytes)
  // Base64 takes four thirds.
  const least = Math.min(length, source.isText ? most : Math.floor((most * 3) / 4), source.bytes - from)
  const wanted = Math.min(Math.max(least, MIN_LENGTH), source.bytes - from)
  const bytes = wanted === 0 ? Buffer.alloc(0) : await source.read(from, wanted)
  if (!bytes) return undefined
  return source.isText
    ? textPiece(bytes, from, source.bytes, most)
    : piece(from, bytes.length, source.bytes, { blob: bytes.toString('base64') })
}

function textPiece(bytes: Buffer, from: number, total: number, most: number): Piece {
  const start = from === 0 ? 0 : leading(bytes)
  let end = from + bytes.length === total ? bytes.length : wholeEnd(bytes)
  for (;;) {
    const text = bytes.toString('utf8', start, end)
    const size = Buffer.byteLength(JSON.stringify(text))
    if (size <= most || end - start <= MIN_LENGTH) return piece(from + start, end - start, total, { text })
    // Escapes take their room, too.
    end = start + wholeEnd(bytes.subarray(start, start + Math.max(MIN_LENGTH, Math.floor(((end - start) * most) / size))))
  }
}

const piece = (offset: number, length: number, total: number, data: Piece['data']): Piece => ({
  offset,
  length,
  next: offset + length < total ? offset + length : undefined,
  data,
})

const isContinuation = (byte: number | undefined): boolean => byte !== undefined && (byte & 0xc0) === 0x80
/** How many bytes at the beginning are the rest of a character. */
function leading(bytes: Buffer): number {
  let at = 0
  while (at < MIN_LENGTH && isContinuation(bytes[at])) at++
  return at
}
/** Where the last whole character ends. */
function wholeEnd(bytes: Buffer): number {
  let start = bytes.length - 1
  while (start > 0 && bytes.length - start < MIN_LENGTH && isContinuation(bytes[start])) start--
  const first = bytes[start] ?? 0
  const needs = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1
  return bytes.length - start >= needs ? bytes.length : start
}

/** The first places behind `after` where exactly these characters are, and from where there may be more. */
export async function search(
  source: Source,
  words: string,
  after: number,
  signal: Pick<AbortSignal, 'aborted'>,
): Promise<{ readonly matches: readonly Match[]; readonly next: number | undefined } | undefined> {
  const wanted = Buffer.from(words)
  const finder = createFinder(wanted)
  const matches: Match[] = []
  for (let at = after; at < source.bytes && !signal.aborted; at += STEP_BYTES) {
    const bytes = await source.read(at, Math.min(STEP_BYTES, source.bytes - at))
    if (!bytes) return undefined
    for (let end = finder.endIn(bytes, 0); end !== undefined; end = finder.endIn(bytes, end)) {
      const offset = at + end - wanted.length
      const text = await around(source, offset, wanted.length)
      if (text === undefined) return undefined
      matches.push({ offset, text })
      if (matches.length === MAX_MATCHES) return { matches, next: at + end }
    }
    // A store in memory answers at once: others have their turn.
    await setImmediate()
  }
  return { matches, next: undefined }
}

async function around(source: Source, offset: number, length: number): Promise<string | undefined> {
  const from = Math.max(0, offset - AROUND_BYTES)
  const bytes = await source.read(from, Math.min(length + 2 * AROUND_BYTES, source.bytes - from))
  return bytes?.toString('utf8', from === 0 ? 0 : leading(bytes), wholeEnd(bytes))
}
