/**
 * The references among a tool's parameters, beyond what their marks say: that a schema library's types say what the function gets, and
 * that whoever sends too long a text is told of the reference beside it.
 *
 * @module
 */

import { type Entry, type JsonObject, PendingContent, type ReferencedContent, type ReferenceField } from '../../core/index.ts'
import { isObject } from '../../protocol/index.ts'
import type { Report } from './unknown-keys.ts'

/**
 * For schemas of a library: `z.string().meta({ resourceRef: true }).transform(asContent)`. What comes out has the type of what the
 * function will get; the content is put in its place before a rule or the function sees it.
 */
export const asContent = (reference: string): ReferencedContent => new PendingContent(reference) as unknown as ReferencedContent

/** `output`: what the library makes of its values, where it can say so: a reference that is a string there was not transformed. */
export function checkTransformed(fields: readonly ReferenceField[], output: JsonObject | undefined, report: Report): void {
  if (!output) return
  for (const { path } of fields)
    if (at(output, path)?.['type'] === 'string')
      report(`parameters.${path.join('.')}: resourceRef: add .transform(asContent), so that its type is that of the content`)
}

function at(schema: JsonObject, path: readonly string[]): JsonObject | undefined {
  let found: unknown = schema
  for (const key of path) {
    const inner: unknown = isObject(found) ? found[key === '*' ? 'items' : 'properties'] : undefined
    found = key === '*' ? inner : isObject(inner) && Object.hasOwn(inner, key) ? inner[key] : undefined
  }
  return isObject(found) ? found : undefined
}

const TOO_LONG = /^must NOT have more than \d+ characters$/

/** A text that is too long may be what a reference is for. */
export function withHint(check: NonNullable<Entry['check']>, fields: readonly ReferenceField[]): NonNullable<Entry['check']> {
  if (fields.length === 0) return check
  const names = fields.map(({ path }) => path.join('.')).join(' or ')
  const own = new Set(fields.map(({ path }) => `arguments/${path.join('/')}`))
  return (args) => {
    const violation = check(args)
    if (!violation || !TOO_LONG.test(violation.rule) || own.has(violation.path)) return violation
    return { ...violation, rule: `${violation.rule}: send a reference to it instead, as ${names}` }
  }
}
