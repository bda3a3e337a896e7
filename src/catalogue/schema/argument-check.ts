/**
 * Compiles an upstream's input schema into the check that its arguments pass before they reach it. The schema is not
 * trusted either: it is bounded, its patterns run on a linear-time engine, nothing is fetched for it, and what it asks of
 * one call is bounded too.
 *
 * Fails closed: a schema that cannot be compiled excludes its tool; a check that breaks refuses the arguments.
 *
 * @module
 */

import { Ajv, type ErrorObject, type Options, type ValidateFunction } from 'ajv'
import { Ajv2019 } from 'ajv/dist/2019.js'
import { Ajv2020 } from 'ajv/dist/2020.js'
import type { RegExpEngine } from 'ajv/dist/types/index.js'
import { RE2JS } from 're2js'
import type { Entry, JsonObject } from '../../core/index.ts'
import { canonicalJson, isObject, isWithinDepth } from '../../protocol/index.ts'
import { walkSchema } from './schema-walk.ts'

export type ArgumentCheck = NonNullable<Entry['check']>
export type CompiledCheck = { readonly check: ArgumentCheck } | { readonly problem: string }

const MAX_SCHEMA_DEPTH = 64
const MAX_SCHEMA_CHARS = 256 * 1024
const MAX_SUBSCHEMAS = 5000
/** Subschemas behind a `$ref` that one call may evaluate: doubling references are exponential in the number of steps. */
const MAX_REFERENCES_FOLLOWED = 100_000

/** Linear still means some microseconds a character for the worst pattern. A longer string does not match. */
const MAX_PATTERN_INPUT = 65_536

const STEP = 'x-sallyport-step'
let followed = 0
class TooCostly extends Error {
  override readonly name = 'TooCostly'
}

// ajv compiles patterns through this. RE2 has no look-around and no back-references: such a schema is refused.
const linear: RegExpEngine = Object.assign(
  (pattern: string) => {
    const compiled = RE2JS.compile(pattern)
    // ajv keeps compiled patterns by their text; without one of its own, every pattern would be taken for the first.
    return { test: (text: string): boolean => text.length <= MAX_PATTERN_INPUT && compiled.test(text), toString: () => pattern }
  },
  { code: 'linear' },
)

const options: Options = {
  ownProperties: true,
  multipleOfPrecision: 6,
  allErrors: false,
  strict: false,
  validateFormats: false,
  validateSchema: true,
  // One function for each definition, however often it is referred to: inlined, code grows with every reference.
  inlineRefs: false,
  addUsedSchema: false,
  messages: true,
  logger: false,
  code: { regExp: linear },
}

const dialects: Readonly<Record<string, () => Ajv>> = {
  'https://json-schema.org/draft/2020-12/schema': once(() => harden(new Ajv2020(options) as unknown as Ajv)),
  'https://json-schema.org/draft/2019-09/schema': once(() => harden(new Ajv2019(options) as unknown as Ajv)),
  'http://json-schema.org/draft-07/schema': once(() => harden(new Ajv(options))),
}
const DEFAULT_DIALECT = 'https://json-schema.org/draft/2020-12/schema'

export function compileCheck(inputSchema: JsonObject): CompiledCheck {
  if (!isWithinDepth(inputSchema, MAX_SCHEMA_DEPTH)) return { problem: `an input schema nested deeper than ${MAX_SCHEMA_DEPTH} levels` }
  if (JSON.stringify(inputSchema).length > MAX_SCHEMA_CHARS)
    return { problem: `an input schema of more than ${MAX_SCHEMA_CHARS} characters` }
  let subschemas = 0
  let refers = false
  walkSchema(inputSchema, (schema) => {
    subschemas++
    if (isReference(schema)) refers = true
  })
  if (subschemas > MAX_SUBSCHEMAS) return { problem: `an input schema of more than ${MAX_SUBSCHEMAS} parts` }

  const { $schema } = inputSchema
  const dialect = typeof $schema === 'string' ? $schema.replace(/#$/, '') : DEFAULT_DIALECT
  const ajv = Object.hasOwn(dialects, dialect) ? dialects[dialect]?.() : undefined
  if (!ajv) return { problem: 'an input schema in a dialect other than JSON Schema 2020-12, 2019-09 or draft-07' }

  // `$id` would make it known under that name, and references relative to it: without one, nothing is shared or looked up.
  const { $id: _, ...schema } = structuredClone(inputSchema) as Record<string, unknown>
  if (refers) walkSchema(schema, (inner) => isReference(inner) && ((inner as Record<string, unknown>)[STEP] = true))
  const problem = validityProblem(ajv, schema)
  if (problem) return { problem }

  // Code is made at the first call: it takes some milliseconds, and most of an upstream's tools are never called. Whether
  // references lead somewhere is only known then, so a schema that has some is compiled at once.
  let validate: ValidateFunction | undefined
  function compile(): ValidateFunction {
    try {
      return (validate = (ajv as Ajv).compile(schema))
    } finally {
      ;(ajv as Ajv).removeSchema(schema)
    }
  }
  if (refers) {
    try {
      compile()
    } catch {
      // ajv's reason quotes the schema, which may be long and is not ours.
      return { problem: 'an input schema that refers to something outside itself, or to nothing' }
    }
  }

  return {
    check(args) {
      followed = 0
      try {
        const valid = validate ?? compile()
        if (valid(args ?? {})) return undefined
        return toViolation(valid.errors?.[0])
      } catch {
        // Too many steps, too deep a recursion, or a schema that does not compile after all.
        return { path: 'arguments', rule: "cannot be checked against the tool's schema" }
      }
    },
  }
}

function validityProblem(ajv: Ajv, schema: JsonObject): string | undefined {
  if (ajv.validateSchema(schema) !== true) return 'an input schema that is not valid JSON Schema'
  let unreadable = false
  walkSchema(schema, ({ pattern, patternProperties }) => {
    const patterns = typeof pattern === 'string' ? [pattern] : []
    if (isObject(patternProperties)) patterns.push(...Object.keys(patternProperties))
    for (const one of patterns) unreadable ||= !isReadable(one)
  })
  return unreadable ? 'a pattern in its input schema that RE2 does not know' : undefined
}

function isReadable(pattern: string): boolean {
  try {
    RE2JS.compile(pattern)
    return true
  } catch {
    return false
  }
}

/** ajv's messages are made of the schema alone; the path is cut, as it holds names that the caller chose. */
function toViolation(error: ErrorObject | undefined): { path: string; rule: string } {
  return {
    path: `arguments${(error?.instancePath ?? '').slice(0, 200)}`,
    rule: (error?.message ?? 'does not match the schema').slice(0, 300),
  }
}

const isReference = (schema: JsonObject): boolean =>
  typeof schema.$ref === 'string' || typeof schema.$dynamicRef === 'string' || typeof schema.$recursiveRef === 'string'

function harden(ajv: Ajv): Ajv {
  ajv.addKeyword({
    keyword: STEP,
    schemaType: 'boolean',
    validate() {
      if (++followed > MAX_REFERENCES_FOLLOWED) throw new TooCostly()
      return true
    },
  })
  // ajv compares every item with every other one.
  ajv.removeKeyword('uniqueItems')
  ajv.addKeyword({
    keyword: 'uniqueItems',
    type: 'array',
    schemaType: 'boolean',
    error: { message: 'must NOT have duplicate items' },
    validate(unique: boolean, items: readonly unknown[]) {
      return !unique || new Set(items.map(canonicalJson)).size === items.length
    },
  })
  return ajv
}

function once<T>(make: () => T): () => T {
  let made: T | undefined
  return () => (made ??= make())
}
