/**
 * Standard Schema (standardschema.dev, version 1): what Zod, Valibot, ArkType and others have in common, in types of our own.
 * One that also emits JSON Schema can stand wherever a JSON Schema can: the JSON Schema is what callers see and what is checked
 * first, on our compiler; then the library's own rules run, once, and what they make of the value is what a rule (`when`) judges and
 * what the function gets.
 *
 * The library runs on its own regular expressions, and only on what the JSON Schema has let through.
 *
 * @module
 */

import { z } from 'zod'
import { allow, type Decision, deny, type Entry, type JsonObject, type Violation } from '../../core/index.ts'
import { isObject } from '../../protocol/index.ts'
import { isThenable } from './thenable.ts'

export interface StandardIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}
export type StandardResult<Output> = { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly StandardIssue[] }

export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
    readonly jsonSchema?: JsonSchemaEmitter | undefined
  }
}
export interface JsonSchemaEmitter {
  readonly input: (options: { readonly target: string }) => JsonObject
  readonly output: (options: { readonly target: string }) => JsonObject
}

/** What the library made of a value, or what is wrong with it. */
export type Parsed = { readonly value: unknown } | { readonly violation: Violation }
export type Parse = (value: unknown) => Parsed | Promise<Parsed>

const TARGET = 'draft-2020-12'

/** Some libraries' schemas are functions. */
export function isStandardSchema(value: unknown): value is StandardSchema {
  const standard =
    typeof value === 'object' || typeof value === 'function' ? (value as Partial<StandardSchema> | null)?.['~standard'] : undefined
  return typeof standard?.validate === 'function' && standard.version === 1
}

/** `direction`: what callers send is the input of the schema, what they get is its output. */
export function emitJsonSchema(
  schema: StandardSchema,
  direction: 'input' | 'output',
): { readonly schema: JsonObject } | { readonly problem: string } {
  const { vendor, jsonSchema } = schema['~standard']
  try {
    if (jsonSchema) return plain(jsonSchema[direction]({ target: TARGET }))
    // Zod 4 before 4.2 emits JSON Schema, though not by this way.
    if (vendor === 'zod' && '_zod' in schema)
      return plain(z.toJSONSchema(schema as unknown as z.ZodType, { io: direction, target: TARGET }))
  } catch (error) {
    // About the schema that the author wrote, and so nobody's secret.
    const at = placeOf(schema, direction)
    return {
      problem: `${at === '' ? '' : `${at} `}has no JSON Schema: ${error instanceof Error ? error.message.split('\n')[0] : 'it cannot be written as one'}`,
    }
  }
  const fix =
    vendor === 'zod'
      ? 'zod 3 has none: use zod 4'
      : vendor === 'valibot'
        ? 'wrap it in toStandardJsonSchema() of @valibot/to-json-schema'
        : 'use a version of the library that has "~standard".jsonSchema, or write JSON Schema'
  return { problem: `is a schema of ${JSON.stringify(String(vendor).slice(0, 40))} that emits no JSON Schema: ${fix}` }
}

/** Which property has none, in a library whose objects tell their `shape`, as Zod's do. */
function placeOf(schema: StandardSchema, direction: 'input' | 'output', levels = 8): string {
  const shape = (schema as { readonly shape?: unknown }).shape
  if (!isObject(shape) || levels === 0) return ''
  for (const [name, inner] of Object.entries(shape)) {
    if (!isStandardSchema(inner)) continue
    try {
      inner['~standard'].jsonSchema?.[direction]({ target: TARGET })
    } catch {
      const further = placeOf(inner, direction, levels - 1)
      return further === '' ? name.slice(0, 64) : `${name.slice(0, 64)}.${further}`
    }
  }
  return ''
}

/** A copy, without what JSON cannot say. */
function plain(emitted: unknown): { readonly schema: JsonObject } | { readonly problem: string } {
  const schema: unknown = JSON.parse(JSON.stringify(emitted) ?? 'null')
  return isObject(schema) ? { schema } : { problem: 'has no JSON Schema: what it emits is no object' }
}

export function createParse(schema: StandardSchema, of: 'arguments' | 'structuredContent'): Parse {
  const { validate } = schema['~standard']
  const read = (value: unknown, result: StandardResult<unknown>): Parsed =>
    result.issues === undefined ? { value: result.value } : { violation: toViolation(of, value, result.issues[0]) }
  return function parse(value) {
    const result = validate(value)
    return isThenable(result) ? Promise.resolve(result).then((settled) => read(value, settled)) : read(value, result)
  }
}

/** The same, as an entry has it. */
export function toNormalize(parse: Parse): NonNullable<Entry['normalize']> {
  return function normalize(args) {
    const parsed = parse(args)
    return parsed instanceof Promise ? parsed.then(decided) : decided(parsed)
  }
}
const decided = (parsed: Parsed): Decision<unknown> =>
  'violation' in parsed ? deny({ reason: 'invalid_arguments', ...parsed.violation }) : allow(parsed.value)

const GENERAL = 'must keep the rules of its schema'

/**
 * A library's message is shown where it says nothing of the value: some quote what they got. Paths hold names that the caller
 * chose, and are cut as everywhere.
 */
function toViolation(of: string, value: unknown, issue: StandardIssue | undefined): Violation {
  const keys = (issue?.path ?? []).map((key) => String(typeof key === 'object' ? key.key : key))
  const message = issue?.message ?? ''
  const isSilent = message !== '' && message.length <= MAX_MESSAGE && !quotes(message.toLowerCase(), value, MAX_DEPTH)
  return {
    path: `${of}${keys
      .map((key) => `/${key}`)
      .join('')
      .slice(0, 200)}`,
    rule: isSilent ? message : GENERAL,
  }
}

const MAX_MESSAGE = 300
const MAX_DEPTH = 64

/** Whether some string or number of the value stands in the message. */
function quotes(message: string, value: unknown, levels: number): boolean {
  if (levels === 0) return true
  if (typeof value === 'string') return value !== '' && message.includes(value.toLowerCase())
  if (typeof value === 'number') return message.includes(String(value))
  if (typeof value !== 'object' || value === null) return false
  return Object.values(value).some((each) => quotes(message, each, levels - 1))
}
