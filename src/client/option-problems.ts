/** Says what is wrong with options, a line each, with the option that was probably meant. @module */

import { z } from 'zod'

type Issue = z.core.$ZodIssue
type JsonSchema = Readonly<Record<string, unknown>>

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

function keysAt(schema: JsonSchema, path: readonly string[]): readonly string[] {
  let at: JsonSchema = schema
  for (const key of path) at = ((at['properties'] ?? {}) as Record<string, JsonSchema>)[key] ?? {}
  const branches = [at, ...((at['oneOf'] ?? at['anyOf'] ?? []) as JsonSchema[])]
  return branches.flatMap((branch) => Object.keys(branch['properties'] ?? {}))
}

/** The option with the most pairs of letters in common, where that is more than half of them (Dice's coefficient). */
function nearest(word: string, known: readonly string[]): string | undefined {
  const ranked = known.map((one) => ({ one, likeness: likeness(word, one) })).sort((a, b) => b.likeness - a.likeness)
  const best = ranked[0]
  return best !== undefined && best.likeness > 0.5 ? best.one : undefined
}

function likeness(a: string, b: string): number {
  const [left, right] = [pairs(a), pairs(b)]
  if (left.length + right.length === 0) return 0
  return (2 * left.filter((pair) => right.includes(pair)).length) / (left.length + right.length)
}

const pairs = (word: string): string[] => {
  const letters = word.slice(0, 40).toLowerCase()
  return Array.from({ length: Math.max(0, letters.length - 1) }, (_, at) => letters.slice(at, at + 2))
}
