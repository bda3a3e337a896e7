/**
 * The program of an installed package: the file that its `bin` names, and what starts it. Also of one that the project itself has
 * installed, which `npx NAME` means before any other.
 *
 * @module
 */

import { closeSync, existsSync, openSync, readFileSync, readSync, realpathSync, statSync } from 'node:fs'
import { dirname, join, resolve, sep } from 'node:path'
import { requireOurs } from '../../vault/index.ts'

export interface ProgramStart {
  readonly command: string
  /** In front of what it is given. */
  readonly args: readonly string[]
}

const MAX_MANIFEST = 1024 * 1024

/** `root`: the folder whose `node_modules` it is in. Undefined: it has no such program. */
export function findProgram(root: string, name: string, wanted?: string): ProgramStart | undefined {
  const folder = join(root, 'node_modules', name)
  const manifest = readManifest(join(folder, 'package.json'))
  const file = manifest && binOf(manifest['bin'], name, wanted)
  if (file === undefined) return undefined
  try {
    const real = realpathSync(resolve(folder, file))
    // Its `bin` is its author's word.
    return real.startsWith(realpathSync(folder) + sep) ? startOf(real) : undefined
  } catch {
    return undefined
  }
}

export interface LocalProgram extends ProgramStart {
  /** Where it is installed. */
  readonly project: string
}

/**
 * As npx looks for it: in the nearest folder upwards that is a project, a program of that name, then a package. Nothing pins it.
 *
 * @throws {ConfigError} where it is somebody else's, who may have put it in the way.
 */
export function findLocal(cwd: string, name: string): LocalProgram | undefined {
  let project = resolve(cwd)
  for (; !['package.json', 'node_modules'].some((each) => existsSync(join(project, each))); project = dirname(project))
    if (project === dirname(project)) return undefined
  const link = join(project, 'node_modules', '.bin', name)
  const isLink = process.platform !== 'win32' && !name.includes('/') && existsSync(link)
  const found = isLink ? startOf(realpathSync(link)) : findProgram(project, name)
  if (!found) return undefined
  const hint = `${name} would be run from there: name a version of it, or its file.`
  const file = found.args.at(-1) ?? found.command
  for (const path of [join(project, 'node_modules'), dirname(file), file]) requireOurs(path, hint)
  return { ...found, project }
}

/** npx's rule: the only one, or the one that is called as the package is. */
function binOf(bin: unknown, name: string, wanted: string | undefined): string | undefined {
  const own = name.replace(/^@[^/]+\//, '')
  if (typeof bin === 'string') return wanted === undefined || wanted === own ? bin : undefined
  if (typeof bin !== 'object' || bin === null) return undefined
  const all = Object.entries(bin).filter((pair): pair is [string, string] => typeof pair[1] === 'string')
  if (wanted !== undefined) return all.find(([called]) => called === wanted)?.[1]
  const files = new Set(all.map(([, file]) => file))
  return files.size === 1 ? all[0]?.[1] : all.find(([called]) => called === own)?.[1]
}

function readManifest(file: string): Record<string, unknown> | undefined {
  try {
    if (statSync(file).size > MAX_MANIFEST) return undefined
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'))
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

/** What is JavaScript runs in the Node that we are, with the options of its first line; anything else says itself how it starts. */
function startOf(file: string): ProgramStart {
  const [, options] = /^#!.*[/ ]node(?: +(.*))?$/.exec(firstLine(file)) ?? []
  if (options !== undefined) return { command: process.execPath, args: [...options.split(' ').filter(Boolean), file] }
  if (/\.[cm]?js$/.test(file) || /^#!.*[/ ]node *$/.test(firstLine(file))) return { command: process.execPath, args: [file] }
  return { command: file, args: [] }
}

function firstLine(file: string): string {
  const head = Buffer.alloc(256)
  const opened = openSync(file, 'r')
  try {
    const read = readSync(opened, head)
    return (head.subarray(0, read).toString('latin1').split('\n', 1)[0] as string).trimEnd()
  } finally {
    closeSync(opened)
  }
}
