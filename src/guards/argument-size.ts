/**
 * Whether a text among the arguments is longer than one may be. Looked for only where the whole message is: no other can have one.
 *
 * @module
 */

import type { JsonObject, Violation } from '../core/index.ts'
import { isObject } from '../protocol/index.ts'

/** `hasReferences`: whether the tool takes some, so that its caller can be told. */
export function tooLongText(args: JsonObject, most: number, hasReferences: boolean): Violation | undefined {
  const path = find(args, 'arguments', most)
  if (path === undefined) return undefined
  const instead = hasReferences ? 'put it here and send a reference to it' : 'send less of it, or use a tool that takes a reference'
  return { path: path.slice(0, 200), rule: `must NOT be longer than ${most} bytes: ${instead}` }
}

/** The depth is bounded by now. */
function find(value: unknown, path: string, most: number): string | undefined {
  // A character is at most three bytes of UTF-8.
  if (typeof value === 'string') return value.length * 3 > most && Buffer.byteLength(value) > most ? path : undefined
  const members = Array.isArray(value) ? value.entries() : isObject(value) ? Object.entries(value) : []
  for (const [key, inner] of members) {
    const found = find(inner, `${path}/${key}`, most)
    if (found !== undefined) return found
  }
  return undefined
}
