/** Where a program is that was named as in a command line. @module */

import { accessSync, constants, realpathSync, statSync } from 'node:fs'
import { isAbsolute, join, resolve } from 'node:path'
import { ConfigError } from '../../core/index.ts'

/** Where systems keep programs: for whoever has no PATH, and for our own tools, which no PATH of somebody else's may choose. */
export const SYSTEM_PATH = '/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin:/run/current-system/sw/bin'

export interface Located {
  /** As it was found, maybe by a link. */
  readonly path: string
  readonly real: string
}

export function locate(name: string, searched: string, cwd: string): Located | undefined {
  const candidates = name.includes('/')
    ? [resolve(cwd, name)]
    : searched.split(':').flatMap((folder) => (isAbsolute(folder) ? join(folder, name) : []))
  for (const path of candidates) {
    try {
      accessSync(path, constants.X_OK)
      if (statSync(path).isFile()) return { path, real: realpathSync(path) }
    } catch {
      // Not here.
    }
  }
  return undefined
}

/** @throws {ConfigError} */
export function requireProgram(name: string, searched: string, cwd: string): Located {
  const found = locate(name, searched, cwd)
  if (found === undefined) throw new ConfigError([`sandbox: there is no program ${name}: looked in ${name.includes('/') ? cwd : 'PATH'}`])
  return found
}
