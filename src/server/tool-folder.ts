/**
 * A folder of tools: each module in it exports `definition`, plain data, and its function as its default. What a module says of itself
 * is asked of it in a sandbox without any grant: nothing of it ever runs in this process.
 *
 *   tools/convert.ts ─ asked in a sandbox ─▶ definition (JSON) ─▶ { …definition, name, execute: its URL }
 *
 * Fails closed: a module that cannot be asked, or says what is no definition, is an error, and none of the folder is offered.
 *
 * @module
 */

import { readdirSync } from 'node:fs'
import { basename, dirname, extname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { ConfigError, type Log, silentLog } from '../core/index.ts'
import { isObject } from '../protocol/index.ts'
import { type Children, createChildren, openConfinement, toGrants, toNodeProgram, toolLimits } from '../sandbox/index.ts'
import { moduleFiles, type ToolDefinition } from './definitions/index.ts'

export interface ToolFolderOptions {
  /** Is told what happens while modules are asked; nobody is unless told. */
  readonly log?: Log | undefined
}

const MODULE = /^[^._].*\.(?:js|mjs|cjs|ts|mts|cts)$/
const NOT_A_TOOL = /(?:\.d\.[cm]?ts|[.-](?:test|spec)\.[cm]?[jt]s)$/
const MAX_MODULES = 1_000
/** A definition with its schemas. */
const limits = { ...toolLimits, timeoutMs: 30_000, maxOutputBytes: 512 * 1024 }

/**
 * The tools of a folder, by the name of their file unless they say another; files that begin with `_` or `.`, and tests, are none.
 *
 * @throws {ConfigError} naming every module that is no tool.
 */
export async function toolsFrom(folder: URL, { log = silentLog }: ToolFolderOptions = {}): Promise<ToolDefinition[]> {
  const path = fileURLToPath(folder)
  const files = modulesIn(path)
  const confinement = await openConfinement({ log })
  const children = createChildren({ confinement, log, spares: 0 })
  try {
    const asked = await Promise.all(files.map((file) => ask(join(path, file), children, confinement.depth)))
    const problems = asked.filter((told) => typeof told === 'string')
    if (problems.length > 0) throw new ConfigError(problems)
    return asked as ToolDefinition[]
  } finally {
    await children.close()
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

/** Its definition, or what is wrong with it. */
async function ask(file: string, children: Children, depth: Parameters<typeof toNodeProgram>[1]): Promise<ToolDefinition | string> {
  const shown = `${basename(dirname(file))}/${basename(file)}`
  const execute = pathToFileURL(file)
  const { code, hidden } = moduleFiles(file)
  const grants = toGrants({}, dirname(file), limits)
  const program = toNodeProgram({ inside: 'runner', args: [execute.href], grants, code, hidden, cwd: dirname(file) }, depth)
  const end = await children
    .pool({ name: shown, program })
    .run({ owner: 'definitions', message: { tell: 'definition' }, onAbort: () => {} })
  if (end.kind === 'failed') return `${shown}: ${end.error.message}`
  if (end.kind !== 'done') return `${shown}: could not be asked for its definition${end.kind === 'stopped' ? ` (${end.why})` : ''}`
  const definition = isObject(end.value) ? end.value['definition'] : undefined
  if (!isObject(definition)) return `${shown}: must export an object as \`definition\``
  return { name: basename(file, extname(file)), ...definition, execute } as ToolDefinition
}
