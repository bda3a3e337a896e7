/** Options are checked once, when a component is built, and are frozen afterwards. @module */

import type { ZodType } from 'zod'

/** Thrown while wiring the application together; never while serving a request. `problems` has one line each. */
export class ConfigError extends TypeError {
  override readonly name = 'ConfigError'
  readonly code = 'ERR_CONFIG_INVALID'
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
    this.problems = problems
  }
}

/** @throws {ConfigError} naming every problem, never a value. */
export function checkOptions<T extends object>(component: string, schema: ZodType<T>, input: T): Readonly<T> {
  const parsed = schema.safeParse(input)
  if (parsed.success) return Object.freeze({ ...parsed.data })
  throw new ConfigError(parsed.error.issues.map((issue) => `${[component, ...issue.path].join('.')}: ${issue.message}`))
}
