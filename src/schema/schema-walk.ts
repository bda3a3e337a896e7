/**
 * Walks a JSON Schema keyword by keyword, so that a `const` or an `enum` that looks like a schema is not taken for one.
 * Everything that judges an upstream's schemas stands on this.
 *
 * @module
 */

import { type JsonObject, pointerToken } from '../core/index.ts'
import { isObject } from '../protocol/index.ts'

/** Keywords whose value is a schema, a list of schemas, or (`dependencies`) neither. */
const one = new Set([
  'additionalItems',
  'additionalProperties',
  'contains',
  'contentSchema',
  'else',
  'if',
  'items',
  'not',
  'propertyNames',
  'then',
  'unevaluatedItems',
  'unevaluatedProperties',
])
const list = new Set(['allOf', 'anyOf', 'items', 'oneOf', 'prefixItems'])
const map = new Set(['$defs', 'definitions', 'dependencies', 'dependentSchemas', 'patternProperties', 'properties'])

/** How a keyword holds subschemas: as its value, as a list, by name, or not at all. */
export function holds(keyword: string, value: unknown): 'one' | 'list' | 'map' | undefined {
  if (map.has(keyword) && isObject(value)) return 'map'
  if (list.has(keyword) && Array.isArray(value)) return 'list'
  return one.has(keyword) && !Array.isArray(value) ? 'one' : undefined
}

const questions = new Set(['if', 'not', 'contains', 'propertyNames', 'contentSchema'])
/** Whether a keyword only asks something of a value, or of what is in it: what its schema says, is not said of the value. */
export const isQuestion = (keyword: string): boolean => questions.has(keyword)

type Visit = (schema: JsonObject, path: readonly string[] | undefined, pointer: string) => void

/**
 * Calls `visit` for every subschema that is an object, the root first. `path`: the keys of `properties` that lead there
 * from the root, or undefined where something else is in between. `pointer`: where it stands, whatever is in between.
 */
export function walkSchema(schema: JsonObject, visit: Visit): void {
  walk(schema, visit, [], '')
}

function walk(schema: unknown, visit: Visit, path: readonly string[] | undefined, pointer: string): void {
  if (!isObject(schema)) return
  visit(schema, path, pointer)
  for (const [keyword, value] of Object.entries(schema)) {
    const held = holds(keyword, value)
    const at = `${pointer}/${pointerToken(keyword)}`
    if (held === 'one') walk(value, visit, undefined, at)
    else if (held === 'list') for (const [index, inner] of (value as unknown[]).entries()) walk(inner, visit, undefined, `${at}/${index}`)
    else if (held === 'map')
      for (const [name, inner] of Object.entries(value as JsonObject))
        walk(inner, visit, keyword === 'properties' && path ? [...path, name] : undefined, `${at}/${pointerToken(name)}`)
  }
}
