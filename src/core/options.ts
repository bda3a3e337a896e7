/** Options are checked once, when a component is built, and are frozen afterwards. @module */

import { z } from 'zod'
import { keysAt, noSuchKey } from './did-you-mean.ts'

/** Thrown while wiring the application together; never while serving a request. `problems` has one line each. */
export class ConfigError extends TypeError {
  override readonly name = 'ConfigError'
  readonly code = 'ERR_CONFIG_INVALID'
  readonly #problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
    this.#problems = problems
  }

  /** No field: whatever prints an error prints its fields too, and the message has these already. */
  get problems(): readonly string[] {
    return this.#problems
  }
}

/** @throws {ConfigError} naming every problem, never a value. */
export function checkOptions<T extends object>(component: string, schema: z.ZodType<T>, input: T): Readonly<T> {
  const parsed = schema.safeParse(input)
  if (parsed.success) return Object.freeze({ ...parsed.data })
  const problems = describeProblems(parsed.error.issues, schema)
  throw new ConfigError(problems.map(({ path, text }) => `${[component, ...path].join('.')}: ${text}`))
}

export interface Problem {
  readonly path: readonly PropertyKey[]
  /** Reads on from the path and a colon. Never a value. */
  readonly text: string
}

type Issue = z.core.$ZodIssue

/** What zod found wrong, in our words: each with its place, and a key that nobody knows with the one that was probably meant. */
export function describeProblems(issues: readonly Issue[], schema: z.ZodType): Problem[] {
  let jsonSchema: Readonly<Record<string, unknown>> | undefined
  const known = (path: readonly PropertyKey[]): readonly string[] =>
    keysAt((jsonSchema ??= z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })), path)

  function describe(issue: Issue, at: readonly PropertyKey[]): Problem[] {
    const path = [...at, ...issue.path]
    switch (issue.code) {
      case 'unrecognized_keys':
        return issue.keys.map((key) => ({ path: [...path, key], text: noSuchKey(key, known(path)) }))
      case 'invalid_key':
        return [{ path, text: 'this name cannot be used' }]
      case 'invalid_union': {
        // It says only that nothing fitted: the branch that got furthest says why.
        const furthest = [...issue.errors].sort((one, other) => reachOf(other) - reachOf(one))[0] ?? []
        if (reachOf(furthest) > 0) return furthest.flatMap((each) => describe(each, path))
        return [{ path, text: issue.message === 'Invalid input' ? 'is not of a kind that fits here' : issue.message }]
      }
      default:
        return [{ path, text: wordsOf(issue) }]
    }
  }
  return issues.flatMap((issue) => describe(issue, []))
}

/** Where a schema says nothing itself, zod does: in words for whoever knows zod. */
function wordsOf(issue: Issue): string {
  const { message } = issue
  if (issue.code === 'too_small' && issue.origin === 'number' && message.startsWith('Too small: '))
    return `must be ${issue.inclusive ? `${issue.minimum} or more` : `more than ${issue.minimum}`}`
  if (issue.code === 'too_big' && issue.origin === 'number' && message.startsWith('Too big: '))
    return `must be ${issue.inclusive ? `${issue.maximum} or less` : `less than ${issue.maximum}`}`
  const missing = /^Invalid input: expected (\w+), received undefined$/.exec(message)
  return missing ? `is missing: expected ${missing[1]}` : message.replace(/^Invalid (?:input|option): /, '')
}

/** 0: the value is of another kind altogether. */
const reachOf = (branch: readonly Issue[]): number =>
  Math.max(0, ...branch.map(({ code, path }) => path.length * 2 + (code === 'invalid_type' || code === 'invalid_value' ? 0 : 1)))
