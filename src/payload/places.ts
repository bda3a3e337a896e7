/** Where a value is in a JSON object: the keys that lead to it. Pure, and never writes to what it is given. @module */

import { type JsonObject, pointerToken } from '../core/index.ts'
import { isObject } from '../protocol/index.ts'

export type Path = readonly string[]

/** RFC 6901 §3. `root`: `/arguments` or `/structuredContent`. */
export const pointerOf = (root: '/arguments' | '/structuredContent', path: Path): string =>
  root + path.map((key) => `/${pointerToken(key)}`).join('')

/** Undefined where there is nothing. */
export function valueAt(value: unknown, path: Path): unknown {
  let found = value
  for (const key of path) {
    if (!isObject(found) || !Object.hasOwn(found, key)) return undefined
    found = found[key]
  }
  return found
}

/** A copy that has `value` at `path`, where there is something. */
export function withValue(of: JsonObject, path: Path, value: unknown): JsonObject {
  const [key, ...rest] = path
  if (key === undefined) return value as JsonObject
  const inner = of[key]
  // Defined, never assigned: `__proto__` is a key like any other.
  const copy = { ...of }
  Object.defineProperty(copy, key, {
    value: rest.length === 0 ? value : withValue(inner as JsonObject, rest, value),
    writable: true,
    enumerable: true,
    configurable: true,
  })
  return copy
}

/**
 * What may be told of where something is wrong: names inside a sealed value are a part of it. `told` is a place as checks name it,
 * whether they escape what is in it or not.
 */
export function veil(told: string, root: 'arguments' | 'structuredContent', sealed: readonly Path[]): string {
  for (const path of sealed)
    for (const whole of [pointerOf(`/${root}`, path).slice(1), [root, ...path].join('/')]) if (told.startsWith(`${whole}/`)) return whole
  return told
}
