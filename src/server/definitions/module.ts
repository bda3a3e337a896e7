/**
 * A tool whose `execute` is a module: what is read of its definition, and what of its folder is visible where it runs.
 *
 *   execute: new URL('./convert.ts', import.meta.url), sandbox: { … } ─ readModule ─▶ ModuleTool
 *
 * Fails closed: what is no module of this machine, or asks for what cannot be granted, is a problem.
 *
 * @module
 */

import { existsSync, realpathSync, statSync } from 'node:fs'
import { dirname, extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describeProblems } from '../../core/index.ts'
import { type Grants, isWithin, type SandboxOptions, sandboxSchema, showDestination, toGrants, toolLimits } from '../../sandbox/index.ts'
import { moduleFiles } from './module-files.ts'
import type { Report } from './unknown-keys.ts'

export interface ModuleTool {
  readonly name: string
  /** The module, links followed. */
  readonly file: string
  readonly grants: Grants
}

const extensions = new Set(['.js', '.mjs', '.cjs', '.ts', '.mts', '.cts'])

/** `execute` and `sandbox` of a definition whose `execute` is a URL. Undefined: there were problems, and they were reported. */
export function readModule(name: string, execute: URL, sandbox: unknown, report: Report): ModuleTool | undefined {
  const file = fileOf(execute, report)
  const judged = typeof sandbox === 'object' && sandbox !== null ? judgedGrants.get(sandbox) : undefined
  const options = sandbox === undefined ? {} : readSandbox(sandbox, report)
  if (file === undefined || options === undefined) return undefined
  const grants = judged ?? toGrants(options, dirname(file), toolLimits)
  // Nobody means to grant nothing.
  for (const kind of ['read', 'write'] as const)
    for (const path of grants[kind]) if (!existsSync(path)) report(`sandbox.${kind}: ${path} is not there`)
  for (const secret of movable(grants, file))
    report(
      `sandbox.write: ${secret} stays hidden from it, and is in a folder that it could move: grant another folder, or keep that elsewhere`,
    )
  return { name, file, grants }
}

/** What is hidden is so by its name. Where the folder around it may be moved, the next child would see it by another. */
const movable = ({ write }: Grants, file: string): readonly string[] =>
  write.length === 0
    ? []
    : moduleFiles(file).hidden.filter(
        (secret) => existsSync(secret) && write.some((path) => dirname(secret) !== path && isWithin(dirname(secret), path)),
      )

const judgedGrants = new WeakMap<object, Grants>()

/** As `sandbox` of a definition: grants that were read and judged. No link of theirs is followed anew, wherever it leads by then. */
export function withGrants(grants: Grants): SandboxOptions {
  const { net, limits, ...named } = grants
  const options = Object.freeze({ ...named, net: net.map(showDestination), ...limits })
  judgedGrants.set(options, grants)
  return options
}

function fileOf(execute: URL, report: Report): string | undefined {
  if (execute.protocol !== 'file:' || execute.search !== '' || execute.hash !== '') {
    report('execute: must be a function, or the URL of a file: new URL("./convert.ts", import.meta.url)')
    return undefined
  }
  try {
    const file = realpathSync(fileURLToPath(execute))
    if (extensions.has(extname(file)) && statSync(file).isFile()) return file
    report('execute: must be a JavaScript or TypeScript module')
  } catch {
    report(`execute: ${execute.pathname} is not there`)
  }
  return undefined
}

/** Undefined: there were problems, and they were reported. */
export function readSandbox(sandbox: unknown, report: Report): SandboxOptions | undefined {
  const { data, error } = sandboxSchema.safeParse(sandbox)
  if (!data) {
    for (const { path, text } of describeProblems(error.issues, sandboxSchema)) report(`${['sandbox', ...path].join('.')}: ${text}`)
    return undefined
  }
  // They change what runs, and with which rights, before its first line.
  const loud = data.env?.find((variable) => /^(?:NODE_|LD_|DYLD_)/i.test(variable))
  if (loud === undefined) return data
  report(`sandbox.env: ${loud.slice(0, 64)} decides what is run, and is never handed on`)
  return undefined
}
