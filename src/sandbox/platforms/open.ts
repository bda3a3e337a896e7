/**
 * The deepest confinement that this machine has, found once a process.
 *
 *   Linux    bubblewrap, else Node's permissions
 *   macOS    @anthropic-ai/sandbox-runtime where it is installed, else Node's permissions
 *   others   none: what asks to be confined is refused
 *
 * Fails closed: what is not there is never taken for there, and a depth that was asked for by name is an error where it is missing.
 *
 * @module
 */

import { ConfigError, type Log, silentLog } from '../../core/index.ts'
import type { Confinement, Depth } from '../confine/confinement.ts'
import { probeBubblewrap } from '../confine/probe.ts'
import { createNodePermission } from './node-permission.ts'
import { createNone, ON_WINDOWS } from './none.ts'
import { createSandboxRuntime, findSandboxRuntime } from './sandbox-runtime.ts'

export interface OpenConfinementOptions {
  readonly log?: Log | undefined
  /** This depth and no other. */
  readonly prefer?: Depth | undefined
}

const opened = new Map<Depth | undefined, Promise<Confinement>>()

/** @throws {ConfigError} where `prefer` is not to be had, or it is not known what is. */
export function openConfinement({ log = silentLog, prefer }: OpenConfinementOptions = {}): Promise<Confinement> {
  const known = opened.get(prefer)
  if (known !== undefined) return known
  const found = (prefer === undefined ? deepest(process.platform) : named(prefer)).then((confinement) => {
    // The first says why; what follows from it is as long as a page. Where there is none at all, whatever runs without one says so.
    const [why] = confinement.missing
    if (confinement.depth !== 'none' && why !== undefined)
      log('warn', `${why} Sandboxes are less than whole here: sallyport doctor says what they let through`, { sandbox: confinement.depth })
    return confinement
  })
  opened.set(prefer, found)
  // What was not to be had may be there when it is asked for again.
  found.catch(() => opened.delete(prefer))
  return found
}

async function deepest(platform: NodeJS.Platform): Promise<Confinement> {
  if (platform === 'linux') {
    const found = await bubblewrap()
    return typeof found === 'string' ? createNodePermission({ why: found }) : found
  }
  if (platform === 'darwin') {
    const cli = findSandboxRuntime()
    return cli === undefined ? createNodePermission({ why: WITHOUT_RUNTIME }) : createSandboxRuntime(cli)
  }
  return createNone(platform === 'win32' ? ON_WINDOWS : `There is no sandbox for ${platform}: nothing can be confined`)
}

async function named(depth: Depth): Promise<Confinement> {
  const found = await namedOrWhy(depth)
  if (typeof found === 'string') throw new ConfigError([found])
  return found
}

async function namedOrWhy(depth: Depth): Promise<Confinement | string> {
  switch (depth) {
    case 'bubblewrap':
      return await bubblewrap()
    case 'sandbox-runtime': {
      const cli = findSandboxRuntime()
      return cli === undefined ? WITHOUT_RUNTIME : createSandboxRuntime(cli)
    }
    case 'node-permission':
      return process.platform === 'win32' ? ON_WINDOWS : createNodePermission({ why: 'Node’s permissions were asked for by name.' })
    case 'none':
      return createNone('No sandbox was asked for by name')
  }
}

const WITHOUT_RUNTIME = '@anthropic-ai/sandbox-runtime is not installed: npm install @anthropic-ai/sandbox-runtime beside sallyport'

/** @throws {ConfigError} where it is not known whether it works: to do with less is for who has looked. */
async function bubblewrap(): Promise<Confinement | string> {
  const probe = await probeBubblewrap()
  if (probe.works === 'unknown') throw new ConfigError([probe.problem])
  return probe.works ? probe.confinement : probe.problem
}
