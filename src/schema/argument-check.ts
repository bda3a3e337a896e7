/**
 * Compiles a schema into the check that arguments pass before they reach a tool, or results before they leave. The schema is
 * not trusted either: it is bounded, its patterns run on a linear-time engine, nothing is fetched for it, and what it asks of
 * one call is bounded too.
 *
 * Fails closed: a schema that cannot be compiled excludes its tool; a check that breaks refuses the value.
 *
 * @module
 */

import { createRequire } from 'node:module'
import type { Ajv, ErrorObject, Options, ValidateFunction } from 'ajv'
import type { RegExpEngine } from 'ajv/dist/types/index.js'
import { RE2JS } from 're2js'
import { type Entry, type JsonObject, once, type Violation } from '../core/index.ts'
import { canonicalJson, isWithinDepth } from '../protocol/index.ts'
import { type Formats, formatTests } from './formats.ts'
import { plainSchema } from './plain-schema.ts'
import { holds, walkSchema } from './schema-walk.ts'

export type ArgumentCheck = NonNullable<Entry['check']>
export type CompiledCheck = { readonly check: ArgumentCheck } | SchemaProblem
/** `at`: where it is, as a JSON pointer, for an author. */
export interface SchemaProblem {
  readonly problem: string
  readonly at?: string | undefined
}

/** Of what: for the words of a problem, and the path of a violation. */
export type Checked = 'arguments' | 'structuredContent'
export type CompiledSchema =
  | {
      readonly check: (value: unknown) => Violation | undefined
      /** Makes the code now; false: it cannot be made. */
      readonly prepare: () => boolean
    }
  | SchemaProblem

const MAX_SCHEMA_DEPTH = 64
const MAX_SCHEMA_CHARS = 256 * 1024
/** Compiling one takes some tenths of a millisecond, in one go. */
const MAX_PARTS = 1000
/** Instructions of all patterns of one schema; compiling a thousand takes some milliseconds. */
const MAX_PATTERN_SIZE = 10_000
/** Subschemas behind a `$ref` that one call may evaluate: doubling references are exponential in the number of steps. */
const MAX_REFERENCES_FOLLOWED = 100_000
/** Alternatives that one call may try, in `anyOf` and the like: a schema of a thousand, times a list of as many values as there may be. */
const MAX_TRIED = 5_000_000

/** Linear still means some microseconds a character for the worst pattern. A longer string does not match. */
const MAX_PATTERN_INPUT = 65_536
/** Characters times instructions that the patterns of one call may take: a nanosecond or two each. */
const MAX_PATTERN_WORK = 100_000_000

const STEP = 'x-sallyport-step'
const TRY = 'x-sallyport-try'
// All of the one check that runs: checks are synchronous.
let followed = 0
let tried = 0
let matched = 0
class TooCostly extends Error {
  override readonly name = 'TooCostly'
}

// ajv compiles patterns through this. RE2 has no look-around and no back-references: such a schema is refused.
const linear: RegExpEngine = Object.assign(
  (pattern: string) => {
    const compiled = RE2JS.compile(pattern)
    const size = compiled.programSize()
    function test(text: string): boolean {
      if (text.length > MAX_PATTERN_INPUT) return false
      if ((matched += text.length * size) > MAX_PATTERN_WORK) throw new TooCostly()
      return compiled.test(text)
    }
    // ajv keeps compiled patterns by their text; without one of its own, every pattern would be taken for the first.
    return { test, toString: () => pattern }
  },
  { code: 'linear' },
)

const options: Options = {
  ownProperties: true,
  multipleOfPrecision: 6,
  allErrors: false,
  strict: false,
  validateSchema: true,
  // One function for each definition, however often it is referred to: inlined, code grows with every reference.
  inlineRefs: false,
  messages: true,
  logger: false,
  // Long lists of names and values as loops: written out, they are compiled one by one.
  loopRequired: 8,
  loopEnum: 8,
  code: { regExp: linear },
}

interface Dialect {
  /** Knows the metaschema, and never gets to know an upstream's schema. */
  readonly metaschema: () => Ajv
  /** Knows nothing: one for each schema, so that none can leave anything behind for another, and all of it can be freed. */
  create(formats: Formats): Ajv
}
function dialect(create: (options: Options) => Ajv): Dialect {
  return {
    metaschema: once(() => create({ ...options, validateFormats: false })),
    create: (formats) => harden(create({ ...options, meta: false, validateSchema: false, validateFormats: formats === 'checked' })),
  }
}
const DEFAULT_DIALECT = 'https://json-schema.org/draft/2020-12/schema'
const require = createRequire(import.meta.url)
type Ajv2020 = typeof import('ajv/dist/2020.js')
type Ajv2019 = typeof import('ajv/dist/2019.js')
/** With the first schema in its dialect: by then a gateway listens, and mostly one of the three is all that is ever asked for. */
const load = <Module>(name: string): Module => require(name) as Module
const dialects: ReadonlyMap<unknown, Dialect> = new Map([
  [DEFAULT_DIALECT, dialect((all) => new (load<Ajv2020>('ajv/dist/2020.js').Ajv2020)(all) as unknown as Ajv)],
  [
    'https://json-schema.org/draft/2019-09/schema',
    dialect((all) => new (load<Ajv2019>('ajv/dist/2019.js').Ajv2019)(all) as unknown as Ajv),
  ],
  ['http://json-schema.org/draft-07/schema', dialect((all) => new (load<typeof import('ajv')>('ajv').Ajv)(all))],
])

