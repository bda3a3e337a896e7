/**
 * A script with the package that it belongs to, and what that depends on.
 *
 * @module
 */

import { existsSync, readdirSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { isWithin, real } from '../../sandbox/index.ts'
import { isTooBroad } from './broad.ts'
import { read } from './looking.ts'

/** A script with its package and what that depends on; without one, the folder that it lies in. */
export function packageOf(script: string): string[] {
  const files = [...new Set([script, `${script}.js`].filter((file) => existsSync(file)).flatMap((file) => [file, real(file)]))]
  // What was installed from elsewhere depends on nothing of the workspace that it was installed in.
  const isInstalled = /[\\/]node_modules[\\/]/.test(real(script))
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
    return [...folders, ...modules, ...(isInstalled ? [] : modules.flatMap((folder) => linkedFrom(folder, workspaces)))]
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
