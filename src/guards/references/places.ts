/**
 * Where references are in arguments, and how content takes their place: in a copy along the way, so that nothing of the message changes.
 * Pure.
 *
 * @module
 */

import { PendingContent } from '../../core/index.ts'
import { isObject } from '../../protocol/index.ts'

/** Every text that is there. `path`: keys, `*` for every item of a list. */
export function referencesAt(args: unknown, path: readonly string[]): readonly string[] {
  const [key, ...rest] = path
  if (key === undefined) return typeof args === 'string' ? [args] : []
  if (key === '*') return Array.isArray(args) ? args.flatMap((item) => referencesAt(item, rest)) : []
  return isObject(args) && Object.hasOwn(args, key) ? referencesAt(args[key], rest) : []
}

/**
 * `isRead`: a schema library has made the values, so that a text there is one that it did not mark (`asContent`).
 *
 * @throws {TypeError} where there is no content for what is there: a schema of the author's makes other references of those that came.
 */
export function withContents(value: unknown, path: readonly string[], contents: ReadonlyMap<string, unknown>, isRead: boolean): unknown {
  const [key, ...rest] = path
  if (value === undefined) return value
  if (key === undefined) {
    const reference = value instanceof PendingContent ? value.reference : isRead ? undefined : value
    if (typeof reference !== 'string' || !contents.has(reference))
      throw new TypeError('a reference is no longer what was sent: transform it with asContent, and with nothing else')
    return contents.get(reference)
  }
  if (key === '*') return Array.isArray(value) ? value.map((item) => withContents(item, rest, contents, isRead)) : value
  if (!isObject(value) || !Object.hasOwn(value, key)) return value
  return { ...value, [key]: withContents(value[key], rest, contents, isRead) }
}