export function compileCheck(inputSchema: JsonObject, formats: Formats = 'noted'): CompiledCheck {
  const compiled = compileSchema(inputSchema, 'arguments', formats)
  if ('problem' in compiled) return compiled
  const { check } = compiled
  return { check: (args) => check(args ?? {}) }
}

export function compileSchema(given: JsonObject, of: Checked, formats: Formats): CompiledSchema {
  const what = of === 'arguments' ? 'an input schema' : 'an output schema'
  if (!isWithinDepth(given, MAX_SCHEMA_DEPTH)) return { problem: `${what} nested deeper than ${MAX_SCHEMA_DEPTH} levels` }
  if (JSON.stringify(given).length > MAX_SCHEMA_CHARS) return { problem: `${what} of more than ${MAX_SCHEMA_CHARS} characters` }
  let parts = 1
  walkSchema(given, (schema) => {
    // Those that are `true` or `false` as well.
    for (const [keyword, value] of Object.entries(schema)) {
      const held = keyword === 'dependentRequired' ? 'map' : holds(keyword, value)
      if (held === 'one') parts++
      else if (held !== undefined) parts += Object.keys(value ?? {}).length
    }
  })
  if (parts > MAX_PARTS) return { problem: `${what} of more than ${MAX_PARTS} parts` }

  const { $schema = DEFAULT_DIALECT, ...rest } = given
  const spoken = dialects.get(typeof $schema === 'string' ? $schema.replace(/#$/, '') : undefined)
  if (!spoken) return { problem: `${what} in a dialect other than JSON Schema 2020-12, 2019-09 or draft-07` }
  const metaschema = spoken.metaschema()
  if (metaschema.validateSchema(rest) !== true)
    return { problem: `${what} that is not valid JSON Schema`, at: metaschema.errors?.[0]?.instancePath }
  const plain = plainSchema(rest, { step: STEP, alternatives: TRY }, what)
  if ('problem' in plain) return plain
  const problem = patternProblem(plain.patterns, what)
  if (problem) return { problem }

  // Code is made at the first call: it takes some milliseconds, and most of an upstream's tools are never called. One that
  // cannot be made is not tried again.
  const { schema } = plain
  const unusable: Violation = { path: of, rule: "cannot be checked against the tool's schema" }
  const validate = once((): ValidateFunction | undefined => {
    try {
      return spoken.create(formats).compile(schema)
    } catch {
      return undefined
    }
  })
  return {
    prepare: () => validate() !== undefined,
    check(value) {
      followed = 0
      tried = 0
      matched = 0
      try {
        const valid = validate()
        // Nothing but `true` is a yes: a promise would be one to an `if`.
        const verdict: unknown = valid ? valid(value) : unusable
        if (verdict === true) return undefined
        return verdict === false ? toViolation(of, valid?.errors?.[0]) : unusable
      } catch {
        // Too many steps, or too deep a recursion.
        return unusable
      }
    },
  }
}

function patternProblem(patterns: readonly string[], what: string): string | undefined {
  let size = 0
  for (const pattern of patterns) {
    try {
      size += RE2JS.compile(pattern).programSize()
    } catch {
      return `${what} with a pattern that RE2 does not know`
    }
    if (size > MAX_PATTERN_SIZE) return `${what} whose patterns are too large`
  }
  return undefined
}

/** For its author: it reads on from the name of what has the schema, and begins with `/` where it says the place. */
export const describeProblem = ({ problem, at = '' }: SchemaProblem): string =>
  at === '' ? `: it is ${problem}` : `${at.slice(0, 200)}: is not valid JSON Schema`

/** ajv's messages are made of the schema alone; the path is cut, as it holds names that the caller chose. */
function toViolation(of: Checked, error: ErrorObject | undefined): Violation {
  return {
    path: `${of}${(error?.instancePath ?? '').slice(0, 200)}`,
    rule: (error?.message ?? 'does not match the schema').slice(0, 300),
  }
}

/** Equal for values that are equal as JSON; what is neither list nor object is its own, as a text of the same spelling is another. */
const asKey = (value: unknown): unknown =>
  typeof value === 'object' && value !== null ? `{${canonicalJson(value)}` : typeof value === 'string' ? `"${value}` : value

function harden(ajv: Ajv): Ajv {
  ajv.addKeyword({
    keyword: STEP,
    before: '$ref',
    schemaType: 'boolean',
    validate() {
      if (++followed > MAX_REFERENCES_FOLLOWED) throw new TooCostly()
      return true
    },
  })
  ajv.addKeyword({
    keyword: TRY,
    before: '$ref',
    schemaType: 'number',
    validate(alternatives: number) {
      if ((tried += alternatives) > MAX_TRIED) throw new TooCostly()
      return true
    },
  })
  // ajv compares a value with one after the other: a long list of values times a long list of items.
  ajv.removeKeyword('enum')
  ajv.addKeyword({
    keyword: 'enum',
    schemaType: 'array',
    error: { message: 'must be equal to one of the allowed values' },
    compile(values: readonly unknown[]) {
      const allowed = new Set(values.map(asKey))
      return (value: unknown) => allowed.has(asKey(value))
    },
  })
  for (const [name, test] of Object.entries(formatTests)) ajv.addFormat(name, test)
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
