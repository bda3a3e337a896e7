/**
 * Marks in schemas: from an author's `encrypted: true` to the schema on the wire, where such a value is a string that says so, and from
 * there back to the plain one.
 *
 * Only properties of objects can be marked, at any depth, and a result as a whole. Fails closed: a mark anywhere else is a problem, for
 * what somebody meant to be sealed must not travel in the clear.
 *
 * @module
 */

import type { JsonObject } from '../core/index.ts'
import { isObject } from '../protocol/index.ts'
import { type Path, pointerOf } from './places.ts'
import { MARK, WHOLE, WIRE_MARK, WIRE_PLAIN } from './words.ts'

export interface Marked {
  /** The schema without its marks. */
  readonly plain: JsonObject
  readonly paths: readonly Path[]
}

/** Keywords whose values are no schemas. */
const values = new Set(['const', 'default', 'enum', 'examples', 'required', 'type', WIRE_PLAIN])
const maps = new Set(['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas'])
const MAX_DEPTH = 64

/** `whole`: the root may be marked. */
export function takeMarks(schema: JsonObject, whole: boolean): Marked | { readonly problem: string } {
  const paths: Path[] = []
  let problem: string | undefined

  /** `path`: where its value is; undefined: in no one place. `inside`: of what is sealed already. */
  function strip(node: unknown, at: string, path: Path | undefined, inside: boolean): unknown {
    if (Array.isArray(node)) return node.map((each, index) => strip(each, `${at}/${index}`, undefined, inside))
    if (!isObject(node)) return node
    const mark = node[MARK]
    if (mark !== undefined && typeof mark !== 'boolean') problem ??= `${at}/${MARK}: must be true or false`
    if (mark === true && !inside) {
      if (path && (path.length > 0 || whole)) paths.push(path)
      else
        problem ??= `${at}: ${path ? 'mark its properties' : 'only a property of an object can be encrypted: mark the property that this is a part of'}`
    }
    const sealed = inside || mark === true
    return Object.fromEntries(
      Object.entries(node)
        .filter(([keyword]) => keyword !== MARK)
        .map(([keyword, value]) => {
          if (values.has(keyword)) return [keyword, value]
          const there = `${at}/${keyword}`
          if (!maps.has(keyword) || !isObject(value)) return [keyword, strip(value, there, undefined, sealed)]
          const each = Object.entries(value).map(([key, inner]) => {
            const reached = keyword === 'properties' && path ? [...path, key] : undefined
            return [key, strip(inner, `${there}/${key}`, reached, sealed)]
          })
          return [keyword, Object.fromEntries(each)]
        }),
    )
  }
  const plain = strip(schema, '', [], false) as JsonObject
  return problem === undefined ? { plain, paths } : { problem }
}

/** What a list shows of `plain`, whose values at `paths` are sealed. */
export function toWireSchema(plain: JsonObject, paths: readonly Path[]): JsonObject {
  return paths.reduce((schema, path) => (path.length === 0 ? wholeOf(schema) : replaced(schema, path)), plain)
}

const wholeOf = (plain: JsonObject): JsonObject => ({
  type: 'object',
  [WIRE_MARK]: true,
  [WIRE_PLAIN]: plain,
  properties: { [WHOLE]: { type: 'string' } },
  required: [WHOLE],
  additionalProperties: false,
})

function replaced(schema: JsonObject, [key, ...rest]: Path): JsonObject {
  const properties = schema['properties'] as JsonObject
  const inner = properties[key as string] as JsonObject
  const value = rest.length > 0 ? replaced(inner, rest) : sealedOf(inner)
  return { ...schema, properties: { ...properties, [key as string]: value } }
}

function sealedOf(plain: JsonObject): JsonObject {
  const { title, description } = plain
  return {
    type: 'string',
    ...(title === undefined ? {} : { title }),
    ...(description === undefined ? {} : { description }),
    [WIRE_MARK]: true,
    [WIRE_PLAIN]: plain,
  }
}

/** Of a schema on the wire. Undefined: it is marked in a way that is not ours. */
export function fromWireSchema(schema: JsonObject): Marked | undefined {
  const paths: Path[] = []
  let fits = true
  function restore(node: JsonObject, path: Path): JsonObject {
    if (node[WIRE_MARK] !== undefined) {
      const plain = node[WIRE_PLAIN]
      if (node[WIRE_MARK] === true && isObject(plain)) {
        paths.push(path)
        return plain
      }
      fits = false
    }
    const { properties } = node
    if (!isObject(properties) || path.length >= MAX_DEPTH) return node
    const each = Object.entries(properties).map(([key, inner]) => [key, isObject(inner) ? restore(inner, [...path, key]) : inner])
    return { ...node, properties: Object.fromEntries(each) }
  }
  const plain = restore(schema, [])
  return fits ? { plain, paths } : undefined
}

/** Where the sealed text of a result's `path` is: a whole one has a member of its own for it. */
export const sealedPathOf = (path: Path): Path => (path.length === 0 ? [WHOLE] : path)

export const argumentPointer = (path: Path): string => pointerOf('/arguments', path)
export const resultPointer = (path: Path): string => pointerOf('/structuredContent', path)
