/** Says what is wrong with a configuration, and where: a line each, with file and line. @module */

import type { z } from 'zod'
import { describeProblems } from '../../core/index.ts'
import type { SourceFile } from './source-file.ts'

export const describeIssues = (issues: readonly z.core.$ZodIssue[], source: SourceFile, schema: z.ZodType): string[] =>
  describeProblems(issues, schema).map(({ path, text }) => `${source.where(path)}: ${path.join('.') || 'the file'}: ${text}`)
