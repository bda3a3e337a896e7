/**
 * The schemas of a definition, whichever library wrote them, as what an entry needs: what the list shows, the checks that run in
 * `validate` and `release`, and what a library still makes of a value.
 *
 *   parameters    → schema, check, mirrors, normalize
 *   outputSchema  → schema, checkResult, parse
 *
 * A library's own rules (a refinement, a transform, a default) run once, at the end of `validate`: what they make of the arguments
 * is what a rule judges and what the function gets, and they may be asynchronous. By then the arguments have passed the JSON Schema
 * that the library emitted. Fails closed: a schema that emits none, or cannot be compiled, is a problem.
 *
 * @module
 */

import { type Entry, type JsonObject, type Mirror, REFERENCE_MARK } from '../../core/index.ts'
import { type Path, takeMarks, toWireSchema, veil } from '../../payload/index.ts'
import { isObject, isWithinDepth } from '../../protocol/index.ts'
import { compileResultCheck, describeProblem, type Formats, type OwnSchema, readReferenceMarks, understandOwn } from '../../schema/index.ts'
import { isBareProperties } from './bare-properties.ts'
import type { Nameable } from './permissions.ts'
import { checkTransformed, withHint } from './reference-fields.ts'
import { createParse, emitJsonSchema, isStandardSchema, type Parse, type Parsed, toNormalize } from './standard-schema.ts'
import type { Report } from './unknown-keys.ts'

export interface ReadParameters {
  readonly schema: JsonObject
  readonly check: NonNullable<Entry['check']>
  readonly mirrors: readonly Mirror[]
  /** Undefined: the arguments are taken as they are. */
  readonly normalize: Entry['normalize']
  /** What a rule can name; undefined: it may be anything. */
  readonly nameable: Nameable | undefined
  readonly references: Entry['references']
  /** Where values come encrypted. Of `schema` the list shows only that there is one. */
  readonly sealed: readonly Path[]
}
export interface ReadOutput {
  readonly schema: JsonObject
  readonly checkResult: NonNullable<Entry['checkResult']>
  readonly parse: Parse | undefined
  /** Where values leave encrypted. */
  readonly sealed: readonly Path[]
}

const noArguments: JsonObject = Object.freeze({ type: 'object', additionalProperties: false })
const MAX_DEPTH = 64

/** `reportUnbounded`: what is told of each field without bounds. */
export function readParameters(given: unknown, report: Report, reportUnbounded: Report): ReadParameters | undefined {
  const source = given === undefined ? { schema: noArguments, parse: undefined } : readSchema(given, 'parameters', report)
  if (!source) return undefined
  const marked = takeMarks(source.schema, false)
  if ('problem' in marked) {
    report(`parameters${marked.problem}`)
    return undefined
  }
  const marks = readReferenceMarks(marked.plain)
  for (const problem of marks.problems) report(`parameters${problem}`)
  const understood: OwnSchema = understandOwn(marks.schema, formatsOf(source.parse))
  if ('problems' in understood) {
    for (const problem of understood.problems) report(problem.startsWith('/') ? `parameters${problem}` : `parameters: ${problem}`)
    return undefined
  }
  for (const field of understood.unbounded) reportUnbounded(`parameters${field}`)
  const { schema, check, mirrors } = understood
  for (const { path } of mirrors)
    if (marked.paths.some((sealed) => sealed.every((key, index) => path[index] === key)))
      report(`parameters.${path.join('.')}: is encrypted, and would be mirrored in a header in clear: it cannot be both`)
  const { parse } = source
  if (marks.fields.length > 0) checkTransformed(marks.fields, parse && outputOf(given), report)
  return {
    schema: toWireSchema(schema, marked.paths),
    sealed: marked.paths,
    check: withHint(check, marks.fields),
    mirrors,
    normalize: parse && toNormalize(parse),
    nameable: parse ? outputNameable(given) : nameableOf(schema),
    references: marks.fields.length > 0 ? marks.fields : undefined,
  }
}

/** A library has rules of its own for what it calls a date or an address. */
export const formatsOf = (parse: Parse | undefined): Formats => (parse ? 'noted' : 'checked')

