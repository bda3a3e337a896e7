/** Says what is wrong with a configuration, and where: a line each, with the key that was probably meant. @module */

import type { z } from 'zod'
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

function keysAt(schema: Readonly<Record<string, unknown>>, path: readonly string[]): readonly string[] {
  let at: Record<string, unknown> | undefined = schema
  for (const key of path) {
    const properties = at?.['properties'] as Record<string, Record<string, unknown>> | undefined
    at = properties?.[key] ?? (at?.['additionalProperties'] as Record<string, unknown> | undefined)
  }
  const branches = [at, ...((at?.['anyOf'] as Record<string, unknown>[] | undefined) ?? [])]
  return branches.flatMap((branch) => Object.keys((branch?.['properties'] as object | undefined) ?? {}))
}

/** At most two letters away, and no further than half of the word. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  let best: string | undefined
  let least = Math.min(3, word.length / 2 + 1)
  for (const one of known) {
    const away = distance(word.toLowerCase(), one.toLowerCase())
    if (away < least) [best, least] = [one, away]
  }
  return best
}

/** Levenshtein's; words longer than 40 letters are nobody's slip. */
function distance(a: string, b: string): number {
  if (a.length > 40 || b.length > 40) return Infinity
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++)
      next[j] = Math.min((row[j] as number) + 1, (next[j - 1] as number) + 1, (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1))
    row = next
  }
  return row[b.length] as number
}
