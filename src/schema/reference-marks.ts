/**
 * Reads which arguments of a tool are references, out of the `resourceRef` marks in its JSON Schema, and says on the wire what may be
 * given: `x-sallyport-ref`, and a sentence in the description for whoever knows no extension of ours.
 *
 *   { type: 'string', resourceRef: { template: 'docs://{id}' } }  →  fields for the guards, a schema for the list
 *
 * Pure; fails closed: a mark that is not understood, or stands where no argument has a fixed place, is a problem.
 *
 * @module
 */

import { type JsonObject, pointerToken, REFERENCE_MARK, type ReferenceField } from '../core/index.ts'
import { isObject, MAX_URI_LENGTH } from '../protocol/index.ts'
import { readMark } from './reference-mark.ts'
import { holds } from './schema-walk.ts'

export interface ReferenceMarks {
  readonly schema: JsonObject
  readonly fields: readonly ReferenceField[]
  /** Each with its place: `/properties/doc: …`. */
  readonly problems: readonly string[]
}

const MARK = 'resourceRef'
/** Each is read before the call begins. */
const MAX_FIELDS = 16

/** `given` is bounded in depth. */
export function readReferenceMarks(given: JsonObject): ReferenceMarks {
  const fields: ReferenceField[] = []
  const problems: string[] = []

  function read(schema: unknown, path: readonly string[] | undefined, pointer: string): unknown {
    if (!isObject(schema)) return schema
    const copy: Record<string, unknown> = {}
    for (const [keyword, value] of Object.entries(schema)) {
      const at = `${pointer}/${pointerToken(keyword)}`
      const held = holds(keyword, value)
      const below = (name: string): readonly string[] | undefined => (keyword === 'properties' && path ? [...path, name] : undefined)
      if (keyword === MARK) continue
      else if (held === 'one') copy[keyword] = read(value, keyword === 'items' && path ? [...path, '*'] : undefined, at)
      else if (held === 'list') copy[keyword] = (value as unknown[]).map((inner, index) => read(inner, undefined, `${at}/${index}`))
      else if (held === 'map')
        copy[keyword] = Object.fromEntries(
          Object.entries(value as JsonObject).map(([name, inner]) => [name, read(inner, below(name), `${at}/${pointerToken(name)}`)]),
        )
      else copy[keyword] = value
    }
    return Object.hasOwn(schema, MARK) ? marked(copy, schema[MARK], path, pointer) : copy
  }

  function marked(schema: Record<string, unknown>, mark: unknown, path: readonly string[] | undefined, pointer: string): JsonObject {
    const problem = (what: string): JsonObject => {
      problems.push(`${pointer}: ${what}`)
      return schema
    }
    if (!path || path.length === 0) return problem('resourceRef stands where no argument has a place: mark a property, or the items of one')
    if (schema['type'] !== 'string') return problem('resourceRef goes with type "string"')
    const understood = readMark(mark)
    if ('problem' in understood) return problem(`resourceRef ${understood.problem}`)
    if (fields.length === MAX_FIELDS) return problem(`there are more than ${MAX_FIELDS} references`)
    const { field, shown, hint } = understood
    fields.push({ path, as: 'content', ...field })
    const said = typeof schema['description'] === 'string' ? `${schema['description']} ` : ''
    return { maxLength: MAX_URI_LENGTH, ...schema, description: `${said}${hint}`, [REFERENCE_MARK]: shown }
  }

  const schema = read(given, [], '') as JsonObject
  return { schema, fields, problems }
}
