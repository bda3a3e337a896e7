/**
 * Tells properties that nobody has wrapped (`parameters: { q: z.string() }`) from a schema. JSON Schema ignores keywords that it does
 * not know, so that they would be taken for a schema that says nothing, and every call would be refused.
 *
 * @module
 */

import { isObject } from '../../protocol/index.ts'
import { isStandardSchema } from './standard-schema.ts'

/** Those whose value is an object, and those whose value is none: `{ title: { type: 'string' } }` is a property. */
const withObjects = new Set(
  (
    'properties patternProperties additionalProperties unevaluatedProperties propertyNames dependencies dependentSchemas dependentRequired ' +
    'definitions not if then else items additionalItems unevaluatedItems contains contentSchema const default'
  ).split(' '),
)
const others = new Set(
  (
    'type enum required allOf anyOf oneOf prefixItems minProperties maxProperties minItems maxItems uniqueItems minContains maxContains ' +
    'minimum maximum exclusiveMinimum exclusiveMaximum multipleOf minLength maxLength pattern format contentEncoding contentMediaType ' +
    'title description examples deprecated readOnly writeOnly'
  ).split(' '),
)

/** Nothing in it is of JSON Schema, or something is of a library. */
export function isBareProperties(given: object): boolean {
  const members = Object.entries(given)
  return members.length > 0 && (!members.some(isKeyword) || (!('type' in given) && members.some(([, value]) => isStandardSchema(value))))
}

const isKeyword = ([key, value]: [string, unknown]): boolean =>
  /^(?:\$|x-)/.test(key) || withObjects.has(key) || (others.has(key) && !isObject(value))
