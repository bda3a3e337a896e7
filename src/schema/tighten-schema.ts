/**
 * Tightens a schema that a server's own author wrote: an object that does not say which further properties it takes takes none,
 * and a string of a format that has a greatest length has it. What this gives back is what the list shows and what the compiler
 * gets, so that callers know.
 *
 * A value that one schema describes gets `additionalProperties: false`. Where several describe it together (`allOf`, `then`, a
 * `$ref` beside `properties`), none of them may refuse what another one names: the schema around them gets
 * `unevaluatedProperties: false` instead (2020-12 core §11.3). Alternatives (`anyOf`, `oneOf`) are closed one by one. What only
 * asks a question (`if`, `not`, `contains`) is left alone: closed, it would ask another one.
 *
 * What cannot be closed stays open, for `bounds.ts` to name: an object within a part that another part describes too, and in
 * draft-07, which has no `unevaluatedProperties`, everything that is put together.
 *
 * Linear but for references, which are followed once for each place that has some.
 *
 * @module
 */

import { type JsonObject, pointerToken } from '../core/index.ts'
import { isObject } from '../protocol/index.ts'
import { createResolver } from './local-references.ts'
import { createParts, isTogether, namesProperties, partsOf, typesOf } from './schema-parts.ts'
import { holds, isQuestion } from './schema-walk.ts'

const DRAFT_07 = /^http:\/\/json-schema\.org\/draft-07\/schema#?$/

/**
 * How a schema stands to the value it describes: it alone does; it is a part, with the names that another part has too; or
 * nobody can say.
 */
type Standing = 'alone' | { readonly shared: ReadonlySet<string> } | 'unknown'

/** Formats are not checked (2020-12 validation §7.2.1), so that the length which they imply is said in words that are. */
const formatLengths: ReadonlyMap<unknown, number> = new Map([
  ['date', 10],
  ['time', 32],
  ['date-time', 64],
  ['duration', 64],
  ['uuid', 36],
  ['ipv4', 15],
  ['ipv6', 45],
  ['hostname', 253],
  ['email', 254],
])

/** `root` is bounded in depth. */
export function tightenSchema(root: JsonObject): JsonObject {
  const resolve = createResolver(root)
  const { sharedNames, isForObjects, partsNameProperties } = createParts(resolve)
  const hasUnevaluated = !DRAFT_07.test(String(root['$schema']))
  /** Definitions that are put together with something somewhere, and which names that has too. */
  const parts = new Map<string, Set<string>>()
  let learned = false

  /** An alternative that says what it is for; `{ required: […] }` only adds to what stands around it. */
  const isWhole = (schema: JsonObject): boolean => isForObjects(schema) || typesOf(schema) !== undefined

  function put(pointer: string, names: Iterable<string>): void {
    let known = parts.get(pointer)
    learned ||= known === undefined
    if (!known) parts.set(pointer, (known = new Set()))
    for (const name of names) {
      learned ||= !known.has(name)
      known.add(name)
    }
  }

  function close(schema: unknown, pointer: string, standing: Standing): unknown {
    if (!isObject(schema)) return schema
    const isSilent = standing === 'alone' && !says(schema)
    const areAlternatives = isSilent && isOnlyAlternatives(schema) && partsOf(schema, resolve).flat().every(isWhole)
    const inner: Standing = standing !== 'alone' ? standing : areAlternatives ? 'alone' : { shared: sharedNames(schema) }
    const target = typeof schema['$ref'] === 'string' ? resolve(schema['$ref']) : undefined
    const isPlainReference = isSilent && !describesMore(schema)
    if (target && !isPlainReference) put(target.pointer, typeof inner === 'string' ? [] : inner.shared)

    function standingOf(keyword: string, name: string, at: string): Standing {
      if (keyword === '$defs' || keyword === 'definitions') {
        const shared = parts.get(at)
        return shared ? { shared } : 'alone'
      }
      if (isTogether(keyword)) return inner
      if (inner === 'unknown') return 'unknown'
      return inner !== 'alone' && keyword === 'properties' && inner.shared.has(name) ? 'unknown' : 'alone'
    }
    const copy: Record<string, unknown> = {}
    for (const [keyword, value] of Object.entries(schema)) {
      const at = `${pointer}/${pointerToken(keyword)}`
      const held = isQuestion(keyword) ? undefined : holds(keyword, value)
      const closed = ([name, part]: [string, unknown]): [string, unknown] => {
        const below = `${at}/${pointerToken(name)}`
        return [name, close(part, below, standingOf(keyword, name, below))]
      }
      if (held === 'one') copy[keyword] = close(value, at, standingOf(keyword, '', at))
      else if (held === 'list') copy[keyword] = Object.entries(value as unknown[]).map((entry) => closed(entry)[1])
      else if (held === 'map') copy[keyword] = Object.fromEntries(Object.entries(value as JsonObject).map(closed))
      else copy[keyword] = value
    }

    const length = formatLengths.get(schema['format'])
    if (length !== undefined && !Object.hasOwn(schema, 'maxLength')) copy['maxLength'] = length
    if (!isSilent || areAlternatives || !isForObjects(schema)) return copy
    if (target && isPlainReference ? !parts.has(target.pointer) : !partsNameProperties(schema))
      return target && isPlainReference ? copy : { ...copy, additionalProperties: false }
    return hasUnevaluated ? { ...copy, unevaluatedProperties: false } : copy
  }

  // Whether a definition is a part is known when all of the schema was read: as often as that teaches something new.
  for (;;) {
    learned = false
    const closed = close(root, '', 'alone') as JsonObject
    if (!learned) return closed
  }
}

const says = (schema: JsonObject): boolean =>
  Object.hasOwn(schema, 'additionalProperties') || Object.hasOwn(schema, 'unevaluatedProperties')

/** Beside a reference: whatever else describes an object. */
const describesMore = (schema: JsonObject): boolean => Object.keys(schema).some(isTogether) || namesProperties(schema)

function isOnlyAlternatives(schema: JsonObject): boolean {
  const [only, ...more] = Object.keys(schema).filter((keyword) => isTogether(keyword) || keyword === '$ref')
  return more.length === 0 && (only === 'anyOf' || only === 'oneOf') && !namesProperties(schema)
}
