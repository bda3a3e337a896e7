/**
 * What a command needs in order to run at all: its interpreter, the package that its script belongs to, and what that package depends
 * on. Shown to it read only, without being granted by anybody, and so kept small: never a home, never what lies beside a program.
 *
 *   Command ─ findProgram ─▶ the same with its program and script by absolute paths, and the folders that they need
 *
 * @module
 */

import { existsSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import type { Command } from '../../process/index.ts'
import { isWithin, real } from '../../sandbox/index.ts'
import { withInterpreter } from './installation.ts'
import { findFile, isSystem } from './looking.ts'
import { packageOf } from './package-files.ts'
import { scriptOf } from './script.ts'

export interface Found {
  readonly command: string
  readonly args: readonly string[]
  /** Absolute; what every sandbox shows anyway is not among it. */
  readonly code: readonly string[]
  /** Which of the arguments is its script. */
  readonly script: number | undefined
}

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

/** Without those that lie in another of them. */
const outermost = (folders: readonly string[]): string[] =>
  folders.filter((folder) => !folders.some((other) => other !== folder && isWithin(folder, other)))
