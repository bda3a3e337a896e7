/** How large results are, without writing them out where that can be told sooner. Pure. @module */

import { estimateTokens, type JsonObject } from '../../core/index.ts'
import { isObject } from '../../protocol/index.ts'

/**
 * About how many characters a result has, told from a few of its members: cheap, for what may be megabytes. Decides only whether it is
 * measured before it is written out.
 */
export function bulkOf({ content, structuredContent }: JsonObject): number {
  let bulk = 0
  if (Array.isArray(content)) {
    for (const block of content) {
      if (!isObject(block)) continue
      const { text, data, resource } = block
      if (typeof text === 'string') bulk += text.length
      else if (typeof data === 'string') bulk += data.length
      else if (isObject(resource)) bulk += lengthOf(resource['text']) + lengthOf(resource['blob'])
    }
  }
  if (Array.isArray(structuredContent)) return bulk + structuredContent.length * ITEM
  if (isObject(structuredContent))
    for (const key in structuredContent) {
      const member = structuredContent[key]
      if (Array.isArray(member)) bulk += member.length * ITEM
    }
  return bulk
}
/** What an item of a list takes at a guess. */
const ITEM = 20

/** How many characters its JSON has at least: signs and escapes are not all counted. Looks at no more of it than `most` takes. */
export function charactersOf(value: unknown, most: number = Number.POSITIVE_INFINITY): number {
  let count = 0
  const walk = (part: unknown): void => {
    if (count > most) return
    if (typeof part === 'string') count += part.length + 2
    else if (typeof part !== 'object' || part === null) count += 1
    else if (Array.isArray(part)) {
      count += 2
      for (const item of part) walk(item)
    } else {
      count += 2
      for (const [key, member] of Object.entries(part)) {
        count += key.length + 3
        walk(member)
      }
    }
  }
  walk(value)
  return count
}

const lengthOf = (value: unknown): number => (typeof value === 'string' ? value.length : 0)

/** What a model spends on a picture, whatever its bytes: about what the large ones cost. */
export const IMAGE_TOKENS = 1_600

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
