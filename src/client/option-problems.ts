/** Says what is wrong with options, a line each, with the option that was probably meant. @module */

import { z } from 'zod'
import { keysAt, nearest } from '../core/index.ts'

type Issue = z.core.$ZodIssue

export function describeProblems(component: string, issues: readonly Issue[], schema: z.ZodType): string[] {
  const jsonSchema = z.toJSONSchema(schema, { unrepresentable: 'any' })
  return issues.flatMap((issue) => {
    const path = issue.path.map(String)
    const name = [component, ...path].join('.')
    if (issue.code !== 'unrecognized_keys') return [`${name}: ${issue.message}`]
    const known = keysAt(jsonSchema, path)
    return issue.keys.map((key) => {
      const meant = nearest(key, known)
      return `${name}.${key}: there is no such option${meant === undefined ? '' : `; did you mean "${meant}"?`}`
    })
  })
}
