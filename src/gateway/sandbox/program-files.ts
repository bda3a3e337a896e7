/**
 * What a command needs in order to run at all: its interpreter, the package that its script belongs to, and what that package depends
 * on. Shown to it read only, without being granted by anybody, and so kept small: never a home, never what lies beside a program.
 *
 *   Command ─ findProgram ─▶ the same with its program and script by absolute paths, and the folders that they need
 *
 * @module
 */

import { closeSync, constants, existsSync, fstatSync, openSync, readdirSync, readlinkSync, readSync, realpathSync, statSync } from 'node:fs'
import { basename, delimiter, dirname, isAbsolute, join, resolve } from 'node:path'
import type { Command } from '../../process/index.ts'
import { isWithin } from '../../sandbox/index.ts'
import { isInHome, isTooBroad } from './broad.ts'
import { scriptOf } from './script.ts'

export interface Found {
  readonly command: string
  readonly args: readonly string[]
  /** Absolute; what every sandbox shows anyway is not among it. */
  readonly code: readonly string[]
  /** Which of the arguments is its script. */
  readonly script: number | undefined
}

/** Shown to every server: programs and libraries of the system. */
const SYSTEM = /^\/(?:usr|bin|sbin|lib|lib32|lib64|libx32)(?:\/|$)/
export const isSystem = (path: string): boolean => SYSTEM.test(path)

/** Whole installations that people have in their homes, with nothing else in them. */
const INSTALLATIONS = new Set([
  '.nvm',
  '.pyenv',
  '.volta',
  '.asdf',
  '.bun',
  '.deno',
  '.fnm',
  '.rbenv',
  '.sdkman',
  'miniconda3',
  'anaconda3',
])

/** Undefined: there is no such program. `path`: where programs are looked for. */
export function findProgram(
  { command, args, cwd, env, code: known }: Command,
  path: string | undefined = process.env['PATH'],
): Found | undefined {
  const file = findFile(command, cwd, env['PATH'] ?? path)
  if (file === undefined) return undefined
  const code = new Set(known ?? [])
  const add = (folders: readonly string[]): void => {
    for (const folder of folders) if (!isSystem(folder)) code.add(folder)
  }
  add(withInterpreter(file, cwd, env['PATH'] ?? path))
  const { at, modules, preloaded } = scriptOf(basename(real(file)), basename(file), args, cwd)
  const absolute = [...args]
  if (at !== undefined) absolute[at] = resolve(cwd, args[at] as string)
  for (const script of [...(at === undefined ? [] : [absolute[at] as string]), ...preloaded]) add(packageOf(script))
  for (const name of modules) add([join(cwd, name), join(cwd, `${name}.py`)].filter((each) => existsSync(each)))
  return { command: file, args: absolute, code: outermost([...code]), script: at }
}

/** In PATH, as the system looks for it; what has a slash is beside `cwd`. Its folder is where that really is, and it may be a link: a venv is known by that. */
export function findFile(command: string, cwd: string, path: string | undefined): string | undefined {
  const candidates = /[\\/]/.test(command)
    ? [resolve(cwd, command)]
    : (path ?? '/usr/local/bin:/usr/bin:/bin')
        .split(delimiter)
        .filter((folder) => isAbsolute(folder))
        .map((folder) => join(folder, command))
  const file = candidates.find((each) => isFile(each))
  return file && join(real(dirname(file)), basename(file))
}

/** The installation of a program, and that of what its first line names. */
function withInterpreter(file: string, cwd: string, path: string | undefined): string[] {
  const folders = installationOf(file)
  const [, program, first] = /^#!\s*(\S+)(?:\s+(?:-S\s+)?(\S+))?/.exec(firstLine(file)) ?? []
  if (program === undefined) return folders
  const named = basename(program) !== 'env' ? program : /[\\/=]/.test(first ?? '/') ? undefined : findFile(first as string, cwd, path)
  return named === undefined ? folders : [...folders, ...installationOf(named)]
}

/** Where a program lies with what belongs to it, by the path that it is started by and by the one that this leads to. */
function installationOf(file: string): string[] {
  if (isSystem(file) && isSystem(real(file))) return []
  const folders = [...new Set([file, ...linksOf(file)])].filter((each) => !isSystem(each)).flatMap((each) => around(each))
  return folders
}

function around(file: string, isBase = false): string[] {
  const folder = dirname(file)
  if (/[\\/]node_modules[\\/]/.test(file) && basename(folder) !== 'bin') return packageOf(file)
  const isBin = /^(?:s?bin|shims|Scripts)$/.test(basename(folder))
  const whole = isBin ? dirname(folder) : folder
  const below = isBase ? [] : baseOf(whole)
  if (isTooBroad(whole)) return [file, ...below]
  if (isInHome(whole) && !INSTALLATIONS.has(basename(whole))) return [file, join(whole, 'lib'), ...below].filter((each) => existsSync(each))
  return [whole, ...below]
}

