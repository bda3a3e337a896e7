/**
 * What of the file system one program is to see: what it was granted, what it needs in order to run, and its own home.
 *
 * Fails closed: what it needs and what is not there is a ConfigError.
 *
 * @module
 */

import { lstatSync, realpathSync } from 'node:fs'
import { basename, dirname, isAbsolute, join, resolve } from 'node:path'
import { ConfigError } from '../../core/index.ts'
import { realOf } from '../grants/real-path.ts'
import { isWithin } from '../grants/within.ts'
import type { Program } from './confinement.ts'
import { deviceSteps } from './devices.ts'
import { type Extent, etcSteps, systemSteps } from './host-system.ts'
import type { Identity } from './identity.ts'
import { nearest, planSteps, type Source, type Step } from './mounts.ts'
import { type Located, requireProgram, SYSTEM_PATH } from './programs.ts'

/** Where a home that stays is seen. Where it is outside is nobody's business. */
const HOME = '/home/sandbox'
const SCRATCH = '/tmp'

export interface View {
  readonly steps: readonly Step[]
  /** Where it is started. */
  readonly cwd: string
  readonly home: string
  readonly command: string
  /** Its folders in memory. */
  readonly scratch: readonly string[]
  /** What is hidden in what it sees, by every name that it has: covered, or not there yet. */
  readonly covered: readonly string[]
}

/** `tools`: programs of ours that run inside before it. @throws {ConfigError} */
export function viewOf(program: Program, identity: Identity, tools: readonly string[]): View {
  const { grants, forks, node = false, cwd } = program
  const searched = program.env['PATH'] ?? SYSTEM_PATH
  const command = requireProgram(program.command, searched, cwd)
  const run = forks ? grants.run.map((name) => requireProgram(name, searched, cwd)) : []
  const extent: Extent = node ? (run.length > 0 ? 'libraries and parts' : 'libraries') : 'everything'
  const home = program.home === undefined ? SCRATCH : HOME

  const code = [...program.code.map(real), ...[command, ...run].map(({ path, real: file }) => ({ path, real: file }))]
  const shown: Step[] = [
    ...Object.entries(program.given ?? {}).map(([at, from]): Step => bind('given', at, from)),
    ...(program.home === undefined ? [] : [bind('write', HOME, realpathSync(program.home), true)]),
    ...grants.write.map((path) => bind('write', path, path, true)),
    ...grants.read.map((path) => bind('read', path, path)),
    ...(program.hidden ?? []).flatMap(hide),
    ...code.flatMap(codeSteps),
    ...tools.map((path) => bind('system', path, path)),
    ...systemSteps(extent, [command.real, ...tools, ...run.map((found) => found.real)]),
    ...etcSteps(identity, home),
    // Whoever may listen below 1024 has that right in the user namespace that made its network. bubblewrap makes another one for
    // terminals, where we are not root.
    ...deviceSteps(!node && (identity.ofHost || program.lowPorts !== true)),
    { kind: 'scratch', source: 'system', at: SCRATCH, sizeMb: grants.limits.scratchMb },
    // POSIX shared memory and semaphores; a Node of ours uses neither.
    ...(node ? [] : [{ kind: 'scratch', source: 'system', at: '/dev/shm', sizeMb: grants.limits.scratchMb } as const]),
  ]
  const steps = planSteps([...shown, ...linksTo(planSteps(shown), program.args)])
  const scratch = steps.flatMap(({ kind, at }) => (kind === 'scratch' ? [at] : []))
  const kept = new Map(steps.map((step) => [step.at, step]))
  const covered = (program.hidden ?? []).filter((path) => !program.mayChange?.includes(path)).flatMap((path) => coveredBy(path, kept))
  return { steps, scratch, covered, home, command: command.path, cwd: cwdInside(program, home, steps) }
}

const bind = (source: Source, at: string, from: string, write = false): Step => ({ kind: 'bind', source, at: resolve(at), from, write })

/** @throws {ConfigError} */
function real(path: string): Located {
  const found = realOf(path)
  if (found === undefined) throw new ConfigError([`sandbox: it needs ${path}, which is not there`])
  return { path: resolve(path), real: found }
}

/** Where it really is, and where it is expected: interpreters look for their parts from either. */
function codeSteps({ path, real: from }: Located): Step[] {
  const step = bind('code', from, from)
  return path === from ? [step] : [step, { kind: 'link', source: 'code', at: path, to: from }]
}

function hide(path: string): Step[] {
  const at = realOf(path)
  return at === undefined ? [] : [{ kind: 'hide', source: 'hidden', at, folder: lstatSync(at).isDirectory() }]
}

/** Unless it was granted by that very name, or lies in nothing that is shown. */
function coveredBy(path: string, kept: ReadonlyMap<string, Step>): string[] {
  const at = realOf(path)
  if (at === undefined) {
    // Where it would be: its folder may be known by a link.
    const absent = join(realOf(dirname(path)) ?? dirname(path), basename(path))
    return nearest(kept, absent)?.kind === 'bind' ? [absent] : []
  }
  return kept.get(at)?.kind === 'hide' ? [...new Set([path, at])] : []
}

/** A path among its arguments that leads by a link to what it sees leads there inside, too. */
function linksTo(steps: readonly Step[], args: readonly string[]): Step[] {
  const kept = new Map(steps.map((step) => [step.at, step]))
  return args.flatMap((arg): Step[] => {
    const [path, to] = [resolve(arg), isAbsolute(arg) ? realOf(arg) : undefined]
    return to !== undefined && path !== to && nearest(kept, to)?.kind === 'bind' ? [{ kind: 'link', source: 'system', at: path, to }] : []
  })
}

function cwdInside({ cwd, home: outside }: Program, home: string, steps: readonly Step[]): string {
  if (outside !== undefined && isWithin(cwd, outside)) return resolve(home, `.${cwd.slice(outside.length)}`)
  const at = realOf(cwd)
  if (at === undefined) return '/'
  const above = nearest(new Map(steps.map((step) => [step.at, step])), at)
  return above?.kind === 'bind' ? at : '/'
}