/** What there is in what a library makes of arguments, where it can say so: a transform cannot. */
export function outputNameable(given: unknown): Nameable | undefined {
  const output = outputOf(given)
  return output && nameableOf(output)
}

function outputOf(given: unknown): JsonObject | undefined {
  const emitted = isStandardSchema(given) ? emitJsonSchema(given, 'output') : undefined
  return emitted && 'schema' in emitted ? emitted.schema : undefined
}

/** An object that is open, or put together of several schemas, may have anything. */
function nameableOf({ additionalProperties, properties }: JsonObject): Nameable | undefined {
  return additionalProperties === false ? nameableIn(properties) : undefined
}

export const nameableIn = (properties: unknown): Nameable =>
  new Map(Object.entries(isObject(properties) ? properties : {}).map(([name, schema]) => [name, typesOf(schema)]))

function typesOf(schema: unknown): readonly string[] | undefined {
  if (!isObject(schema)) return undefined
  const { type, enum: listed, const: only } = schema
  // A rule sees what the function gets.
  if (Object.hasOwn(schema, REFERENCE_MARK)) return ['object']
  if (type !== undefined) return ([type].flat() as string[]).map((each) => (each === 'integer' ? 'number' : each))
  const values = Array.isArray(listed) ? listed : only === undefined ? [] : [only]
  return values.length > 0 ? [...new Set(values.map((value) => (value === null ? 'null' : typeof value)))] : undefined
}

export function readOutputSchema(given: unknown, report: Report): ReadOutput | undefined {
  const source = readSchema(given, 'outputSchema', report)
  if (!source) return undefined
  const marked = takeMarks(source.schema, true)
  if ('problem' in marked) {
    report(`outputSchema${marked.problem}`)
    return undefined
  }
  const { plain, paths } = marked
  const compiled = compileResultCheck(plain, formatsOf(source.parse))
  if ('problem' in compiled) {
    report(`outputSchema${describeProblem(compiled)}`)
    return undefined
  }
  return {
    schema: toWireSchema(plain, paths),
    sealed: paths,
    checkResult: compiled.check,
    parse: source.parse && veiledParse(source.parse, paths),
  }
}

/** Of a prompt, or a template's variables: what somebody meant to be encrypted must not travel in clear. */
export function checkUnmarked(schema: JsonObject | undefined, report: Report): void {
  const marked = schema && takeMarks(schema, true)
  if (marked && ('problem' in marked || marked.paths.length > 0)) report(': only what a tool takes or answers can be encrypted')
}

/** Names inside what is encrypted are a part of it. */
function veiledParse(parse: Parse, sealed: readonly Path[]): Parse {
  if (sealed.length === 0) return parse
  const veiled = (parsed: Parsed): Parsed =>
    'violation' in parsed ? { violation: veil(parsed.violation, 'structuredContent', sealed) } : parsed
  return (value) => {
    const parsed = parse(value)
    return parsed instanceof Promise ? parsed.then(veiled) : veiled(parsed)
  }
}

/** The JSON Schema of either kind, a copy. */
export function readSchema(
  given: unknown,
  at: 'parameters' | 'outputSchema',
  report: Report,
): { readonly schema: JsonObject; readonly parse: Parse | undefined } | undefined {
  if (isStandardSchema(given)) {
    const emitted = emitJsonSchema(given, at === 'parameters' ? 'input' : 'output')
    if ('problem' in emitted) return problem(emitted.problem)
    return { schema: emitted.schema, parse: createParse(given, at === 'parameters' ? 'arguments' : 'structuredContent') }
  }
  if (!isObject(given)) return problem('must be a JSON Schema object, or a Standard Schema that emits one')
  if ('_def' in given || '~standard' in given) return problem('is no JSON Schema, and no Standard Schema of version 1: use zod 4')
  if (isBareProperties(given))
    return problem('looks like properties: wrap them in z.object({ … }) or { type: "object", properties: { … } }')
  if (!isWithinDepth(given, MAX_DEPTH)) return problem(`nested deeper than ${MAX_DEPTH} levels`)
  try {
    return { schema: JSON.parse(JSON.stringify(given)) as JsonObject, parse: undefined }
  } catch {
    return problem('cannot be written as JSON')
  }

  function problem(what: string): undefined {
    report(`${at}: ${what}`)
    return undefined
  }
}