/** PEP 405: a venv names the installation that it stands on. Whoever made it may name anything: shown is only what a Python lies in. */
function baseOf(venv: string): string[] {
  const [, base] = /^home\s*=\s*(.+?)\s*$/m.exec(read(join(venv, 'pyvenv.cfg'))) ?? []
  if (base === undefined || !isAbsolute(base) || isSystem(base)) return []
  const python = ['python3', 'python'].map((name) => join(base, name)).find((file) => isFile(file))
  return python === undefined ? [] : around(python, true)
}

/** A script with its package and what that depends on; without one, the folder that it lies in. */
export function packageOf(script: string): string[] {
  const files = [...new Set([script, `${script}.js`].filter((file) => existsSync(file)).flatMap((file) => [file, real(file)]))]
  return files.flatMap((file) => {
    const own = statSync(file).isDirectory() ? file : dirname(file)
    // What is in `node_modules` is never part of the project around it: `.bin` has a link to each program, and no description.
    const root = upwards(own).find((folder) => isPackage(folder) || basename(folder) === 'node_modules') ?? own
    const folders = [isTooBroad(root) ? (isTooBroad(own) ? file : own) : root]
    const modules = upwards(own)
      .filter((folder) => !isTooBroad(folder))
      .map((folder) => (basename(folder) === 'node_modules' ? folder : join(folder, 'node_modules')))
      // A package may come with a link of that name to anywhere.
      .filter((folder) => basename(real(folder)) === 'node_modules' && existsSync(folder))
    const workspaces = modules.map((folder) => dirname(folder))
    return [...folders, ...modules, ...modules.flatMap((folder) => linkedFrom(folder, workspaces))]
  })
}

/** A folder with a manifest that names something: `{"type":"module"}` in `dist/` is none. */
function isPackage(folder: string): boolean {
  if (existsSync(join(folder, 'pyproject.toml')) || existsSync(join(folder, 'setup.py'))) return true
  return /"name"\s*:/.test(read(join(folder, 'package.json')))
}

/**
 * Packages of the same workspace lie elsewhere in it, and `node_modules` leads to them. A link out of all of them is no grant: who made
 * the package may have made it, to a folder of keys.
 */
function linkedFrom(modules: string, workspaces: readonly string[]): string[] {
  const entries = readdirSync(modules, { withFileTypes: true })
  const scoped = entries
    .filter((entry) => entry.isDirectory() && entry.name.startsWith('@'))
    .flatMap((entry) => readdirSync(join(modules, entry.name), { withFileTypes: true }))
  return [...entries, ...scoped]
    .filter((entry) => entry.isSymbolicLink())
    .map((entry) => real(join(entry.parentPath, entry.name)))
    .filter((folder) => !isWithin(folder, modules) && workspaces.some((workspace) => isWithin(folder, workspace)))
    .filter((folder) => !isTooBroad(folder) && isPackage(folder))
}

const upwards = (folder: string): string[] => {
  const folders = [folder]
  for (let at = folder; dirname(at) !== at; at = dirname(at)) folders.push(dirname(at))
  return folders
}

/** Every path that a link leads through. */
function linksOf(file: string): string[] {
  const passed: string[] = []
  for (let at = file; passed.length < 16; ) {
    let next: string
    try {
      next = resolve(dirname(at), readlinkSync(at))
    } catch {
      break
    }
    passed.push((at = next))
  }
  return [...passed, real(file)]
}

/** Without those that lie in another of them. */
const outermost = (folders: readonly string[]): string[] =>
  folders.filter((folder) => !folders.some((other) => other !== folder && isWithin(folder, other)))

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile()
  } catch {
    return false
  }
}

export function real(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}

const read = (path: string): string => beginning(path, 1024 * 1024)
const firstLine = (path: string): string => beginning(path, 256).split('\n', 1)[0] ?? ''

/** A package may be made of anything: of a pipe nobody would ever write to, or a link to a device without an end, nothing is read. */
function beginning(path: string, bytes: number): string {
  let file: number | undefined
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    if (!fstatSync(file).isFile()) return ''
    const head = Buffer.alloc(Math.min(bytes, fstatSync(file).size))
    return head.toString('utf8', 0, readSync(file, head, 0, head.length, 0))
  } catch {
    return ''
  } finally {
    if (file !== undefined) closeSync(file)
  }
}
