/**
 * What the definition of a tool says of encrypted fields, and the definition as a program is shown it: its own schemas, with a mark where a
 * value is encrypted. The keys are left out of that, since they change while the tool stays the same; the mark stays, so that a definition
 * without it is another one.
 *
 * Fails closed: a mark that cannot be understood makes the tool one that is not called.
 *
 * @module
 */

import type { Tool } from '@modelcontextprotocol/client'
import type { JsonObject } from '../../core/index.ts'
import {
  argumentPointer,
  ENCRYPTION,
  fromWireSchema,
  type Path,
  readToolEncryption,
  resultPointer,
  type ToolEncryption,
  WIRE_MARK,
  WIRE_PLAIN,
} from '../../payload/index.ts'
import { isObject } from '../../protocol/index.ts'

export interface SealedTool {
  readonly arguments: readonly Path[]
  readonly result: readonly Path[]
  /** Undefined: something is marked, and nobody says how to encrypt it. */
  readonly offer: ToolEncryption | undefined
}

export interface ReadTool<T> {
  /** As it is shown. */
  readonly tool: T
  readonly sealed: SealedTool | undefined
}

/** A mark is on the way to a value; deeper ones are in nobody's definition. */
const MAX_DEPTH = 128
const nothing = { paths: [], plain: undefined } as const

export function readTool<T extends Tool>(tool: T): ReadTool<T> {
  const { inputSchema, outputSchema, _meta: meta } = tool as { inputSchema?: unknown; outputSchema?: unknown; _meta?: JsonObject }
  const marks = countMarks(inputSchema) + countMarks(outputSchema)
  if (marks === 0 && meta?.[ENCRYPTION] === undefined) return { tool, sealed: undefined }
  const taken = isObject(inputSchema) ? fromWireSchema(inputSchema) : nothing
  const given = isObject(outputSchema) ? fromWireSchema(outputSchema) : nothing
  const [args, result] = [taken?.paths ?? [], given?.paths ?? []]
  const isUnderstood = taken !== undefined && given !== undefined && marks === args.length + result.length
  const offer = isUnderstood ? readToolEncryption(meta) : undefined
  const { [ENCRYPTION]: _, ...rest } = meta ?? {}
  const shown = {
    ...tool,
    ...(args.length > 0 && { inputSchema: args.reduce(shownAt, inputSchema as JsonObject) }),
    ...(result.length > 0 && { outputSchema: result.reduce(shownAt, outputSchema as JsonObject) }),
    ...(meta && { _meta: { ...rest, ...(offer && { [ENCRYPTION]: { v: offer.v, tool: offer.tool } }) } }),
  }
  return { tool: shown, sealed: marks === 0 ? undefined : { arguments: args, result, offer } }
}

export interface Fields {
  readonly arguments: readonly string[]
  readonly result: readonly string[]
}

/** JSON Pointers, for whoever is told. */
export const fieldsOf = (sealed: Pick<SealedTool, 'arguments' | 'result'> | undefined): Fields => ({
  arguments: sealed?.arguments.map(argumentPointer) ?? [],
  result: sealed?.result.map(resultPointer) ?? [],
})

/** Of a definition as it is shown. */
export function fieldsOfShown({ inputSchema, outputSchema }: JsonObject): Fields {
  return fieldsOf({ arguments: markedIn(inputSchema), result: markedIn(outputSchema) })
}

/** The server's own name of a tool, of a definition as it is shown. */
export function ownNameIn({ _meta: meta }: JsonObject): string | undefined {
  const said = isObject(meta) && isObject(meta[ENCRYPTION]) ? meta[ENCRYPTION]['tool'] : undefined
  return typeof said === 'string' ? said : undefined
}

/** The schema of the value in the place of that of its sealed form. A header would have had the sealed one. */
function shownAt(schema: JsonObject, path: Path): JsonObject {
  const [key, ...rest] = path
  if (key === undefined) {
    const plain = Object.entries((schema[WIRE_PLAIN] ?? {}) as JsonObject).filter(([keyword]) => keyword !== 'x-mcp-header')
    return { ...Object.fromEntries(plain), [WIRE_MARK]: true }
  }
  const properties = schema['properties'] as JsonObject
  const replaced = shownAt(properties[key] as JsonObject, rest)
  // Defined, never assigned: `__proto__` is a key like any other.
  return {
    ...schema,
    properties: Object.fromEntries(Object.entries(properties).map(([name, inner]) => [name, name === key ? replaced : inner])),
  }
}

function markedIn(schema: unknown, path: Path = []): readonly Path[] {
  if (!isObject(schema) || path.length > MAX_DEPTH) return []
  if (schema[WIRE_MARK] === true) return [path]
  const properties = schema['properties']
  return isObject(properties) ? Object.entries(properties).flatMap(([key, inner]) => markedIn(inner, [...path, key])) : []
}

function countMarks(value: unknown, depth = 0): number {
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return 0
  let found = !Array.isArray(value) && (value as JsonObject)[WIRE_MARK] === true ? 1 : 0
  for (const inner of Object.values(value)) found += countMarks(inner, depth + 1)
  return found
}
