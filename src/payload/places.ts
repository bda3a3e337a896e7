/** Where a value is in a JSON object: the keys that lead to it. Pure, and never writes to what it is given. @module */

import { type JsonObject, pointerToken, type Violation } from '../core/index.ts'
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
 * What may be told of what is wrong: names inside a sealed value are a part of it, and a schema library puts those that it does not know
 * into its sentence. Places may be written as checks name them, whether they escape what is in them or not.
 */
export function veil<V extends Violation>(violation: V, root: 'arguments' | 'structuredContent', sealed: readonly Path[]): V {
  const { path: told, rule } = violation
  for (const path of sealed)
    for (const whole of [pointerOf(`/${root}`, path).slice(1), [root, ...path].join('/')])
      if (told === whole || told.startsWith(`${whole}/`)) return { ...violation, path: whole, rule: isOurs(rule) ? rule : GENERAL }
  return violation
}

/** Those of JSON Schema begin so, and name nothing that is not in the schema. */
const isOurs = (rule: string): boolean => rule.startsWith('must ')
const GENERAL = 'must keep the rules of its schema'
