/**
 * What a program was installed with: the folder around it, and that of the interpreter which its first line names.
 *
 * @module
 */

import { existsSync, readlinkSync } from 'node:fs'
import { basename, dirname, isAbsolute, join, resolve } from 'node:path'
import { real } from '../../sandbox/index.ts'
import { isInHome, isTooBroad } from './broad.ts'
import { findFile, firstLine, isFile, isSystem, read } from './looking.ts'
import { packageOf } from './package-files.ts'

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

/** The installation of a program, and that of what its first line names. */
export function withInterpreter(file: string, cwd: string, path: string | undefined): string[] {
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
