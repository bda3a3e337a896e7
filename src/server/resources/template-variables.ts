/**
 * What the variables of a template may be: a flat schema with a text, number or boolean for each. A URI has texts alone, so that a
 * number or boolean is read from it, and written in one way only.
 *
 *   a URI ─ the template ─▶ texts ─ [read] ─▶ values that keep the schema ─ parse ─▶ what `read` gets
 *
 * Fails closed: what does not keep the schema is none of the template's resources.
 *
 * @module
 */

import { isObject, type TemplateVariable } from '../../protocol/index.ts'
import { understandOwn } from '../../schema/index.ts'
import type { Completable } from '../definitions/completion.ts'
import type { Nameable } from '../definitions/permissions.ts'
import { checkUnmarked, formatsOf, nameableIn, outputNameable, readSchema } from '../definitions/schemas.ts'
import type { Parsed } from '../definitions/standard-schema.ts'
import type { Report } from '../definitions/unknown-keys.ts'

/** Undefined: they break the schema, or a library's own rules. */
export type Variables = { readonly value: unknown } | undefined

export interface VariableReader {
  read(texts: Readonly<Record<string, string>>): Variables | Promise<Variables>
  /** What a rule can name; undefined: it may be anything. */
  readonly nameable: Nameable | undefined
  /** For completion: each variable on its own. */
  readonly each: ReadonlyMap<string, Pick<Completable, 'allowed' | 'read'>>
}

type Convert = (text: string) => unknown

const converts: Readonly<Record<string, Convert>> = {
  string: (text) => text,
  number: toNumber,
  integer: toNumber,
  boolean: (text) => (text === 'true' ? true : text === 'false' ? false : undefined),
}

/** `given`: nothing, a JSON Schema of type object, or a Standard Schema. Every problem is reported. */
export function readVariables(given: unknown, variables: readonly TemplateVariable[], report: Report): VariableReader | undefined {
  const all = variables.map(({ name }) => name)
  if (given === undefined)
    return {
      read: (value) => ({ value }),
      nameable: new Map(all.map((name) => [name, ['string']])),
      each: new Map(all.map((name) => [name, {}])),
    }
  let fine = true
  const problem = (what: string): void => {
    fine = false
    report(`variables${what}`)
  }
  const source = readSchema(given, 'parameters', (what) => problem(what.replace(/^parameters/, '')))
  if (!source) return undefined
  checkUnmarked(source.schema, problem)
  const understood = understandOwn(source.schema, formatsOf(source.parse))
  if ('problems' in understood) {
    for (const what of understood.problems) problem(what.startsWith('/') ? what : `: ${what}`)
    return undefined
  }
  const { properties = {}, required = [] } = understood.schema
  const declared = isObject(properties) ? properties : {}
  const names = new Map(variables.map(({ name, operator }) => [name, operator]))
  const readers = new Map<string, Convert>()
  for (const [name, schema] of Object.entries(declared)) {
    const operator = names.get(name)
    const convert = converts[typeOf(schema)]
    if (operator === undefined) problem(`.${name}: is not in the URI template`)
    if (convert) readers.set(name, convert)
    else problem(`.${name}.type: must be "string", "number", "integer" or "boolean": a URI has nothing else`)
    if (operator === '?' && Array.isArray(required) && required.includes(name))
      problem(`.required: ${name} stands behind the "?", where it may be absent`)
  }
  for (const name of names.keys()) if (!Object.hasOwn(declared, name)) problem(`: "${name}" of the URI template is not declared`)
  if (!fine) return undefined
  return {
    read(texts) {
      const values = Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, readers.get(name)?.(text)]))
      if (Object.values(values).includes(undefined) || understood.check(values)) return undefined
      const parsed = source.parse?.(values)
      return parsed instanceof Promise ? parsed.then(kept) : parsed ? kept(parsed) : { value: values }
    },
    nameable: source.parse ? outputNameable(given) : nameableIn(declared),
    each: new Map([...readers].map(([name, convert]) => [name, alone(name, declared[name], convert)])),
  }
}

const kept = (parsed: Parsed): Variables => ('value' in parsed ? parsed : undefined)

/** The rules of one variable, whatever the others are. */
function alone(name: string, schema: unknown, convert: Convert): Pick<Completable, 'allowed' | 'read'> {
  const understood = understandOwn({ properties: { [name]: schema } })
  const listed = isObject(schema) && Array.isArray(schema['enum']) ? schema['enum'] : undefined
  return {
    allowed: listed?.map(String),
    read(text) {
      const value = convert(text)
      if (value === undefined || 'problems' in understood) return { rule: 'must be written as its type is' }
      const violation = understood.check({ [name]: value })
      return violation ? { rule: violation.rule } : { value: text }
    },
  }
}

/** A list of values has their type. */
function typeOf(schema: unknown): string {
  if (!isObject(schema)) return ''
  const { type, enum: listed, const: only } = schema
  if (typeof type === 'string') return type
  const values = Array.isArray(listed) ? listed : [only]
  return values.every((value) => typeof value === 'string') ? 'string' : ''
}

/** As JSON writes it: `7` and never `07`, `7.0` or `7e0`. */
function toNumber(text: string): number | undefined {
  const value = Number(text)
  return Number.isFinite(value) && String(value) === text ? value : undefined
}
