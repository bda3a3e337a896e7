/**
 * A copy of an upstream's schema that holds what JSON Schema says and nothing else, in the one form that the compiler gets:
 * no addresses, no anchors, no keyword that only the compiler knows (`$async` makes its checks answer a promise, which counts
 * as a yes), and every reference a `$ref` to a definition that this walk has read.
 *
 *   bounded → valid against its metaschema → [plain] → compiled at the first call
 *
 * Fails closed: a reference that leads anywhere else refuses the schema, since steps there would not be counted.
 *
 * @module
 */

import { type JsonObject, pointerToken } from '../core/index.ts'
import { isObject } from '../protocol/index.ts'
import { isFormat } from './formats.ts'
import { leadsTo } from './local-references.ts'
import { holds, isQuestion } from './schema-walk.ts'

export type Plain =
  | {
      readonly schema: JsonObject
      /** Every regular expression in it. */
      readonly patterns: readonly string[]
    }
  | { readonly problem: string }

/** What is compiled beside the keywords that hold subschemas. Annotations and unknown keywords say nothing about arguments. */
const kept = new Set([
  'const',
  'dependentRequired',
  'enum',
  'exclusiveMaximum',
  'exclusiveMinimum',
  'maxContains',
  'maxItems',
  'maxLength',
  'maxProperties',
  'maximum',
  'minContains',
  'minItems',
  'minLength',
  'minProperties',
  'minimum',
  'multipleOf',
  'pattern',
  'required',
  'type',
  'uniqueItems',
])
/** Copied where something refers to them, and only then. */
const definitions = new Set(['$defs', 'definitions'])
/** Without `$id`s a schema is one resource, where the dynamic kinds mean what `$ref` means (2020-12 core §8.2.3.2). */
const references = ['$ref', '$dynamicRef', '$recursiveRef'] as const

/** Keywords of the compiler's that count what a check does. */
export interface Counters {
  /** `true` beside every reference. */
  readonly step: string
  /** Beside alternatives: how many there are. */
  readonly alternatives: string
}

/** `what`: how a problem calls the schema. */
export function plainSchema(given: JsonObject, counters: Counters, what = 'an input schema'): Plain {
  const places = new Map<string, unknown>()
  const anchors = new Map<string, string>()
  const patterns = new Set<string>()
  const referring: { readonly at: Record<string, unknown>; readonly to: string }[] = []
  let problem: string | undefined
  let addressed = false

  function copy(schema: unknown, pointer: string): unknown {
    if (!isObject(schema)) {
      if (typeof schema === 'boolean') places.set(pointer, schema)
      return schema
    }
    const entries: [string, unknown][] = []
    for (const [keyword, value] of Object.entries(schema)) {
      const at = `${pointer}/${pointerToken(keyword)}`
      const held = holds(keyword, value)
      let copied = value
      if (held === 'one') copied = copy(value, at)
      else if (held === 'list') copied = (value as unknown[]).map((inner, i) => copy(inner, `${at}/${i}`))
      else if (held === 'map')
        copied = Object.fromEntries(
          Object.entries(value as JsonObject).map(([name, inner]) => [name, copy(inner, `${at}/${pointerToken(name)}`)]),
        )
      else if (!kept.has(keyword) && !(keyword === 'format' && isFormat(value))) continue
      if (!definitions.has(keyword)) entries.push([keyword, copied])
    }
    const plain: Record<string, unknown> = Object.fromEntries(entries)
    const tried = alternativesOf(schema)
    if (tried > 0) plain[counters.alternatives] = tried
    places.set(pointer, plain)
    note(schema, plain, pointer)
    return plain
  }

  function note(schema: JsonObject, plain: Record<string, unknown>, pointer: string): void {
    if (Object.hasOwn(schema, '$async')) problem ??= `${what} that asks for an asynchronous check ($async)`
    if (pointer !== '' && typeof schema.$id === 'string') addressed = true
    for (const anchor of [schema.$anchor, schema.$dynamicAnchor]) {
      if (typeof anchor !== 'string') continue
      if ((anchors.get(anchor) ?? pointer) !== pointer) problem ??= `${what} with the same anchor twice`
      anchors.set(anchor, pointer)
    }
    const said = references.flatMap((keyword) => (typeof schema[keyword] === 'string' ? [schema[keyword]] : []))
    if (said.length > 1) problem ??= `${what} with two references in one place`
    if (said[0] !== undefined) referring.push({ at: plain, to: said[0] })
    if (typeof schema.pattern === 'string') patterns.add(schema.pattern)
    if (isObject(schema.patternProperties)) for (const pattern of Object.keys(schema.patternProperties)) patterns.add(pattern)
  }

  const root = copy(given, '') as Record<string, unknown>
  if (referring.length > 0 && addressed) problem ??= `${what} with an address inside ($id) that references may be relative to`
  const $defs: Record<string, unknown> = {}
  const names = new Map<string, string>()
  for (const { at, to } of referring) {
    const place = leadsTo(to, anchors)
    if (place === undefined || !places.has(place)) {
      problem ??= `${what} that refers to something outside itself, or to nothing`
      break
    }
    at[counters.step] = true
    if (place === '') {
      at.$ref = '#'
      continue
    }
    const name = names.get(place) ?? `r${names.size}`
    names.set(place, name)
    $defs[name] = places.get(place)
    at.$ref = `#/$defs/${name}`
  }
  if (problem !== undefined) return { problem }
  return { schema: names.size > 0 ? { ...root, $defs } : root, patterns: [...patterns] }
}

/** How many schemas may fail for a value before it is known whether it fits. */
const alternativesOf = (schema: JsonObject): number =>
  Object.entries(schema).reduce((sum, [keyword, value]) => {
    if (Array.isArray(value)) return keyword === 'anyOf' || keyword === 'oneOf' ? sum + value.length : sum
    return isQuestion(keyword) ? sum + 1 : sum
  }, 0)
