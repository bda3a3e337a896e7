/**
 * Linux without bubblewrap, and macOS without a runtime for sandboxes: Node holds itself to its grants, and the limits of a process
 * are the kernel's. For programs in Node alone, and for honest mistakes more than for attacks: `missing` says what it does not do.
 *
 * Fails closed: what is not Node, or wants what cannot be granted here, throws.
 *
 * @module
 */

import type { Confined, Confinement, Program } from '../confine/confinement.ts'
import { weAreRoot } from '../confine/identity.ts'
import { limitArguments } from '../confine/limits.ts'
import { locate, SYSTEM_PATH } from '../confine/programs.ts'
import { type Folders, placeOf, withFolders } from './folders.ts'
import { nodeArguments, toNodeFlags } from './node-flags.ts'
import { watched } from './watched.ts'

export interface NodePermissionOptions {
  /** Why it is not deeper: the first of what is missing. */
  readonly why: string
}

export function createNodePermission({ why }: NodePermissionOptions): Confinement {
  const [prlimit, setpriv] = ['prlimit', 'setpriv'].map((name) => locate(name, SYSTEM_PATH, '/')?.real)
  return { depth: 'node-permission', missing: missing(why, prlimit !== undefined), confine }

  function confine(program: Program): Confined {
    return withFolders(program, (folders, home) => confined(program, folders, home))
  }

  function confined(program: Program, folders: Folders, home: string): Confined {
    const { grants } = program
    const node = [process.execPath, ...toNodeFlags(program, folders.scratch), ...(nodeArguments(program) ?? [])]
    // Processes are counted by user, and this one has others; it can start none.
    const bounds = limitArguments(grants.limits, { othersProcesses: 0, cpuForEver: program.node !== true }).filter(
      (limit) => !limit.startsWith('--nproc='),
    )
    const limited = prlimit === undefined ? [] : [prlimit, ...bounds, '--']
    // However we end, it ends with us: also one that loops, and so never sees that its stdin has closed.
    const withUs = ['--pdeathsig', 'KILL']
    // Root is not bound by permissions of files; without capabilities it is.
    const dropped = setpriv === undefined ? [] : [setpriv, ...withUs, '--no-new-privs', ...(weAreRoot() ? NO_CAPABILITIES : []), '--']
    const [command = '', ...args] = [...limited, ...dropped, ...node]
    return watched(
      { command, args, cwd: placeOf(program), env: { ...program.env, HOME: home, TMPDIR: folders.scratch }, bare: true },
      program,
      folders,
      true,
    )
  }
}

const NO_CAPABILITIES = ['--bounding-set=-all', '--inh-caps=-all', '--ambient-caps=-all']

const missing = (why: string, isLimited: boolean): readonly string[] => [
  why,
  'The network is refused in Node’s own JavaScript where none is granted, and open where any is: hosts and ports are not told apart, and code that knows Node’s insides gets around it.',
  'Node’s permissions hold off mistakes, and Node promises nothing against code that attacks them.',
  'Links in a granted folder are followed out of it.',
  'It runs as the same user: a flaw in Node lets it do what you may do.',
  'What it writes to its temporary folder is on the disk and not bounded.',
  'Only programs in Node are confined, and they cannot start other programs.',
  ...(isLimited ? [] : ['prlimit is not there (package util-linux): memory and descriptors have no hard limit.']),
]
