/** Where a reference within a schema leads: a JSON pointer or an anchor (2020-12 core §8.2). Anything else leads nowhere. @module */

import type { JsonObject } from '../core/index.ts'
import { isObject } from '../protocol/index.ts'
import { walkSchema } from './schema-walk.ts'

export type Resolve = (reference: string) => { readonly pointer: string; readonly schema: JsonObject } | undefined

export function createResolver(root: JsonObject): Resolve {
  const places = new Map<string, JsonObject>()
  const anchors = new Map<string, string>()
  walkSchema(root, (schema, _, pointer) => {
    places.set(pointer, schema)
    for (const anchor of [schema['$anchor'], schema['$dynamicAnchor']]) if (typeof anchor === 'string') anchors.set(anchor, pointer)
  })
  return function resolve(reference) {
    const pointer = leadsTo(reference, anchors)
    const schema = pointer === undefined ? undefined : places.get(pointer)
    return pointer !== undefined && isObject(schema) ? { pointer, schema } : undefined
  }
}

/** The JSON pointer that a reference within the schema means; undefined: it leads out of it, or is none. */
export function leadsTo(reference: string, anchors: ReadonlyMap<string, string>): string | undefined {
  if (!reference.startsWith('#')) return undefined
  try {
    const fragment = decodeURIComponent(reference.slice(1))
    return fragment === '' || fragment.startsWith('/') ? fragment : anchors.get(fragment)
  } catch {
    return undefined
  }
}
