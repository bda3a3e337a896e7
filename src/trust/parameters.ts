/**
 * The parameters of a prompt template: a flat JSON Schema object whose members are strings, numbers or booleans.
 *
 * Fails closed: a keyword that is not checked here is a problem, never ignored.
 *
 * @module
 */

import type { JsonObject } from '../core/index.ts'
import { isObject } from '../protocol/index.ts'
import { type ReadArgument, type Report, readBoolean, readNumber, readText } from './argument-form.ts'
import { type Pattern, readPattern } from './pattern.ts'
import { listProblem, textProblem } from './role-line.ts'
import { cleanText } from './unicode.ts'

export type ArgumentValue = string | number | boolean

export interface Parameter {
  readonly name: string
  readonly description: string | undefined
  readonly required: boolean
  /** The canonical form of its `default`. */
  readonly fallback: string | undefined
  /** Whether each of its values was written by the prompt's author. */
  readonly listed: boolean
  /** The canonical forms of all its values, where they can be listed. */
  readonly allowed: readonly string[] | undefined
  /** Why no value of it may stand in a role line; undefined: it may. */
  readonly roleLineProblem: string | undefined
  readonly read: ReadArgument
  /** What the canonical form stands for, in the type that the schema gives it. */
  toValue(canonical: string): ArgumentValue
}

export interface Parameters {
  readonly byName: ReadonlyMap<string, Parameter>
  readonly additional: boolean
}

const MAX_PARAMETERS = 64
const MAX_ALLOWED_VALUES = 1_000

const parameterName = /^[A-Za-z][\w-]{0,63}$/
const objectKeywords = new Set(['$schema', 'type', 'title', 'description', 'properties', 'required', 'additionalProperties'])
const annotations = ['title', 'description', 'default', 'examples', 'format', 'deprecated', '$comment']
const keywords: Readonly<Record<string, readonly string[]>> = {
  string: ['minLength', 'maxLength', 'pattern'],
  number: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'],
  integer: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'],
  boolean: [],
}

/** Every problem is reported, with the path that it has. */
export function readParameters(schema: JsonObject | undefined, report: Report): Parameters {
  const byName = new Map<string, Parameter>()
  if (schema === undefined) return { byName, additional: false }
  for (const key of Object.keys(schema))
    if (!objectKeywords.has(key)) report(`parameters: ${shown(key)} is not a keyword that is known here`)
  if (schema['type'] !== 'object') report('parameters.type: must be "object"')
  const { properties = {}, required = [], additionalProperties = false } = schema
  if (typeof additionalProperties !== 'boolean') report('parameters.additionalProperties: must be true or false')
  const needed = Array.isArray(required) && required.every((name) => typeof name === 'string') ? new Set(required) : undefined
  if (!needed) report('parameters.required: must be a list of names')
  if (!isObject(properties)) {
    report('parameters.properties: must be an object')
    return { byName, additional: false }
  }
  const names = Object.keys(properties)
  if (names.length > MAX_PARAMETERS) report(`parameters.properties: at most ${MAX_PARAMETERS}`)
  for (const name of needed ?? []) if (!Object.hasOwn(properties, name)) report(`parameters.required: ${shown(name)} is not declared`)
  for (const name of names.slice(0, MAX_PARAMETERS)) {
    const at = `parameters.${parameterName.test(name) ? name : shown(name)}`
    if (!parameterName.test(name)) report(`${at}: a name is a letter and up to 63 letters, digits, "_" or "-"`)
    const property = properties[name]
    if (isObject(property))
      byName.set(
        name,
        readParameter(name, property, needed?.has(name) ?? false, (problem) => report(`${at}${problem}`)),
      )
    else report(`${at}: must be an object`)
  }
  return { byName, additional: additionalProperties === true }
}

function readParameter(name: string, schema: JsonObject, required: boolean, report: Report): Parameter {
  const byForm = allowedValues(schema, report)
  const listed = byForm && new Set(byForm.keys())
  const { type = listed ? 'string' : undefined } = schema
  const known = typeof type === 'string' && Object.hasOwn(keywords, type) ? (keywords[type] as readonly string[]) : undefined
  if (!known) report('.type: must be "string", "number", "integer" or "boolean": arguments of a prompt are text')
  for (const key of Object.keys(schema))
    if (key !== 'type' && key !== 'enum' && key !== 'const' && !annotations.includes(key) && !known?.includes(key))
      report(`: ${shown(key)} is not a keyword that is known here${known ? ` for a ${String(type)}` : ''}`)

  const pattern = type === 'string' ? patternOf(schema, report) : undefined
  const convert =
    type === 'string'
      ? readText(schema, pattern, report)
      : type === 'boolean'
        ? readBoolean
        : readNumber(schema, type === 'integer', report)
  const read: ReadArgument = (argument) => {
    const converted = convert(argument)
    return 'value' in converted && listed && !listed.has(converted.value)
      ? { rule: 'must be equal to one of the allowed values' }
      : converted
  }
  for (const value of listed ?? []) if (!('value' in convert(value))) report(': an allowed value breaks the other rules')

  const { description, default: preset } = schema
  if (description !== undefined && typeof description !== 'string') report('.description: must be a string')
  else if (description !== undefined && cleanText(description).removed.length > 0) report('.description: has hidden characters')
  const given = preset === undefined ? undefined : isScalar(preset) ? read(String(preset)) : { rule: '' }
  if (given && !('value' in given)) report('.default: breaks the rules of its own parameter')

  return {
    name,
    description: typeof description === 'string' ? description : undefined,
    required,
    fallback: given && 'value' in given ? given.value : undefined,
    listed: listed !== undefined,
    allowed: listed ? [...listed] : type === 'boolean' ? ['true', 'false'] : undefined,
    roleLineProblem: listed || type !== 'string' ? listProblem(listed) : textProblem(schema, pattern),
    read,
    toValue: (canonical) =>
      byForm?.get(canonical) ??
      (type === 'boolean' ? canonical === 'true' : type === 'number' || type === 'integer' ? Number(canonical) : canonical),
  }
}

/** The values of `enum`, or of `const`, by their canonical forms. */
function allowedValues(schema: JsonObject, report: Report): ReadonlyMap<string, string | number | boolean> | undefined {
  const { enum: several, const: single } = schema
  if (several === undefined && single === undefined) return undefined
  if (several !== undefined && single !== undefined) report(': has both enum and const')
  const values = several === undefined ? [single] : several
  if (!Array.isArray(values) || values.length === 0 || values.length > MAX_ALLOWED_VALUES || !values.every(isScalar)) {
    report(`.enum: must be a list of 1 to ${MAX_ALLOWED_VALUES} strings, numbers or booleans`)
    return new Map()
  }
  return new Map(values.map((value) => [String(value), value]))
}

const isScalar = (value: unknown): value is string | number | boolean =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'

function patternOf({ pattern }: JsonObject, report: Report): Pattern | undefined {
  if (pattern === undefined) return undefined
  const read = typeof pattern === 'string' ? readPattern(pattern) : { problem: 'must be a string' }
  if (!('problem' in read)) return read
  report(`.pattern: ${read.problem}`)
  return undefined
}

const shown = (text: string): string => JSON.stringify(cleanText(text).text.slice(0, 64))
