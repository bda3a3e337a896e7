/** Where a schema has patterns that the linear-time engine does not know, so that their author can find them. @module */

import { RE2JS } from 're2js'
import { type JsonObject, pointerToken } from '../core/index.ts'
import { isObject } from '../protocol/index.ts'
import { walkSchema } from './schema-walk.ts'

/** Patterns that are too large together are for `compileSchema` to refuse: no more of them is compiled here. */
const ENOUGH = 10_000

/** JSON pointers. */
export function patternProblems(root: JsonObject): readonly string[] {
  const problems: string[] = []
  let size = 0
  function look(pattern: string, pointer: string): void {
    if (size > ENOUGH) return
    try {
      size += RE2JS.compile(pattern).programSize()
    } catch {
      problems.push(pointer)
    }
  }
  walkSchema(root, (schema, _, pointer) => {
    const { pattern, patternProperties } = schema
    if (typeof pattern === 'string') look(pattern, `${pointer}/pattern`)
    if (!isObject(patternProperties)) return
    for (const name of Object.keys(patternProperties)) look(name, `${pointer}/patternProperties/${pointerToken(name)}`)
  })
  return problems
}
