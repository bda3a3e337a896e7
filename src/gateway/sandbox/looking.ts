/**
 * What is looked at of a machine's files in order to tell what a program needs: where it is, and how a file begins.
 *
 * Whoever made a package made its files: nothing is read that is no file, and nothing without a bound.
 *
 * @module
 */

import { closeSync, constants, fstatSync, openSync, readSync, statSync } from 'node:fs'
import { basename, delimiter, dirname, isAbsolute, join, resolve } from 'node:path'
import { real } from '../../sandbox/index.ts'

/** Shown to every server: programs and libraries of the system. */
const SYSTEM = /^\/(?:usr|bin|sbin|lib|lib32|lib64|libx32)(?:\/|$)/
export const isSystem = (path: string): boolean => SYSTEM.test(path)

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

export function isFile(path: string): boolean {
  try {
    return statSync(path).isFile()
  } catch {
    return false
  }
}

export const read = (path: string): string => beginning(path, 1024 * 1024)
export const firstLine = (path: string): string => beginning(path, 256).split('\n', 1)[0] ?? ''

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
