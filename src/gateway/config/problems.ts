/** Says what is wrong with a configuration, and where: a line each, with file and line. @module */

import type { z } from 'zod'
import { describeProblems } from '../../core/index.ts'
import type { SourceFile } from './source-file.ts'

/** What is wrong, and what should be looked at: a sentence each, never with a value. Whoever began throws them together. */
export interface Findings {
  readonly problems: string[]
  readonly warnings: string[]
}

/** From the top of the file to its end, as they are mended. */
export const describeIssues = (issues: readonly z.core.$ZodIssue[], source: SourceFile, schema: z.ZodType): string[] =>
  describeProblems(issues, schema)
    .map(({ path, text }) => ({ where: source.where(path), text: `${path.join('.') || 'the file'}: ${text}` }))
    .sort((one, other) => lineOf(one.where) - lineOf(other.where))
    .map(({ where, text }) => `${where}: ${text}`)

const lineOf = (where: string): number => Number(/:(\d+)$/.exec(where)?.[1] ?? 0)
