/**
 * The arguments of a call as people type them: `name=value`, where the tool's own schema says what kind of value is meant, and
 * `name:=JSON` where it is said by hand. Pure.
 *
 *   path=notes.md  count=3  tags=a tags=b  filter:='{"open":true}'
 *
 * The schema is the server's text: nothing of it runs here, and references are followed a few steps and no further. Whether the whole
 * fits it is checked afterwards, by `check-arguments.ts`.
 *
 * @module
 */

import { type JsonObject, keyOfToken } from '../../core/index.ts'
import { isObject, parseJson } from '../../protocol/index.ts'
import { CliError } from '../errors.ts'
import { shownShort } from '../shown.ts'

interface Pair {
  readonly name: string
  readonly text: string
  readonly isJson: boolean
}

const BOUNDS = { maxDepth: 64, maxItems: 1_000_000 }
const MAX_STEPS = 8
const PAIRS = 'write name=value, or name:=JSON for what is no text: count:=3'

/** @throws {CliError} E-USAGE for a word that is no pair, and for a value that the schema does not understand. Never says a value. */
export function parseArguments(words: readonly string[], schema: JsonObject, see = 'sallyport tools'): JsonObject {
  const pairs = Map.groupBy(words.map(parsePair), ({ name }) => name)
  const entries = [...pairs].map(([name, given]): [string, unknown] => [name, valueOf(name, given, { schema, see })])
  return Object.fromEntries(entries)
}

/** @throws {CliError} E-USAGE where it is no JSON object. `from`: how it was given. */
export function parseObject(text: string, from: string): JsonObject {
  const value = read(text)
  if (!isObject(value))
    throw new CliError('E-USAGE', `${from} is not a JSON object`, `write an object in braces, with no key twice: {"name":"value"}`)
  if (!isExact(text)) throw new CliError('E-USAGE', `${from} ${INEXACT}`, AS_TEXT)
  return value
}

function parsePair(word: string): Pair {
  const at = word.indexOf('=')
  if (at < 1) throw new CliError('E-USAGE', `${shownShort(word)} is no argument`, PAIRS)
  const isJson = word[at - 1] === ':'
  const name = word.slice(0, isJson ? at - 1 : at)
  if (name === '') throw new CliError('E-USAGE', 'an argument has no name', PAIRS)
  return { name, text: word.slice(at + 1), isJson }
}

interface Known {
  readonly schema: JsonObject
  /** The command that shows what is meant. */
  readonly see: string
}

function valueOf(name: string, given: readonly Pair[], { schema, see }: Known): unknown {
  const property = propertyOf(schema, name)
  const [first] = given as readonly [Pair, ...Pair[]]
  const types = typesOf(property, schema)
  const isList = types.has('array') && !types.has('string')
  if (given.length > 1 && !isList) throw wrong(name, 'is given twice', 'give it once')
  if (first.isJson) {
    const values = given.map(({ text }) => jsonOf(name, text))
    return isList && !(values.length === 1 && Array.isArray(values[0])) ? values : values[0]
  }
  if (isList && !(given.length === 1 && first.text.trimStart().startsWith('['))) {
    const items = resolve((resolve(property, schema) as JsonObject)['items'], schema)
    return given.map(({ text }) => fitting(name, text, typesOf(items, schema), items, see))
  }
  return fitting(name, first.text, types, resolve(property, schema), see)
}

function fitting(name: string, text: string, types: ReadonlySet<string>, property: unknown, see: string): unknown {
  const choice = enumOf(property).find((one) => typeof one !== 'string' && JSON.stringify(one) === text)
  if (choice !== undefined) return choice
  if (types.size === 0 || types.has('string')) return text
  const value = read(text)
  if (value !== undefined && isOneOf(value, types)) return exactly(name, text, value)
  throw wrong(name, `must be ${[...types].map((type) => words[type] ?? type).join(' or ')}`, `see ${see}`)
}

const words: Readonly<Record<string, string>> = {
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  object: 'a JSON object',
  array: 'a JSON list',
  null: 'null',
}

function isOneOf(value: unknown, types: ReadonlySet<string>): boolean {
  if (value === null) return types.has('null')
  if (Array.isArray(value)) return types.has('array')
  if (typeof value === 'number') return types.has('number') || (types.has('integer') && Number.isInteger(value))
  return types.has(typeof value)
}

const ownOf = (value: unknown, name: string): unknown => (isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined)
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value.slice(0, 100) : [])
const enumOf = (property: unknown): readonly unknown[] => listOf(ownOf(property, 'enum'))
const propertyOf = (schema: JsonObject, name: string): unknown => ownOf(ownOf(resolve(schema, schema), 'properties'), name)

/** Behind references within the schema. */
function resolve(given: unknown, root: JsonObject): unknown {
  let found = given
  for (let step = 0; step < MAX_STEPS; step++) {
    const reference = ownOf(found, '$ref')
    if (typeof reference !== 'string') return found
    const [, path] = /^#\/(.+)$/.exec(reference) ?? []
    if (path === undefined) return undefined
    found = path.split('/').reduce<unknown>((at, part) => ownOf(at, keyOfToken(part)), root)
  }
  return undefined
}

/** Every type that a property may have; empty where nothing says. */
function typesOf(given: unknown, root: JsonObject, steps = MAX_STEPS): ReadonlySet<string> {
  const property = resolve(given, root)
  if (!isObject(property) || steps === 0) return new Set()
  const { type, const: constant } = property
  const own = [type].flat().filter((one) => typeof one === 'string')
  if (own.length > 0) return new Set(own)
  if (constant !== undefined) return new Set([typeof constant])
  const choices = enumOf(property)
  if (choices.length > 0) return new Set(choices.map((one) => (one === null ? 'null' : typeof one)))
  const branches = [...listOf(property['anyOf']), ...listOf(property['oneOf'])].map((branch) => typesOf(branch, root, steps - 1))
  // A branch that says nothing takes everything, text too.
  return branches.some(({ size }) => size === 0) ? new Set() : new Set(branches.flatMap((types) => [...types]))
}

function jsonOf(name: string, text: string): unknown {
  const value = read(text)
  if (value === undefined) throw wrong(name, 'is not JSON', `after := comes JSON: ${PAIRS}`)
  return exactly(name, text, value)
}

/** Undefined for what is no JSON, and for what has a key twice: only one of the two would be sent. */
function read(text: string): unknown {
  const parsed = parseJson(Buffer.from(text), BOUNDS)
  return parsed.allowed ? parsed.value : undefined
}

const INEXACT = 'has a number that would be sent as another one'
const AS_TEXT = 'write fewer digits; or as text, where the tool takes that'

function exactly(name: string, text: string, value: unknown): unknown {
  if (!isExact(text)) throw wrong(name, INEXACT, AS_TEXT)
  return value
}

/** Whole numbers beyond 2^53 become their neighbours, and what is too large becomes `null`: another record than was meant. */
function isExact(text: string): boolean {
  let isSo = true
  const look = (_: string, value: unknown, { source = '' }: { source?: string } = {}): unknown => {
    if (typeof value === 'number') isSo &&= Number.isFinite(value) && (Number.isSafeInteger(value) || !/^-?\d+$/.test(source))
    return value
  }
  JSON.parse(text, look)
  return isSo
}

const wrong = (name: string, what: string, fix: string): CliError =>
  new CliError('E-USAGE', `the argument ${shownShort(name)} ${what}`, fix)
