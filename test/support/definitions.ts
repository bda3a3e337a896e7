// Definitions as the server takes them, for tests: entries out of them, or the problems that it would not start with.

import type { Entry } from '../../src/core/index.ts'
import { type EntryOptions, type PromptEntryOptions, promptEntry, toolEntry } from '../../src/server/definitions/index.ts'

export interface Defined {
  readonly entry: Entry | undefined
  readonly problems: readonly string[]
  readonly warnings: readonly string[]
}

function define(kind: 'tool' | 'prompt', definition: object, over: Partial<PromptEntryOptions>): Defined {
  const problems: string[] = []
  const warnings: string[] = []
  const options = {
    server: 'test',
    report: (problem: string) => void problems.push(problem),
    warn: (warning: string) => void warnings.push(warning),
    ...over,
  }
  const entry = kind === 'tool' ? toolEntry(definition, options) : promptEntry(definition, options)
  return { entry, problems, warnings }
}
export const defineTool = (definition: object, over: Partial<EntryOptions> = {}): Defined => define('tool', definition, over)
export const definePrompt = (definition: object, over: Partial<PromptEntryOptions> = {}): Defined => define('prompt', definition, over)

/** Those that must be right. */
export function entriesOf(
  { tools = [], prompts = [] }: { readonly tools?: readonly object[]; readonly prompts?: readonly object[] },
  over: Partial<PromptEntryOptions> = {},
): Entry[] {
  const defined = [...tools.map((each) => defineTool(each, over)), ...prompts.map((each) => definePrompt(each, over))]
  const problems = defined.flatMap((each) => each.problems)
  if (problems.length > 0) throw new Error(problems.join('\n'))
  return defined.flatMap(({ entry }) => entry ?? [])
}
