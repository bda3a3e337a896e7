/**
 * Whether what was granted can still be given: looked at each time that something is started.
 *
 * @module
 */

import { statSync } from 'node:fs'
import { ConfigError } from '../../core/index.ts'
import { realOf } from '../grants/real-path.ts'
import { isWithin } from '../grants/within.ts'
import type { Program } from './confinement.ts'

/** What is no file of anybody's: the kernel's own, and the sockets of everything that runs here. */
const MACHINE = ['/proc', '/sys', '/dev']
const WHOLE = ['/', '/run', '/var/run']

/** @throws {ConfigError} naming every grant that cannot be given. */
export function checkGrants({ grants }: Program): void {
  const problems: string[] = []
  for (const [kind, paths] of [
    ['read', grants.read],
    ['write', grants.write],
  ] as const)
    for (const path of paths) {
      if (WHOLE.includes(path) || MACHINE.some((folder) => isWithin(path, folder)))
        problems.push(`sandbox.${kind}: ${path} shows the machine itself: name the folders that are meant`)
      else if (realOf(path) === undefined) problems.push(`sandbox.${kind}: ${path} is not there`)
      // It was followed when it was granted: since then somebody who can write there has made it lead elsewhere.
      else if (realOf(path) !== path) problems.push(`sandbox.${kind}: ${path} leads elsewhere than when it was granted`)
      // connect(2) does not ask whether the mount may be written: what listens there obeys all the same.
      else if (kind === 'read' && statSync(path, { throwIfNoEntry: false })?.isSocket() === true)
        problems.push(`sandbox.read: ${path} is a socket: to connect is more than to read, so it is granted with write`)
    }
  if (problems.length > 0) throw new ConfigError(problems)
}
