/** How large results are, without writing them out where that can be told sooner. Pure. @module */

import { estimateTokens, type JsonObject } from '../../core/index.ts'
import { isObject } from '../../protocol/index.ts'
import type { Room } from '../results/index.ts'

/**
 * How many characters its JSON has at least: signs and escapes are not all counted. Looks at no more of it than `most` takes, wherever it
 * stands, and makes nothing of it: every result is measured.
 */
export function charactersOf(value: unknown, most: number = Number.POSITIVE_INFINITY): number {
  if (typeof value === 'string') return value.length + 2
  if (typeof value !== 'object' || value === null) return 1
  let count = 2
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length && count <= most; at++) count += charactersOf(value[at], most - count)
    return count
  }
  const members = value as JsonObject
  for (const key in members) {
    if (count > most) return count
    count += key.length + 3 + charactersOf(members[key], most - count)
  }
  return count
}

/** What a model spends on a picture, whatever its bytes: about what the large ones cost. */
const IMAGE_TOKENS = 1_600

export interface Size {
  readonly bytes: number
  readonly tokens: number
}

/** Of the JSON of it. */
export function sizeOf(value: unknown): Size {
  const text = JSON.stringify(value) ?? ''
  return { bytes: Buffer.byteLength(text), tokens: estimateTokens(text) }
}

/** The same for a result: a picture is what it costs a model. */
export function sizeOfResult(result: JsonObject): Size {
  const { content, ...rest } = result
  const sizes = [sizeOf(rest), ...(Array.isArray(content) ? content.map(sizeOfBlock) : [sizeOf(content)])]
  return sizes.reduce((sum, { bytes, tokens }) => ({ bytes: sum.bytes + bytes + 1, tokens: sum.tokens + tokens }), { bytes: 12, tokens: 3 })
}

export function sizeOfBlock(block: unknown): Size {
  if (isObject(block) && (block['type'] === 'image' || block['type'] === 'audio') && typeof block['data'] === 'string') {
    const { data, ...rest } = block
    const { bytes, tokens } = sizeOf(rest)
    return { bytes: bytes + data.length + 10, tokens: tokens + IMAGE_TOKENS }
  }
  return sizeOf(block)
}

export function hasRoom(result: JsonObject, room: Room): boolean {
  // Most of what has no room is told without writing it out.
  if (charactersOf(result, room.bytes) > room.bytes) return false
  const { bytes, tokens } = sizeOfResult(result)
  return bytes <= room.bytes && tokens <= room.tokens
}
