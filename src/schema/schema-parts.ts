/**
 * Which schemas describe one and the same value: a schema, what it puts together (`allOf`, `anyOf`, `then`, …), and what it
 * refers to. What is found of a schema is kept, so that references which double at each step cost nothing.
 *
 * @module
 */

import type { JsonObject } from '../core/index.ts'
import { isObject } from '../protocol/index.ts'
import type { Resolve } from './local-references.ts'
import { holds } from './schema-walk.ts'

export interface Parts {
  /** Names of properties that more than one part describes: no part alone knows what is allowed there. */
  sharedNames(schema: JsonObject): ReadonlySet<string>
  /** Whether it, or a part of it, is meant for objects. */
  isForObjects(schema: JsonObject): boolean
  /** Whether a part of it, other than itself, names properties. */
  partsNameProperties(schema: JsonObject): boolean
}

const together = new Set(['allOf', 'anyOf', 'oneOf', 'then', 'else', 'dependentSchemas', 'dependencies'])
const naming = ['properties', 'patternProperties', 'additionalProperties', 'unevaluatedProperties']

/** Whether the subschemas of a keyword describe the same value as the schema that it stands in. */
export const isTogether = (keyword: string): boolean => together.has(keyword)
export const namesProperties = (schema: JsonObject): boolean => naming.some((keyword) => Object.hasOwn(schema, keyword))

/** The types that a schema says; undefined: it says none. */
export function typesOf({ type }: JsonObject): readonly unknown[] | undefined {
  return type === undefined ? undefined : Array.isArray(type) ? type : [type]
}

/** In groups of which one counts (alternatives) or the only one does. */
export function partsOf(schema: JsonObject, resolve: Resolve): readonly (readonly JsonObject[])[] {
  return Object.entries(schema).flatMap(([keyword, value]) => {
    if (keyword === '$ref' && typeof value === 'string') return [[resolve(value)?.schema].filter(isObject)]
    if (!together.has(keyword)) return []
    if (holds(keyword, value) === 'one') return [[value].filter(isObject)]
    const several = Object.values(value ?? {}).filter(isObject)
    return keyword === 'anyOf' || keyword === 'oneOf' ? [several] : several.map((part) => [part])
  })
}

export function createParts(resolve: Resolve): Parts {
  const counted = new Map<JsonObject, ReadonlyMap<string, number>>()

  function countNames(schema: JsonObject): ReadonlyMap<string, number> {
    const known = counted.get(schema)
    if (known) return known
    const counts = new Map<string, number>()
    // What leads back to where it came from adds nothing.
    counted.set(schema, counts)
    if (isObject(schema['properties'])) for (const name of Object.keys(schema['properties'])) counts.set(name, 1)
    for (const group of partsOf(schema, resolve)) {
      const most = new Map<string, number>()
      for (const part of group) for (const [name, count] of countNames(part)) most.set(name, Math.max(count, most.get(name) ?? 0))
      for (const [name, count] of most) counts.set(name, Math.min(2, count + (counts.get(name) ?? 0)))
    }
    return counts
  }

  function somePart(schema: JsonObject, test: (part: JsonObject) => boolean, seen = new Set<JsonObject>()): boolean {
    seen.add(schema)
    return partsOf(schema, resolve).some((group) => group.some((part) => !seen.has(part) && (test(part) || somePart(part, test, seen))))
  }
  const isMeant = (schema: JsonObject): boolean => typesOf(schema)?.includes('object') ?? namesProperties(schema)

  return {
    sharedNames: (schema) => new Set([...countNames(schema)].flatMap(([name, count]) => (count > 1 ? [name] : []))),
    isForObjects: (schema) => isMeant(schema) || (schema['type'] === undefined && somePart(schema, isMeant)),
    partsNameProperties: (schema) => somePart(schema, namesProperties),
  }
}
