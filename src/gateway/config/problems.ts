/** Says what is wrong with a configuration, and where: a line each, with the key that was probably meant. @module */

import type { z } from 'zod'
import { keysAt, nearest } from '../../core/index.ts'
import type { SourceFile } from './source-file.ts'

type Issue = z.core.$ZodIssue

/** `jsonSchema` tells which keys there are at a place. */
export function describeIssues(issues: readonly Issue[], source: SourceFile, jsonSchema: Readonly<Record<string, unknown>>): string[] {
  return issues.flatMap((issue) => {
    const path = issue.path.map(String)
    if (issue.code === 'unrecognized_keys') {
      const known = keysAt(jsonSchema, path)
      return issue.keys.map((key) => {
        const meant = nearest(key, known)
        const name = [...path, key].join('.')
        return `${source.where([...issue.path, key])}: ${name}: there is no such key${meant ? `; did you mean "${meant}"?` : ''}`
      })
    }
    return [`${source.where(issue.path)}: ${path.join('.') || 'the file'}: ${describe(issue)}`]
  })
}

function describe(issue: Issue): string {
  // A union says only that nothing fitted: the branch that got furthest says why.
  if (issue.code === 'invalid_union') {
    const deepest = issue.errors.flat().sort((a, b) => b.path.length - a.path.length)[0]
    return deepest && deepest.path.length > 0 ? `${deepest.path.join('.')}: ${describe(deepest)}` : 'is not of a kind that fits here'
  }
  if (issue.code === 'invalid_key') return 'this name cannot be used'
  return issue.message.replace(/^Invalid (?:input|option): /, '')
}
