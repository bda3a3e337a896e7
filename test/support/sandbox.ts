// What servers of tests are granted where a guard starts them: it does so in a sandbox, in which a test's folder is not there.

import { chownSync, globSync, statSync } from 'node:fs'
import { join } from 'node:path'

export interface Granted {
  readonly read?: readonly string[]
  readonly write?: readonly string[]
  readonly net?: readonly string[]
  readonly env?: readonly string[]
}

/**
 * The block `sandbox` of a server. A test that is not about the sandbox also runs where none can be made.
 *
 * Whatever has to be in the folders has to be there by now: see `giveAway`.
 */
export function granted(grants: Granted): object {
  for (const folder of grants.write ?? []) giveAway(folder)
  return { ...grants, dangerouslyOptional: true }
}

/** The same as flags, before `--`. */
export function grantedFlags(grants: Granted): string[] {
  for (const folder of grants.write ?? []) giveAway(folder)
  return Object.entries(grants).flatMap(([key, values]) => (values as readonly string[]).flatMap((value) => [`--allow-${key}`, value]))
}

const NOBODY = 65_534

/** A server that root starts is not root, and cannot write what is root's. We can, whosever it is. */
export function giveAway(folder: string): void {
  if (process.getuid?.() !== 0) return
  for (const path of ['', ...globSync('**', { cwd: folder })].map((name) => join(folder, name)))
    if (statSync(path).uid === 0) chownSync(path, NOBODY, NOBODY)
}
