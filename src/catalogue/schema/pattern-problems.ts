/** Where a schema has patterns that the linear-time engine does not know, so that their author can find them. @module */

import { RE2JS } from 're2js'
import type { JsonObject } from '../../core/index.ts'
import { isObject } from '../../protocol/index.ts'
import { pointerToken, walkSchema } from './schema-walk.ts'

/** JSON pointers. */
export function patternProblems(root: JsonObject): readonly string[] {
  const problems: string[] = []
  walkSchema(root, (schema, _, pointer) => {
    const { pattern, patternProperties } = schema
    if (typeof pattern === 'string' && !isKnown(pattern)) problems.push(`${pointer}/pattern`)
    if (!isObject(patternProperties)) return
    for (const name of Object.keys(patternProperties))
      if (!isKnown(name)) problems.push(`${pointer}/patternProperties/${pointerToken(name)}`)
  })
  return problems
}

function isKnown(pattern: string): boolean {
  try {
    RE2JS.compile(pattern)
    return true
  } catch {
    return false
  }
}
