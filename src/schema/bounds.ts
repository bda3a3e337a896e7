/**
 * Names what a schema does not bound: strings and arrays of any length, objects with any properties, values of any kind. Each of
 * them is still within the bounds on a whole request; what a tool's own code does with them is not.
 *
 *   author's schema → tightened → [bounds] → a warning at start-up, or an error under `strict`
 *
 * A bound counts wherever it is said: beside the type, in a part (`allOf`), behind a reference, or in each alternative.
 *
 * @module
 */

import { type JsonObject, pointerToken } from '../core/index.ts'
import { isObject } from '../protocol/index.ts'
import { createResolver, type Resolve } from './local-references.ts'
import { isTogether, partsOf, typesOf } from './schema-parts.ts'
import { holds, isQuestion } from './schema-walk.ts'

type Kind = 'string' | 'array' | 'object'
/** What bounds a value of each kind, whatever is beside it. */
const bounding: Readonly<Record<Kind, (schema: JsonObject) => boolean>> = {
  string: (schema) => Object.hasOwn(schema, 'maxLength'),
  array: (schema) =>
    Object.hasOwn(schema, 'maxItems') ||
    (Array.isArray(schema['prefixItems']) && (schema['items'] === false || schema['unevaluatedItems'] === false)) ||
    (Array.isArray(schema['items']) && schema['additionalItems'] === false),
  object: (schema) =>
    (schema['additionalProperties'] === false || schema['unevaluatedProperties'] === false || Object.hasOwn(schema, 'maxProperties')) &&
    (schema['patternProperties'] === undefined || Object.hasOwn(schema, 'maxProperties')),
}
const rules: Readonly<Record<Kind, string>> = {
  string: 'has no maxLength',
  array: 'has no maxItems',
  object: 'takes any properties: say additionalProperties: false, or maxProperties',
}
const kinds = Object.keys(bounding) as Kind[]

/** Where each stands in the schema, as a JSON pointer, and what it lacks. */
export function boundsProblems(root: JsonObject): readonly string[] {
  const resolve = createResolver(root)
  const problems: string[] = []
  const report = (pointer: string, rule: string): void => void problems.push(`${pointer || '/'}: ${rule}`)

  /** `whole`: the schemas around it that describe the same value, outermost first; what they say counts too. */
  function visit(schema: unknown, pointer: string, whole: readonly JsonObject[]): void {
    if (schema === true) report(pointer, 'takes a value of any kind')
    if (!isObject(schema)) return
    const all = [...whole, schema]
    const types = typesOf(schema)
    if (isListed(schema)) return
    if (types === undefined && whole.length === 0 && !saysKind(schema, resolve)) report(pointer, 'takes a value of any kind')
    // A part adds nothing to what was said of the whole.
    const isNew = (kind: Kind): boolean => types?.includes(kind) === true && !whole.some((each) => typesOf(each)?.includes(kind))
    const unbounded = kinds.filter((kind) => isNew(kind) && !all.some((each) => isBounded(each, kind, resolve)))
    for (const kind of unbounded) report(pointer, rules[kind])
    if (types?.includes('array') && !['items', 'prefixItems', 'unevaluatedItems'].some((keyword) => Object.hasOwn(schema, keyword)))
      report(pointer, 'has no items: they may be of any kind')

    for (const [keyword, value] of Object.entries(schema)) {
      if (keyword === 'additionalProperties' && value === true && unbounded.includes('object')) continue
      const held = isQuestion(keyword) ? undefined : holds(keyword, value)
      const at = `${pointer}/${pointerToken(keyword)}`
      const around = isTogether(keyword) ? all : []
      if (held === 'one') visit(value, at, around)
      else if (held !== undefined)
        for (const [name, part] of Object.entries(value ?? {})) visit(part, `${at}/${pointerToken(name)}`, around)
    }
  }
  visit(root, '', [])
  return problems
}

const isListed = (schema: JsonObject): boolean => Object.hasOwn(schema, 'enum') || Object.hasOwn(schema, 'const')

function isBounded(schema: JsonObject, kind: Kind, resolve: Resolve, known = new Map<JsonObject, boolean>()): boolean {
  const types = typesOf(schema)
  if (isListed(schema) || bounding[kind](schema) || (types !== undefined && !types.includes(kind))) return true
  return everyWay(schema, resolve, known, (part) => isBounded(part, kind, resolve, known))
}

/** Whether it says, itself or in a part, what kind of value it takes. */
function saysKind(schema: JsonObject, resolve: Resolve, known = new Map<JsonObject, boolean>()): boolean {
  if (typesOf(schema) !== undefined || isListed(schema)) return true
  return everyWay(schema, resolve, known, (part) => saysKind(part, resolve, known))
}

/** Whether some group of parts holds whichever of its alternatives counts. What was found is kept; a circle holds nothing. */
function everyWay(schema: JsonObject, resolve: Resolve, known: Map<JsonObject, boolean>, test: (part: JsonObject) => boolean): boolean {
  const found = known.get(schema)
  if (found !== undefined) return found
  known.set(schema, false)
  const holdsSo = partsOf(schema, resolve).some((group) => group.length > 0 && group.every(test))
  known.set(schema, holdsSo)
  return holdsSo
}
