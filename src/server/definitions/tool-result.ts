/**
 * From what a tool's function answers to a result as the wire has it (2026-07-28 tools §Tool Result).
 *
 *   a text                         → one text
 *   nothing                        → no content
 *   an object with `content`       → a result as it stands, checked
 *   anything else that JSON says   → structured content, and the same as text for clients that read only that
 *
 * Fails closed: what has not the shape of a result, or cannot be written as JSON, is withheld.
 *
 * @module
 */

import type { JsonObject, Violation } from '../../core/index.ts'
import { contentProblem, isObject, isWithinDepth } from '../../protocol/index.ts'

export interface Annotations {
  readonly audience?: readonly ('user' | 'assistant')[]
  readonly priority?: number
  readonly lastModified?: string
}
interface Annotated {
  readonly annotations?: Annotations
  readonly _meta?: JsonObject
}
/** 2026-07-28 schema §ContentBlock. Data is base64. */
export type ContentBlock = Annotated &
  (
    | { readonly type: 'text'; readonly text: string }
    | { readonly type: 'image' | 'audio'; readonly data: string; readonly mimeType: string }
    | {
        readonly type: 'resource_link'
        readonly uri: string
        readonly name: string
        readonly title?: string
        readonly description?: string
        readonly mimeType?: string
        readonly size?: number
      }
    | {
        readonly type: 'resource'
        readonly resource: { readonly uri: string; readonly mimeType?: string; readonly _meta?: JsonObject } & (
          | { readonly text: string }
          | { readonly blob: string }
        )
      }
  )

/** Thrown by a tool whose caller should read why it failed: its message is a result that is an error. */
export class ToolError extends Error {
  override readonly name = 'ToolError'
}

export type Shaped = { readonly result: JsonObject } | { readonly violation: Violation }

const MAX_BLOCKS = 1_000
const MAX_DEPTH = 64
const members = new Set(['content', 'structuredContent', 'isError', '_meta', 'resultType'])

const violation = (path: string, rule: string): { readonly violation: Violation } => ({ violation: { path, rule } })
const text = (value: string): JsonObject => ({ type: 'text', text: value })

export function toToolResult(value: unknown): Shaped {
  if (typeof value === 'string') return { result: { content: [text(value)] } }
  if (value === undefined) return { result: { content: [] } }
  return isWholeResult(value) ? checked(value) : toStructured(value)
}

/** Whether an answer is a result as the wire has it, and not something to make one of. */
export const isWholeResult = (value: unknown): value is JsonObject & { readonly content: readonly unknown[] } =>
  isObject(value) && Array.isArray(value['content'])

/** `whole`: the result that it is the structured content of, if there is one. */
export function toStructured(value: unknown, whole?: JsonObject): Shaped {
  const json = toJson(value)
  return json ? { result: { content: [text(json.text)], ...whole, structuredContent: json.value } } : notJson
}

export const toErrorResult = (error: ToolError): JsonObject => ({ isError: true, content: [text(error.message)] })

function checked(value: JsonObject & { readonly content: readonly unknown[] }): Shaped {
  for (const key of Object.keys(value))
    if (!members.has(key)) return violation(key.slice(0, 80), 'is no member of a result: an answer with a `content` list is taken for one')
  const { content, isError, _meta: meta, resultType = 'complete', structuredContent } = value
  if (resultType !== 'complete') return violation('resultType', 'must be "complete": return context.ask(…) for what needs input')
  if (isError !== undefined && typeof isError !== 'boolean') return violation('isError', 'must be true or false')
  if (meta !== undefined && !isObject(meta)) return violation('_meta', 'must be an object')
  if (content.length > MAX_BLOCKS) return violation('content', `must NOT have more than ${MAX_BLOCKS} items`)
  for (const [index, block] of content.entries()) {
    const problem = contentProblem(block)
    if (problem) return violation(`content/${index}${problem.path}`, problem.rule)
  }
  const result = { content, ...(isError === undefined ? {} : { isError }), ...(meta === undefined ? {} : { _meta: meta }) }
  return structuredContent === undefined ? { result } : toStructured(structuredContent, result)
}

const notJson = violation('structuredContent', 'must be what JSON can say')

/** What is checked is what is sent: dates are texts by then, and what is undefined is gone. */
function toJson(value: unknown): { readonly text: string; readonly value: unknown } | undefined {
  try {
    const written: string | undefined = JSON.stringify(value)
    if (written === undefined) return undefined
    const read: unknown = JSON.parse(written)
    return isWithinDepth(read, MAX_DEPTH) ? { text: written, value: read } : undefined
  } catch {
    // A circle, or a BigInt.
    return undefined
  }
}
