/**
 * A program of ours that runs in Node, as what a pool starts: Node's own permissions say once more what was granted, so that what
 * was not is refused with a reason, and its heap ends before its memory does.
 *
 * @module
 */

import { ConfigError } from '../../core/index.ts'
import type { Depth, Program } from '../confine/confinement.ts'
import type { Grants } from '../grants/grants.ts'
import { insideFiles, insideProgram } from '../inside-file.ts'

export interface NodeProgram {
  /** `runner` for `inside/runner.ts`. */
  readonly inside: string
  readonly args: readonly string[]
  readonly grants: Grants
  /** What it needs to read, beside what is inside and Node itself. */
  readonly code: readonly string[]
  readonly hidden?: readonly string[] | undefined
  readonly cwd: string
}

/** What is written where nothing was granted: its own, in memory. */
const SCRATCH = '/tmp'
/** What Node needs beside its heap. */
const BESIDE_HEAP_MB = 64
const LEAST_HEAP_MB = 32

/** @throws {ConfigError} where Node's permissions cannot say what is granted. */
export function toNodeProgram({ inside, args, grants, code, hidden, cwd }: NodeProgram, depth: Depth): Program {
  const visible = [...insideFiles(), ...code]
  const heapMb = Math.max(LEAST_HEAP_MB, grants.limits.memoryMb - BESIDE_HEAP_MB)
  // Another depth is made of these permissions, and says them itself.
  const permissions = depth === 'bubblewrap' ? toPermissions(grants, visible) : []
  return {
    command: process.execPath,
    args: [...permissions, `--max-old-space-size=${heapMb}`, '--disable-sigusr1', insideProgram(inside), ...args],
    cwd,
    env: toEnv(grants.env),
    grants,
    code: [...visible, process.execPath],
    hidden,
    forks: grants.run.length > 0,
    node: true,
  }
}

function toPermissions({ read, write, run }: Grants, code: readonly string[]): string[] {
  const writable = [...write, SCRATCH]
  const readable = [...new Set([...code, ...read, ...writable])]
  // To Node it is a pattern, and would grant more than what is there.
  const pattern = readable.find((path) => path.includes('*'))
  if (pattern !== undefined) throw new ConfigError([`sandbox: a path with a "*" cannot be granted: ${pattern}`])
  return [
    '--permission',
    ...readable.map((path) => `--allow-fs-read=${path}`),
    ...writable.map((path) => `--allow-fs-write=${path}`),
    ...(run.length > 0 ? ['--allow-child-process'] : []),
  ]
}

function toEnv(names: readonly string[]): Record<string, string> {
  const env: Record<string, string> = {}
  for (const name of names) {
    const value = process.env[name]
    if (value !== undefined) env[name] = value
  }
  return env
}
