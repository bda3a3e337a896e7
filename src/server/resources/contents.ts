/**
 * What `read` answers, as contents of the wire: a text as text, bytes as Base64, each with its URI and MIME type. Bounded before
 * anything is encoded.
 *
 *   read ─▶ [contents] ─▶ release
 *
 * What is not there is told as that, never as an empty list (2026-07-28 resources §error handling). Fails closed: what has not
 * the shape of contents is withheld.
 *
 * @module
 */

import { allow, type Decision, deny, type JsonObject } from '../../core/index.ts'
import { isBase64, isMimeType, isObject, uriProblem } from '../../protocol/index.ts'

/** One of several contents. The URI is the one that was read unless told; bytes are encoded, a `blob` of text is Base64 already. */
export interface ResourceContent {
  readonly uri?: string | undefined
  readonly mimeType?: string | undefined
  readonly text?: string | undefined
  readonly blob?: Uint8Array | string | undefined
  readonly _meta?: JsonObject | undefined
}

/** Undefined and null: there is no such resource. */
export type ResourceAnswer = string | Uint8Array | { readonly contents: readonly ResourceContent[] } | undefined | null

export interface ContentsOptions {
  readonly uri: string
  readonly mimeType: string | undefined
  readonly resultBytes: number
}

const MAX_CONTENTS = 1_000

export const notFound: Decision<never> = deny({ reason: 'unknown_name', kind: 'resource' })

export function toContents(answer: unknown, { uri, mimeType, resultBytes }: ContentsOptions): Decision<readonly JsonObject[]> {
  if (answer === undefined || answer === null) return notFound
  if (typeof answer === 'string') return encode([{ mimeType, text: answer }], uri, resultBytes)
  if (answer instanceof Uint8Array) return encode([{ mimeType, blob: answer }], uri, resultBytes)
  const contents = isObject(answer) ? answer['contents'] : undefined
  if (!Array.isArray(contents)) return invalid('contents', 'must be a text, bytes, a list of contents, or undefined')
  if (contents.length === 0) return notFound
  if (contents.length > MAX_CONTENTS) return invalid('contents', `must NOT have more than ${MAX_CONTENTS} items`)
  for (const [index, content] of contents.entries()) {
    const rule = problemOf(content)
    if (rule !== undefined) return invalid(`contents/${index}`, rule)
  }
  return encode(
    contents.map((content) => ({ mimeType, ...(content as ResourceContent) })),
    uri,
    resultBytes,
  )
}

const invalid = (path: string, rule: string): Decision<never> => deny({ reason: 'invalid_result', path, rule })

/** 2026-07-28 schema §ResourceContents. */
function problemOf(value: unknown): string | undefined {
  if (!isObject(value)) return 'must be an object'
  const { uri, mimeType, text, blob, _meta: meta } = value
  if (uri !== undefined && (typeof uri !== 'string' || uriProblem(uri) !== undefined)) return 'must have a uri that is one'
  if (mimeType !== undefined && !isMimeType(mimeType)) return 'must have a mimeType that is a media type'
  if (meta !== undefined && !isObject(meta)) return 'must have a _meta that is an object'
  if ((text === undefined) === (blob === undefined)) return 'must have either text or blob'
  if (text !== undefined) return typeof text === 'string' ? undefined : 'must have a text that is one'
  return blob instanceof Uint8Array || isBase64(blob) ? undefined : 'must have a blob of bytes or Base64'
}

function encode(contents: readonly ResourceContent[], requested: string, resultBytes: number): Decision<readonly JsonObject[]> {
  let left = resultBytes
  for (const content of contents) if ((left -= lengthOf(content)) < 0) return deny({ reason: 'result_too_large', limitBytes: resultBytes })
  return allow(contents.map((content) => toContent(content, requested)))
}

/** Base64 has four characters for three bytes. */
function lengthOf({ text, blob }: ResourceContent): number {
  if (typeof text === 'string') return Buffer.byteLength(text)
  return typeof blob === 'string' ? blob.length : Math.ceil((blob?.byteLength ?? 0) / 3) * 4
}

function toContent({ uri, mimeType, text, blob, _meta }: ResourceContent, requested: string): JsonObject {
  return {
    uri: uri ?? requested,
    ...(mimeType === undefined ? {} : { mimeType }),
    ...(typeof text === 'string' ? { text } : { blob: typeof blob === 'string' ? blob : toBase64(blob as Uint8Array) }),
    ...(_meta === undefined ? {} : { _meta }),
  }
}

const toBase64 = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
