// A value that a schema takes: what a person who only tries a tool would give.

import type { JsonObject } from '../../../src/core/index.ts'

/** Of an object: what is required of it. */
export function toExample(schema: JsonObject): JsonObject {
  const { properties = {}, required = [] } = schema as { properties?: Record<string, JsonObject>; required?: readonly string[] }
  return Object.fromEntries(required.map((name) => [name, toValue(properties[name] ?? {})]))
}

/** Of a form: what it begins with, for each field. */
export function toDefaults({ properties = {} }: { readonly properties?: Readonly<Record<string, JsonObject>> }): Record<string, unknown> {
  return Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, toValue(schema)]))
}

function toValue(schema: JsonObject): unknown {
  const { type, default: given, enum: choices } = schema as { type?: string; default?: unknown; enum?: readonly unknown[] }
  if (given !== undefined) return given
  if (choices?.[0] !== undefined) return choices[0]
  if (type === 'object') return toExample(schema)
  return type === 'number' || type === 'integer' ? 2 : type === 'boolean' ? true : type === 'array' ? [] : 'text'
}
