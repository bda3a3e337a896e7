/** What is said of definitions that are left out: bounded, since an upstream writes them, and once. @module */

import type { EntryKind, Log } from '../../core/index.ts'

const MAX_WARNINGS = 100

/** A log that an upstream can fill is read by nobody. */
export const atMost = (warnings: readonly string[]): readonly string[] =>
  warnings.length > MAX_WARNINGS
    ? [...warnings.slice(0, MAX_WARNINGS), `${warnings[MAX_WARNINGS]} (and ${warnings.length - MAX_WARNINGS - 1} more)`]
    : warnings

/** Says what was not among the warnings of the last time: the same is not repeated at every change. */
export function createWarner(log: Log): (warnings: readonly string[]) => void {
  let said: ReadonlySet<string> = new Set()
  return (warnings) => {
    for (const warning of warnings) if (!said.has(warning)) log('warn', warning)
    said = new Set(warnings)
  }
}

export const describe = (kind: EntryKind, name: string): string => `the ${kind} ${quote(name)}`
export const quote = (name: string): string => JSON.stringify(name.slice(0, 80))
