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
import { createNodePermission } from './node-permission.ts'
import { createNone, ON_WINDOWS } from './none.ts'

export interface OpenConfinementOptions {
  readonly log?: Log | undefined
  /** This depth and no other. */
  readonly prefer?: Depth | undefined
}

const opened = new Map<Depth | undefined, Promise<Confinement>>()

/** @throws {ConfigError} where `prefer` is not to be had. */
export function openConfinement({ log = silentLog, prefer }: OpenConfinementOptions = {}): Promise<Confinement> {
  const known = opened.get(prefer)
  if (known !== undefined) return known
  const found = find(process.platform, log, prefer)
  opened.set(prefer, found)
  // What was not to be had may be there when it is asked for again.
  found.catch(() => opened.delete(prefer))
  return found
}

async function find(platform: NodeJS.Platform, _log: Log, prefer: Depth | undefined): Promise<Confinement> {
  const confinement = platform === 'win32' ? createNone(ON_WINDOWS) : createNodePermission({ why: 'bubblewrap is not looked for yet.' })
  if (prefer !== undefined && confinement.depth !== prefer) throw new ConfigError([`${prefer} is not to be had here`])
  return await Promise.resolve(confinement)
}
