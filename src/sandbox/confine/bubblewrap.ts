/**
 * Confinement by bubblewrap: namespaces of its own for everything that Linux has one for, a file system of what was granted, a
 * filter for system calls, limits, a user without privileges, and a watch over what the kernel does not bound.
 *
 *   bwrap: namespaces, mounts, filter ─▶ setpriv: another user (as root only) ─▶ prlimit: limits ─▶ the program
 *
 * Fails closed: what cannot be shown or limited as asked throws before anything is started.
 *
 * @module
 */

import { type ChildProcess, spawnSync } from 'node:child_process'
import { closeSync } from 'node:fs'
import { arch } from 'node:process'
import type { Confined, Confinement, Program } from './confinement.ts'
import { checkGrants } from './granted.ts'
import { handedFile } from './handed-file.ts'
import { type Identity, identityOf, weAreRoot } from './identity.ts'
import { inheritedFiles, openNothing } from './inherited.ts'
import { limitArguments } from './limits.ts'
import { stepArguments } from './mounts.ts'
import { pin } from './pin.ts'
import { threadsOf } from './process-tree.ts'
import { requireProgram, SYSTEM_PATH } from './programs.ts'
import { prepareHome, unreachable } from './reach.ts'
import { filterOf, isFiltered } from './seccomp/filter.ts'
import type { Architecture } from './seccomp/syscalls.ts'
import { markOfOurs } from './undertaker.ts'
import { viewOf } from './view.ts'
import { watch } from './watch.ts'

export interface BubblewrapOptions {
  /** Where it is. Without: looked for where systems keep programs. */
  readonly bwrap?: string | undefined
}

const NAMESPACES = ['--unshare-pid', '--unshare-net', '--unshare-ipc', '--unshare-uts', '--unshare-cgroup-try']
/** What the first programs inside need in order to become somebody else; the program itself has none. */
const TO_CHANGE_USER = ['CAP_SETUID', 'CAP_SETGID', 'CAP_SETPCAP']
// What the loader of any program obeys: they would rule over bwrap and setpriv, which run as us.
const LOADER = /^(LD_|GLIBC_TUNABLES$|GCONV_PATH$|LOCPATH$|NLSPATH$)/

/** @throws {ConfigError} where a program is missing that it needs. */
export function createBubblewrap(options: BubblewrapOptions = {}): Confinement {
  const find = (name: string): string => requireProgram(name, SYSTEM_PATH, '/').real
  const bwrap = options.bwrap ?? find('bwrap')
  const prlimit = find('prlimit')
  const setpriv = weAreRoot() ? find('setpriv') : undefined
  const pins = canPin(bwrap)

  function confine(program: Program): Confined {
    const files: number[] = []
    // Descriptors 0 to 2 are its own; ours follow.
    const inherit = (file: number): number => files.push(file) + 2
    try {
      return confineWith(program, files, inherit)
    } catch (error) {
      for (const file of files) closeSync(file)
      throw error
    }
  }

  function confineWith(program: Program, files: number[], inherit: (file: number) => number): Confined {
    const { grants } = program
    checkGrants(program)
    const identity = identityOf(program.identity ?? program.home, grants.write)
    prepareHome(program.home, identity)
    const warnings = unreachable(program, identity)
    const loader = Object.entries(program.env).filter(([name]) => LOADER.test(name))
    const env = Object.fromEntries(Object.entries(program.env).filter(([name]) => !LOADER.test(name)))
    const tools = [prlimit, ...(setpriv === undefined ? [] : [setpriv]), ...(loader.length > 0 ? [find('env')] : [])]
    const view = viewOf(program, identity, tools)
    const others = identity.shared ? threadsOf(identity.ofHost ? identity.uid : (process.getuid?.() ?? 0)) : 0
    const inside = [
      ...(setpriv === undefined ? [] : [setpriv, ...userArguments(identity, program.lowPorts === true)]),
      prlimit,
      ...limitArguments(grants.limits, { othersProcesses: others, cpuForEver: !(program.node ?? false) }),
      ...(loader.length > 0 ? [find('env'), ...loader.map(([name, value]) => `${name}=${value}`)] : []),
      view.command,
      ...program.args,
    ]
    const args = [
      ...NAMESPACES,
      '--die-with-parent',
      // Says nothing to bubblewrap: whose it is. It stays in the group that it is started in, which is ended as one (`startChild`);
      // that group has no terminal.
      '--unsetenv',
      markOfOurs(SYSTEM_PATH),
      // What this machine is called is nobody's business.
      '--hostname',
      'sandbox',
      ...privileges(identity, program.lowPorts === true),
      '--proc',
      '/proc',
      // bubblewrap's own inner half: it has none of the limits, and an ordinary user's program, who is the same user, could write
      // into its memory. And its arguments tell of this machine.
      '--perms',
      '0555',
      '--size',
      '4096',
      '--tmpfs',
      '/proc/1',
      '--remount-ro',
      '/proc/1',
      ...stepArguments(view.steps, {
        content: (content) => inherit(handedFile(content)),
        pinned: (path) => (pins ? inherit(pin(path)) : undefined),
      }),
      '--remount-ro',
      '/',
      ...(isFiltered(arch) ? ['--seccomp', String(inherit(handedFile(filterFor(arch, program.forks))))] : []),
      '--chdir',
      view.cwd,
      '--',
      ...inside,
    ]
    const written = program.home === undefined ? grants.write : [...grants.write, program.home]
    const watched = watch(grants, written, {
      wrappers: 2,
      alone: !program.forks,
      metered: program.node === true,
      scratch: view.scratch,
      covered: view.covered,
      ownNetwork: true,
    })
    return {
      command: { command: bwrap, args, cwd: '/', env: { PATH: SYSTEM_PATH, ...env, HOME: view.home }, bare: true, files: placed(files) },
      warnings,
      started(child: ChildProcess) {
        for (const file of files.splice(0)) closeSync(file)
        watched.started(child)
      },
      begin: watched.begin,
      terminate: watched.terminate,
      end: watched.end,
      get ended() {
        return watched.ended
      },
    }
  }

  return { depth: 'bubblewrap', missing: missing(pins), confine }
}

