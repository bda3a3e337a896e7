/** Files in a result, and the links that stand in their place (2026-07-28 tools §resource links). Pure. @module */

import type { JsonObject } from '../../core/index.ts'
import { isObject } from '../../protocol/index.ts'
import type { Kept, KeptResult } from '../results/index.ts'
import type { Leaving } from './steps.ts'

export interface FileInResult {
  readonly kept: Kept
  readonly mimeType: string
  readonly name: string | undefined
}

/** Undefined: it is a text, a link, or nothing that we know. */
export function fileOf(block: unknown): FileInResult | undefined {
  if (!isObject(block)) return undefined
  const { type, data, resource } = block
  if ((type === 'image' || type === 'audio') && typeof data === 'string')
    return { kept: { base64: data }, mimeType: typeOf(block, 'application/octet-stream'), name: undefined }
  if (type !== 'resource' || !isObject(resource)) return undefined
  const { uri, text, blob } = resource
  const name = typeof uri === 'string' ? uri.slice(0, MAX_NAME) : undefined
  if (typeof blob === 'string') return { kept: { base64: blob }, mimeType: typeOf(resource, 'application/octet-stream'), name }
  return typeof text === 'string' ? { kept: { text }, mimeType: typeOf(resource, 'text/plain'), name } : undefined
}

/** Links of ours that are texts: no part of what the tool has said. */
const inWords = new WeakSet<object>()
export const isSaid = (block: JsonObject): boolean => block['type'] === 'text' && !inWords.has(block)

export function linkTo(
  { isLinkless }: Pick<Leaving, 'isLinkless'>,
  uri: string,
  { bytes, expiresAt }: KeptResult,
  name: string,
  mimeType: string,
): JsonObject {
  const until = new Date(expiresAt).toISOString()
  if (isLinkless) {
    const told = { type: 'text', text: `${name} (${mimeType}, ${bytes} bytes) can be read until ${until}: ${uri}` }
    inWords.add(told)
    return told
  }
  const description = `Kept until ${until}. Can be read in pieces: ?offset=0&length=65536`
  return { type: 'resource_link', uri, name, mimeType, size: bytes, description }
}

const MAX_NAME = 256
const typeOf = ({ mimeType }: JsonObject, otherwise: string): string =>
  typeof mimeType === 'string' && mimeType.length <= MAX_NAME ? mimeType : otherwise
