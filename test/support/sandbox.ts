// What servers of tests are granted where a guard starts them: it does so in a sandbox, in which a test's folder is not there.

import { chmodSync, chownSync, globSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'

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
  open(grants)
  return { ...grants, dangerouslyOptional: true }
}

/** The same as flags, before `--`. */
export function grantedFlags(grants: Granted): string[] {
  open(grants)
  return Object.entries(grants).flatMap(([key, values]) => (values as readonly string[]).flatMap((value) => [`--allow-${key}`, value]))
}

/** The processes of a server, as the machine counts them and not as it does itself: those that have `word` among their arguments. */
export function processesOf(word: string): number[] {
  return readdirSync('/proc').flatMap((pid) => {
    const [program = '', ...args] = /^\d+$/.test(pid) ? argumentsOf(pid) : []
    return args.includes(word) && !/^(?:bwrap|setpriv|prlimit)$/.test(basename(program)) ? [Number(pid)] : []
  })
}

function argumentsOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
  } catch {
    return []
  }
}

function open({ read = [], write = [] }: Granted): void {
  for (const folder of write) giveAway(folder)
  // What a test's folder holds is nobody else's business, and a server that root starts is somebody else.
  for (const path of read) if (statSync(path).isDirectory()) chmodSync(path, 0o755)
}

const NOBODY = 65_534

/** A server that root starts is not root, and cannot write what is root's. We can, whosever it is. */
export function giveAway(folder: string): void {
  if (process.getuid?.() !== 0) return
  for (const path of ['', ...globSync('**', { cwd: folder })].map((name) => join(folder, name)))
    if (statSync(path).uid === 0) chownSync(path, NOBODY, NOBODY)
}