const missing = (pins: boolean): string[] => [
  ...(isFiltered(arch) ? [] : [`System calls are not filtered on ${arch}.`]),
  ...(pins
    ? []
    : ['This bubblewrap mounts by name: what can write beside a granted folder may exchange it while something starts; 0.10 does not.']),
]

/** What answers at once, on a machine that has much to do. */
const LONG_MS = 60_000

/** Whether it mounts what is open (0.10, and what distributions have mended before). */
function canPin(bwrap: string): boolean {
  const { stdout } = spawnSync(bwrap, ['--help'], { encoding: 'utf8', env: {}, timeout: LONG_MS })
  return stdout?.includes('--ro-bind-fd') ?? false
}

const filters = new Map<string, Uint8Array>()

function filterFor(architecture: Architecture, forks: boolean): Uint8Array {
  const key = `${architecture} ${forks}`
  const filter = filters.get(key) ?? filterOf(architecture, { forks })
  filters.set(key, filter)
  return filter
}

/** What is inherited, by its number less 3: nothing of what we inherited ourselves. */
function placed(files: readonly number[]): (number | undefined)[] {
  const count = Math.max(files.length, ...inheritedFiles().map((file) => file - 2))
  return Array.from({ length: count }, (_, index) => files[index] ?? (inheritedFiles().includes(index + 3) ? openNothing() : undefined))
}

function privileges({ uid, gid, ofHost }: Identity, lowPorts: boolean): string[] {
  const low = lowPorts ? ['--cap-add', 'CAP_NET_BIND_SERVICE'] : []
  if (!ofHost) return ['--unshare-user', '--uid', String(uid), '--gid', String(gid), ...low]
  return [...TO_CHANGE_USER.flatMap((name) => ['--cap-add', name]), ...low]
}

/** `setpriv`: another user for good, without a capability and without a way back to one. */
function userArguments({ uid, gid }: Identity, lowPorts: boolean): string[] {
  const kept = lowPorts ? '-all,+net_bind_service' : '-all'
  return [
    `--reuid=${uid}`,
    `--regid=${gid}`,
    '--clear-groups',
    `--inh-caps=${kept}`,
    ...(lowPorts ? [`--ambient-caps=${kept}`] : []),
    `--bounding-set=${kept}`,
  ]
}
