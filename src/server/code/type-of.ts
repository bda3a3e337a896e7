/**
 * A JSON Schema as a TypeScript type, for a model to read: nothing checks anything by it. Bounded, and whatever is not understood is
 * `unknown`. Pure.
 *
 * @module
 */

import type { JsonObject } from '../../core/index.ts'
import { isObject } from '../../protocol/index.ts'

const MAX_DEPTH = 6
const MAX_MEMBERS = 64
const MAX_LITERALS = 24
const MAX_CHARACTERS = 6_000
/** Each comes to a few characters at least. References make a tree of a small schema that nobody could write out. */
const MAX_NODES = 2_000
const MAX_COMMENT = 200
const IDENTIFIER = /^[A-Za-z_$][\w$]{0,127}$/

/** A schema that is being written, and how much of it may still come. */
interface Writing {
  readonly root: JsonObject
  left: number
}

/** Too long for anybody to read: `unknown`. */
export function typeOf(schema: unknown): string {
  const writing: Writing = { root: isObject(schema) ? schema : {}, left: MAX_NODES }
  const text = write(schema, writing, 0)
  return writing.left < 0 || text.length > MAX_CHARACTERS ? 'unknown' : text
}

/** Fit for a comment: on one line, and nothing in it ends the comment. */
export function toComment(text: unknown, most: number = MAX_COMMENT): string {
  if (typeof text !== 'string') return ''
  const line = text
    .slice(0, most * 4)
    .replace(/[\p{C}\p{Z}]+/gu, ' ')
    .replaceAll('*/', '*∕')
    .trim()
  const head = Array.from(line).slice(0, most).join('')
  return head.length < line.length || text.length > most * 4 ? `${head}…` : head
}

/** As a name of a member. */
export const toKey = (name: string): string => (IDENTIFIER.test(name) ? name : JSON.stringify(name))

function write(schema: unknown, writing: Writing, depth: number): string {
  if (!isObject(schema) || depth > MAX_DEPTH || --writing.left < 0) return 'unknown'
  const { $ref, enum: values, const: value, anyOf, oneOf, allOf, type } = schema
  if (typeof $ref === 'string') return write(at(writing.root, $ref), writing, depth + 1)
  if (Object.hasOwn(schema, 'const')) return literal(value)
  if (Array.isArray(values)) return values.length > MAX_LITERALS ? 'unknown' : union(values.map(literal))
  const several = Array.isArray(anyOf) ? anyOf : Array.isArray(oneOf) ? oneOf : undefined
  if (several) return union(several.slice(0, MAX_LITERALS).map((each) => write(each, writing, depth + 1)))
  if (Array.isArray(allOf) && allOf.length > 0 && !isObject(schema['properties']))
    return allOf
      .slice(0, MAX_LITERALS)
      .map((each) => parenthesized(write(each, writing, depth + 1)))
      .join(' & ')
  if (Array.isArray(type)) return union(type.slice(0, MAX_LITERALS).map((each) => ofType(each, schema, writing, depth)))
  return ofType(type ?? (isObject(schema['properties']) ? 'object' : undefined), schema, writing, depth)
}

function ofType(type: unknown, schema: JsonObject, writing: Writing, depth: number): string {
  switch (type) {
    case 'string':
    case 'boolean':
    case 'null':
      return type
    case 'number':
    case 'integer':
      return 'number'
    case 'array':
      return `${parenthesized(write(schema['items'], writing, depth + 1))}[]`
    case 'object':
      return members(schema, writing, depth)
    default:
      return 'unknown'
  }
}

function members(schema: JsonObject, writing: Writing, depth: number): string {
  const { properties, required, additionalProperties } = schema
  if (!isObject(properties) || Object.keys(properties).length === 0)
    return additionalProperties === false
      ? '{}'
      : `Record<string, ${isObject(additionalProperties) ? write(additionalProperties, writing, depth + 1) : 'unknown'}>`
  const needed = new Set(Array.isArray(required) ? required : [])
  const all = Object.entries(properties)
  // To list them is work, too, each time that a reference leads here.
  writing.left -= Math.floor(all.length / MAX_MEMBERS)
  const lines = all.slice(0, MAX_MEMBERS).map(([name, member]) => {
    const comment = isObject(member) ? toComment(member['description']) : ''
    return `${comment === '' ? '' : `/** ${comment} */ `}${toKey(name)}${needed.has(name) ? '' : '?'}: ${write(member, writing, depth + 1)}`
  })
  if (all.length > MAX_MEMBERS) lines.push('[more: string]: unknown')
  return `{ ${lines.join('; ')} }`
}

const literal = (value: unknown): string => (typeof value === 'object' && value !== null ? 'unknown' : JSON.stringify(value)) ?? 'unknown'
const union = (types: readonly string[]): string => [...new Set(types)].join(' | ') || 'never'
const parenthesized = (type: string): string => (/ [|&] /.test(type) && !type.startsWith('{') ? `(${type})` : type)

/** Where a reference within the same schema leads. */
function at(root: JsonObject, reference: string): unknown {
  if (!reference.startsWith('#/')) return undefined
  let value: unknown = root
  for (const key of reference.slice(2).split('/', MAX_DEPTH + 2)) {
    const name = key.replaceAll('~1', '/').replaceAll('~0', '~')
    value = isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined
  }
  return value
}
