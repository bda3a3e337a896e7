/**
 * Whether bubblewrap works on this machine, as this user, with all that confinement asks of it; and if not, why, and what mends it.
 * Nothing is taken from what the machine says of itself: a program is confined, and comes back or does not. One that does not come
 * back in time says nothing either way: a machine that has much to do is no reason to do with less.
 *
 * @module
 */

import { readFileSync } from 'node:fs'
import { ConfigError } from '../../core/index.ts'
import { signalGroup, startChild } from '../../process/index.ts'
import { toGrants, toolLimits } from '../grants/grants.ts'
import { createBubblewrap } from './bubblewrap.ts'
import type { Confinement } from './confinement.ts'
import { detectContainer } from './container.ts'
import { locate, SYSTEM_PATH } from './programs.ts'

export type Probe =
  | { readonly works: true; readonly version: string; readonly confinement: Confinement }
  /** `problem`: one sentence, with what mends it. */
  | { readonly works: false; readonly version: string | undefined; readonly problem: string }
  | { readonly works: 'unknown'; readonly version: string | undefined; readonly problem: string }

let probed: Promise<Probe> | undefined

/** Asked once a process; again where it is not known. */
export function probeBubblewrap(): Promise<Probe> {
  return (probed ??= probe().then((found) => {
    if (found.works === 'unknown') probed = undefined
    return found
  }))
}

const TRIAL_MS = 60_000
const MAX_OUTPUT = 4096

/** `trialMs`: for tests of what is late. */
export async function probe(trialMs: number = TRIAL_MS): Promise<Probe> {
  if (process.platform !== 'linux') return { works: false, version: undefined, problem: 'bubblewrap is for Linux.' }
  const bwrap = locate('bwrap', SYSTEM_PATH, '/')
  if (bwrap === undefined) return { works: false, version: undefined, problem: NOT_INSTALLED }
  const { output: told } = await run({ command: bwrap.real, args: ['--version'], cwd: '/', env: {}, bare: true }, trialMs)
  const version = /\d+(?:\.\d+)+/.exec(told)?.[0] ?? 'of an unknown version'
  try {
    const confinement = createBubblewrap({ bwrap: bwrap.real })
    const grants = toGrants({}, '/', toolLimits)
    const confined = confinement.confine({ command: 'true', args: [], cwd: '/', env: {}, grants, code: [], forks: true })
    const { code, output, isLate } = await run(confined.command, trialMs, confined.started)
    if (isLate) return { works: 'unknown', version, problem: LATE }
    if (code === 0) return { works: true, version, confinement }
    return { works: false, version, problem: explainFailure(output, version, factsOfMachine()) }
  } catch (error) {
    if (error instanceof ConfigError) return { works: false, version, problem: `${error.message} (package util-linux)` }
    throw error
  }
}

const NOT_INSTALLED = 'bubblewrap is not installed: apt-get install bubblewrap (or dnf install, pacman -S, apk add bubblewrap).'

const LATE = `bubblewrap was tried for ${TRIAL_MS / 1000} s and did not come back: start again when this machine has less to do.`

interface Run {
  readonly code: number | null
  readonly output: string
  readonly isLate: boolean
}

function run(
  command: Parameters<typeof startChild>[0],
  trialMs: number,
  started?: (child: ReturnType<typeof startChild>) => void,
): Promise<Run> {
  return new Promise((done) => {
    const child = startChild(command)
    started?.(child)
    let output = ''
    let isLate = false
    const add = (chunk: Buffer): void => {
      if (output.length < MAX_OUTPUT) output += chunk.toString('latin1')
    }
    child.stdout.on('data', add)
    child.stderr.on('data', add)
    child.stdin.on('error', () => {})
    child.stdin.end()
    const timer = setTimeout(() => {
      isLate = true
      signalGroup(child, 'SIGKILL')
    }, trialMs)
    const end = (code: number | null): void => {
      clearTimeout(timer)
      done({ code, output, isLate })
    }
    child.once('error', () => end(null))
    child.once('close', end)
  })
}

export interface MachineFacts {
  /** What lets bubblewrap work in the container that this is, where it is one. */
  readonly container: string | undefined
  /** What the kernel's switches say, where they are there. */
  readonly switches: Readonly<Record<string, string | undefined>>
}

/** What a machine refuses namespaces by, and what mends that. */
const MACHINES = [
  {
    name: 'kernel/unprivileged_userns_clone',
    value: '0',
    refuses: 'User namespaces are switched off for ordinary users',
    mends: 'sysctl -w kernel.unprivileged_userns_clone=1',
  },
  {
    name: 'user/max_user_namespaces',
    value: '0',
    refuses: 'User namespaces are switched off for ordinary users',
    mends: 'sysctl -w user.max_user_namespaces=15000',
  },
  {
    name: 'kernel/apparmor_restrict_unprivileged_userns',
    value: '1',
    refuses: 'AppArmor lets no ordinary user make namespaces',
    mends:
      'give bwrap a profile with "userns," (apt-get install apparmor-profiles has one), or sysctl -w kernel.apparmor_restrict_unprivileged_userns=0',
  },
]

function factsOfMachine(): MachineFacts {
  const read = (path: string): string | undefined => {
    try {
      return readFileSync(path, 'utf8').trim()
    } catch {
      return undefined
    }
  }
  return {
    container: detectContainer()?.allow,
    switches: Object.fromEntries(MACHINES.map(({ name }) => [name, read(`/proc/sys/${name}`)])),
  }
}

/** One sentence. What bubblewrap itself said ends it where nothing better is known. */
export function explainFailure(output: string, version: string, { container, switches }: MachineFacts): string {
  const said = (output.split('\n').find((line) => line.trim() !== '') ?? 'it said nothing').replace(/^bwrap: /, '').slice(0, 200)
  if (/unknown option/i.test(said)) return `bubblewrap ${version} is too old: 0.7.0 or newer is needed.`
  if (/setuid mode/.test(said))
    return `bubblewrap is installed setuid, which limits what it does: chmod u-s ${locate('bwrap', SYSTEM_PATH, '/')?.real}.`
  const { refuses, mends } = MACHINES.find(({ name, value }) => switches[name] === value) ?? {}
  if (container !== undefined) {
    // It needs both.
    const around = mends === undefined ? '' : `on the machine that it runs on ${mends}; then `
    return `This container may not make namespaces (${said}): ${around}${container}.`
  }
  if (mends !== undefined) return `${refuses}: ${mends}.`
  return `bubblewrap ${version} does not work here (${said}): docs/sandbox.md has what it needs.`
}
