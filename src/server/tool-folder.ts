/**
 * A folder of tools: each module in it exports `definition`, plain data, and its function as its default. What a module says of itself
 * is asked of it in a sandbox without any grant: nothing of it ever runs in this process. It asks for grants; whoever loads the folder
 * says which there are to be had.
 *
 *   tools/convert.ts ─ asked in a sandbox ─▶ definition (JSON) ─ within `atMost`? ─▶ { …definition, name, execute: its URL, sandbox }
 *
 * Fails closed: a module that cannot be asked, says what is no definition, or asks for more is an error, and none of the folder is
 * offered.
 *
 * @module
 */

import { readdirSync } from 'node:fs'
import { basename, dirname, extname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { z } from 'zod'
import { ConfigError, checkOptions, type JsonObject, type Log, silentLog } from '../core/index.ts'
import { isObject } from '../protocol/index.ts'
import {
  type Children,
  createChildren,
  openConfinement,
  type SandboxOptions,
  sandboxSchema,
  toGrants,
  toNodeProgram,
  toolLimits,
} from '../sandbox/index.ts'
import { toVisibleLine } from '../trust/index.ts'
import { moduleFiles, type ToolDefinition } from './definitions/index.ts'
import { createFolderGrants } from './folder-grants.ts'
import { createModuleTypes } from './module-types.ts'

export interface ToolFolderOptions {
  /**
   * The most that any module here may ask for. Its paths are relative to the folder; a limit that is not named is the default. Without
   * it no module is granted anything.
   */
  readonly atMost?: SandboxOptions | undefined
  /** Is told what happens while modules are asked; nobody is unless told. */
  readonly log?: Log | undefined
}

/** What a module has answered. */
interface Asked {
  readonly file: string
  /** For people. */
  readonly shown: string
  readonly definition: JsonObject & { readonly name: string }
}

const optionsSchema: z.ZodType<ToolFolderOptions> = z.strictObject({
  atMost: sandboxSchema.optional(),
  log: z.custom<Log>((given) => typeof given === 'function', 'must be a function').optional(),
})

const MODULE = /^[^._].*\.(?:js|mjs|cjs|ts|mts|cts)$/
const NOT_A_TOOL = /(?:\.d\.[cm]?ts|[.-](?:test|spec)\.[cm]?[jt]s)$/
const MAX_MODULES = 1_000
/** A definition with its schemas. */
const limits = { ...toolLimits, timeoutMs: 30_000, maxOutputBytes: 512 * 1024 }

/**
 * The tools of a folder, by the name of their file unless they say another; files that begin with `_` or `.`, and tests, are none.
 *
 * @throws {ConfigError} naming every module that is no tool or asks for more than `atMost`, and what would allow that.
 */
export async function toolsFrom(folder: URL, options: ToolFolderOptions = {}): Promise<ToolDefinition[]> {
  const { atMost = {}, log = silentLog } = checkOptions('toolsFrom', optionsSchema, options)
  const path = fileURLToPath(folder)
  const files = modulesIn(path)
  const confinement = await openConfinement({ log })
  const children = createChildren({ confinement, log, spares: 0 })
  const types = createModuleTypes({ confinement, log })
  try {
    const asked = await Promise.all(
      files.map(async (name) => {
        const file = join(path, name)
        return ask(file, await types.greeting(file), children, confinement.depth)
      }),
    )
    return granted(asked, path, atMost)
  } finally {
    await Promise.all([types.close(), children.close()])
  }
}

function modulesIn(path: string): string[] {
  let names: string[]
  try {
    names = readdirSync(path).sort()
  } catch {
    throw new ConfigError([`toolsFrom: there is no folder ${basename(path)}/`])
  }
  const modules = names.filter((name) => MODULE.test(name) && !NOT_A_TOOL.test(name))
  if (modules.length > MAX_MODULES) throw new ConfigError([`toolsFrom: more than ${MAX_MODULES} modules in ${basename(path)}/`])
  return modules
}

/** @throws {ConfigError} */
function granted(asked: readonly (Asked | string)[], path: string, atMost: SandboxOptions): ToolDefinition[] {
  const grants = createFolderGrants(path, atMost)
  const problems: string[] = []
  const tools: ToolDefinition[] = []
  for (const told of asked) {
    if (typeof told === 'string') {
      problems.push(told)
      continue
    }
    const { file, shown, definition } = told
    const sandbox = grants.grant(file, definition['sandbox'], (problem) => problems.push(`${shown}: ${problem}`))
    if (sandbox) tools.push({ ...definition, execute: pathToFileURL(file), sandbox })
  }
  if (grants.remedy !== undefined)
    problems.push(`to allow all that the modules of ${basename(path)}/ ask for: toolsFrom(folder, { atMost: ${grants.remedy} })`)
  if (problems.length > 0) throw new ConfigError(problems)
  return tools
}

/** Its definition, or what is wrong with it. */
async function ask(
  file: string,
  greeting: string | undefined,
  children: Children,
  depth: Parameters<typeof toNodeProgram>[1],
): Promise<Asked | string> {
  const shown = `${basename(dirname(file))}/${basename(file)}`
  const execute = pathToFileURL(file)
  const { code, hidden } = moduleFiles(file)
  const grants = toGrants({}, dirname(file), limits)
  const args = [execute.href, ...(greeting === undefined ? [] : ['stripped'])]
  const program = toNodeProgram({ inside: 'runner', args, grants, code, hidden, cwd: dirname(file) }, depth)
  const end = await children
    .pool({ name: shown, program, greeting })
    .run({ owner: 'definitions', message: { tell: 'definition' }, onAbort: () => {} })
  // Its own words: nothing in them may look like something else.
  if (end.kind === 'failed') return `${shown}: ${toVisibleLine(end.error.message)}`
  if (end.kind !== 'done') return `${shown}: could not be asked for its definition${end.kind === 'stopped' ? ` (${end.why})` : ''}`
  const definition = isObject(end.value) ? end.value['definition'] : undefined
  if (!isObject(definition)) return `${shown}: must export an object as \`definition\``
  return { file, shown, definition: { name: basename(file, extname(file)), ...definition } }
}
