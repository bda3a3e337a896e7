/**
 * Holds on to a file or folder from the moment that it was looked at: what is mounted is that one, whatever somebody who can write
 * beside it puts in its place meanwhile.
 *
 * @module
 */

import { closeSync, constants, fstatSync, openSync, readlinkSync } from 'node:fs'
import { ConfigError } from '../../core/index.ts'

// open(2): to name it only, neither to read nor to write; Node has no word for it.
const O_PATH = 0o10000000

/** Whoever asked closes it. `path` is absolute, with no link in it. @throws {ConfigError} where it is a link, or not there. */
export function pin(path: string): number {
  let file: number
  try {
    file = openSync(path, O_PATH | constants.O_NOFOLLOW)
  } catch {
    throw new ConfigError([`sandbox: ${path} is not there`])
  }
  // Links on the way to it were followed; where it really is, the kernel knows.
  if (!fstatSync(file).isSymbolicLink() && readlinkSync(`/proc/self/fd/${file}`) === path) return file
  closeSync(file)
  throw new ConfigError([`sandbox: ${path} leads elsewhere than when it was granted`])
}
