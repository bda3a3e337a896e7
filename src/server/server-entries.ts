/**
 * Everything that a server offers, from its definitions: entries for the catalogue, and every problem of all of them at once, so
 * that nobody has to start a server ten times to learn of ten slips.
 *
 * @module
 */

import type { Features } from '../catalogue/index.ts'
import type { Entry, Log } from '../core/index.ts'
import { type Modules, type ModuleTool, type PromptEntryOptions, promptEntry, toolEntry } from './definitions/index.ts'
import { createResources, type Resources } from './resources/index.ts'
import type { Definitions } from './server-options.ts'

export interface ServerEntriesOptions extends Pick<PromptEntryOptions, 'strict' | 'mayRefer'> {
  readonly server: string
  readonly resultBytes: number
  readonly log: Log
  /** Where modules run. Without: there are none. */
  readonly modules?: Modules | undefined
}

export interface ServerEntries {
  /** Of tools and prompts, and of resources but for the files of folders, which come and go. */
  readonly entries: readonly Entry[]
  readonly resources: Resources
  /** Of tools that run in a sandbox. */
  readonly modules: readonly ModuleTool[]
  readonly features: Features
  readonly problems: readonly string[]
  readonly warnings: readonly string[]
}

export function createServerEntries(definitions: Definitions, options: ServerEntriesOptions): ServerEntries {
  const problems: string[] = []
  const warnings: string[] = []
  const modules: ModuleTool[] = []
  const common = {
    ...options,
    modules: options.modules && noted(options.modules, modules),
    report: (problem: string): void => void problems.push(problem),
    warn: (warning: string): void => void warnings.push(warning),
  }
  const tools = list(definitions, 'tools', common.report)
  const prompts = list(definitions, 'prompts', common.report)
  const resources = createResources(
    { resources: list(definitions, 'resources', common.report), resourceTemplates: list(definitions, 'resourceTemplates', common.report) },
    common,
  )
  const entries = [...tools.map((tool) => toolEntry(tool, common)), ...prompts.map((prompt) => promptEntry(prompt, common))].filter(
    (entry) => entry !== undefined,
  )
  const seen = new Set<string>()
  for (const { kind, name } of entries) {
    if (seen.has(`${kind} ${name}`)) problems.push(`${kind} ${JSON.stringify(name)}: is there twice`)
    seen.add(`${kind} ${name}`)
  }
  return {
    entries: [...entries, ...resources.entries],
    resources,
    modules,
    features: {
      completions: prompts.length > 0 || resources.completes,
      logging: true,
      subscriptions: resources.entries.length > 0,
      tasks: entries.some(({ executor }) => executor.task !== undefined),
    },
    problems,
    warnings,
  }
}

const noted = (modules: Modules, known: ModuleTool[]): Modules => ({
  add(tool) {
    known.push(tool)
    return modules.add(tool)
  },
})

function list(definitions: Definitions, name: keyof Definitions, report: (problem: string) => void): readonly object[] {
  const given: unknown = definitions[name]
  if (given === undefined) return []
  if (Array.isArray(given) && given.length <= MAX_DEFINITIONS) return given as readonly object[]
  report(`MCPServer.${name}: must be a list of at most ${MAX_DEFINITIONS} definitions`)
  return []
}

/** Each is in somebody's list, and each URI is matched against every template. */
const MAX_DEFINITIONS = 10_000
