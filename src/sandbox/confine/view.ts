/**
 * What of the file system one program is to see: what it was granted, what it needs in order to run, and its own home.
 *
 * Fails closed: a grant that is not there, that is a link by now, or that would show the machine itself is a ConfigError.
 *
 * @module
 */

import { existsSync, lstatSync, realpathSync } from 'node:fs'
import { isAbsolute, resolve } from 'node:path'
import { ConfigError } from '../../core/index.ts'
import type { Program } from './confinement.ts'
import { deviceSteps } from './devices.ts'
import { type Extent, etcSteps, systemSteps } from './host-system.ts'
import type { Identity } from './identity.ts'
import { isWithin, nearest, planSteps, type Source, type Step } from './mounts.ts'
import { type Located, requireProgram, SYSTEM_PATH } from './programs.ts'

/** Where a home that stays is seen. Where it is outside is nobody's business. */
export const HOME = '/home/sandbox'
const SCRATCH = '/tmp'

export interface View {
  readonly steps: readonly Step[]
  /** Where it is started. */
  readonly cwd: string
  readonly home: string
  readonly command: string
  /** Its folders in memory. */
  readonly scratch: readonly string[]
}

/** `tools`: programs of ours that run inside before it. @throws {ConfigError} */
export function viewOf(program: Program, identity: Identity, tools: readonly string[]): View {
  const { grants, forks, node = false, cwd } = program
  checkGrants(program)
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
  return { steps, scratch, home, command: command.path, cwd: cwdInside(program, home, steps) }
}

const bind = (source: Source, at: string, from: string, write = false): Step => ({ kind: 'bind', source, at: resolve(at), from, write })

/** @throws {ConfigError} */
function real(path: string): Located {
  if (!existsSync(path)) throw new ConfigError([`sandbox: it needs ${path}, which is not there`])
  return { path: resolve(path), real: realpathSync(path) }
}

/** Where it really is, and where it is expected: interpreters look for their parts from either. */
function codeSteps({ path, real: from }: Located): Step[] {
  const step = bind('code', from, from)
  return path === from ? [step] : [step, { kind: 'link', source: 'code', at: path, to: from }]
}

function hide(path: string): Step[] {
  if (!existsSync(path)) return []
  const at = realpathSync(path)
  return [{ kind: 'hide', source: 'hidden', at, folder: lstatSync(at).isDirectory() }]
}

/** A path among its arguments that leads by a link to what it sees leads there inside, too. */
function linksTo(steps: readonly Step[], args: readonly string[]): Step[] {
  const kept = new Map(steps.map((step) => [step.at, step]))
  return args.flatMap((arg): Step[] => {
    if (!isAbsolute(arg) || !existsSync(arg)) return []
    const [path, to] = [resolve(arg), realpathSync(arg)]
    return path !== to && nearest(kept, to)?.kind === 'bind' ? [{ kind: 'link', source: 'system', at: path, to }] : []
  })
}

function cwdInside({ cwd, home: outside }: Program, home: string, steps: readonly Step[]): string {
  if (outside !== undefined && isWithin(cwd, outside)) return resolve(home, `.${cwd.slice(outside.length)}`)
  if (!existsSync(cwd)) return '/'
  const at = realpathSync(cwd)
  const above = nearest(new Map(steps.map((step) => [step.at, step])), at)
  return above?.kind === 'bind' ? at : '/'
}

/** What is no file of anybody's: the kernel's own, and the sockets of everything that runs here. */
const MACHINE = ['/proc', '/sys', '/dev']
const WHOLE = ['/', '/run', '/var/run']

/** @throws {ConfigError} naming every grant that cannot be given. */
function checkGrants({ grants }: Program): void {
  const problems: string[] = []
  for (const [kind, paths] of [
    ['read', grants.read],
    ['write', grants.write],
  ] as const)
    for (const path of paths) {
      if (WHOLE.includes(path) || MACHINE.some((folder) => isWithin(path, folder)))
        problems.push(`sandbox.${kind}: ${path} shows the machine itself: name the folders that are meant`)
      else if (!existsSync(path)) problems.push(`sandbox.${kind}: ${path} is not there`)
      // It was followed when it was granted: since then somebody who can write there has made it lead elsewhere.
      else if (realpathSync(path) !== path) problems.push(`sandbox.${kind}: ${path} leads elsewhere than when it was granted`)
    }
  if (problems.length > 0) throw new ConfigError(problems)
}
