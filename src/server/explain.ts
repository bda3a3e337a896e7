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
  toGrants,
  toolLimits,
} from '../sandbox/index.ts'
import { type CodeSettings, callableBy } from './code/index.ts'
import { type ModuleTool, moduleFiles } from './definitions/index.ts'
import type { ModuleOptions } from './module-options.ts'

export interface ToolExplanation extends Explanation {
  /** Of the tool that runs code of callers: the tools that such code can call. */
  readonly calls?: readonly string[] | undefined
  /** All of it, for people. */
  readonly text: string
}

export interface Explainable {
  readonly entries: readonly Entry[]
  readonly modules: readonly ModuleTool[]
  /** What runs code that callers send; undefined: nothing does. */
  readonly code: CodeSettings | undefined
  readonly deadlineSeconds: number
  readonly depth: ModuleOptions['depth']
}

/** `wanted`: this tool alone. @throws {ConfigError} where there is no such tool, or not the depth that was demanded. */
export async function explainTools(
  { entries, modules, code, deadlineSeconds, depth }: Explainable,
  wanted: string | undefined,
): Promise<ToolExplanation[]> {
  const tools = entries.filter(({ kind, name }) => kind === 'tool' && (wanted === undefined || name === wanted))
  const runsCode = code !== undefined && (wanted === undefined || wanted === code.name) ? code : undefined
  if (wanted !== undefined && tools.length === 0 && !runsCode)
    throw new ConfigError([`MCPServer.explain: there is no tool ${JSON.stringify(wanted)}`])
  const byName = new Map(modules.map((module) => [module.name, module]))
  // Nothing is looked for where nothing needs it.
  const needsOne = runsCode !== undefined || tools.some(({ name }) => byName.has(name))
  const confinement = needsOne ? await openConfinement({ prefer: depth }) : undefined
  const ofTools = tools.map(({ name, limits }) => {
    const seconds = limits?.deadlineSeconds ?? deadlineSeconds
    const module = byName.get(name)
    return module && confinement ? explainModule(module, seconds, confinement) : explainInProcess(name, seconds)
  })
  const all: Omit<ToolExplanation, 'text'>[] = runsCode && confinement ? [...ofTools, explainCode(runsCode, confinement, entries)] : ofTools
  return all.map((explanation) => ({ ...explanation, text: explanationText(explanation) }))
}

/** `entries`: what there is to call; undefined: that is for guarded servers to say, and none is started to be asked. */
export function explainCode(
  { name, tools, limits }: CodeSettings,
  { depth, missing }: Confinement,
  entries?: readonly Entry[],
): Omit<ToolExplanation, 'text'> {
  const { timeoutMs, memoryMb, runSeconds: cpuSeconds, resultBytes: maxOutputBytes } = limits
  const grants = toGrants({}, '/', toolLimits)
  const bounds = { timeoutMs, memoryMb, cpuSeconds, maxOutputBytes }
  const explanation = explainConfined(
    { name, program: { grants, code: [], home: undefined, env: {}, forks: false, node: true }, limits: bounds },
    depth,
    missing,
  )
  const isCallable = callableBy(tools)
  const calls = entries?.filter((entry) => entry.kind === 'tool' && isCallable(entry)).map((entry) => entry.name)
  const named = tools.join(', ')
  const found = calls?.join(', ') ?? named
  const which =
    tools.length === 0
      ? 'It can call no tools.'
      : `It can call ${named}${found === named ? '' : `, which comes to ${found || 'nothing'}`}, as its caller may: ${limits.maxCalls} calls at most, each through the whole pipeline.`
  const inside = 'What callers send runs in an interpreter of its own inside that: no files, no network, no timers, no modules.'
  return { ...explanation, notes: [inside, which, ...explanation.notes], ...(calls && { calls }) }
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
