/**
 * What each tool of a server in code could reach. Starts nothing.
 *
 * @module
 */

import { ConfigError, type Entry } from '../core/index.ts'
import {
  type Confinement,
  type Explanation,
  explainConfined,
  explainInProcess,
  explanationText,
  openConfinement,
} from '../sandbox/index.ts'
import { type ModuleTool, moduleFiles } from './definitions/index.ts'
import type { ModuleOptions } from './module-options.ts'

export interface ToolExplanation extends Explanation {
  /** All of it, for people. */
  readonly text: string
}

export interface Explainable {
  readonly entries: readonly Entry[]
  readonly modules: readonly ModuleTool[]
  readonly deadlineSeconds: number
  readonly depth: ModuleOptions['depth']
}

/** `wanted`: this tool alone. @throws {ConfigError} where there is no such tool, or not the depth that was demanded. */
export async function explainTools(
  { entries, modules, deadlineSeconds, depth }: Explainable,
  wanted: string | undefined,
): Promise<ToolExplanation[]> {
  const tools = entries.filter(({ kind, name }) => kind === 'tool' && (wanted === undefined || name === wanted))
  if (wanted !== undefined && tools.length === 0) throw new ConfigError([`MCPServer.explain: there is no tool ${JSON.stringify(wanted)}`])
  const byName = new Map(modules.map((module) => [module.name, module]))
  // Nothing is looked for where nothing needs it.
  const confinement = tools.some(({ name }) => byName.has(name)) ? await openConfinement({ prefer: depth }) : undefined
  return tools.map(({ name, limits }) => {
    const seconds = limits?.deadlineSeconds ?? deadlineSeconds
    const module = byName.get(name)
    const explanation = module && confinement ? explainModule(module, seconds, confinement) : explainInProcess(name, seconds)
    return { ...explanation, text: explanationText(explanation) }
  })
}

function explainModule({ name, file, grants }: ModuleTool, seconds: number, { depth, missing }: Confinement): Explanation {
  const { code, hidden } = moduleFiles(file)
  const env = Object.fromEntries(grants.env.map((variable) => [variable, '']))
  const limits = { ...grants.limits, timeoutMs: Math.min(grants.limits.timeoutMs, seconds * 1000) }
  const explanation = explainConfined(
    { name, program: { grants, code, home: undefined, env, forks: grants.run.length > 0, node: true }, limits },
    depth,
    missing,
  )
  const notes = hidden.length === 0 ? [] : [`Beside its code it does not see ${hidden.join(', ')}.`]
  return { ...explanation, notes: [...explanation.notes, ...notes] }
}
