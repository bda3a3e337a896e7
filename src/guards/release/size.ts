/** How large results are, without writing them out where that can be told sooner. Pure. @module */

import { estimateTokens, type JsonObject } from '../../core/index.ts'
import { isObject } from '../../protocol/index.ts'

/** Characters of its content alone: cheap, for what may be megabytes. Never more than the JSON of it has. */
export function bulkOf({ content }: JsonObject): number {
  if (!Array.isArray(content)) return 0
  let bulk = 0
  for (const block of content) {
    if (!isObject(block)) continue
    const { text, data, resource } = block
    if (typeof text === 'string') bulk += text.length
    else if (typeof data === 'string') bulk += data.length
    else if (isObject(resource)) bulk += lengthOf(resource['text']) + lengthOf(resource['blob'])
  }
  return bulk
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
