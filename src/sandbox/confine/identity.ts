/**
 * Who a confined program is. An ordinary user's program stays that user, in a user namespace of its own where it has no
 * capability over anything outside. Root's program becomes a user of its own that nothing else on the machine is: limits on
 * processes do not bind root, and root's files are no business of it.
 *
 * @module
 */

import { createHash, randomInt } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { release } from 'node:os'

export interface Identity {
  /** Inside; outside too, where we are root. */
  readonly uid: number
  readonly gid: number
  /** Whether the user namespace is that of the machine: we are root, and the program is not. */
  readonly ofHost: boolean
  /** Whether others may have processes under this user, which its limits would count. */
  readonly shared: boolean
}

/** What an ordinary user is called inside. 65534 would be what files of every other user seem to be of, too. */
const INSIDE = 1000
/** Far above what people, services, containers and directories are given; below 2³¹, which some programs take for negative. */
const FIRST = 1_900_000_000
const RANGE = 200_000_000

export const weAreRoot = (): boolean => process.getuid?.() === 0

/** `name`: from which it is made, so that what it keeps stays its own. `writes`: folders that are there. */
export function identityOf(name: string | undefined, writes: readonly string[]): Identity {
  if (!weAreRoot()) return { uid: INSIDE, gid: INSIDE, ofHost: false, shared: !countsByNamespace() }
  // What is granted for writing to one user can be written by that user alone: the program is that user then.
  for (const path of writes) {
    const { uid, gid } = statSync(path, { throwIfNoEntry: false }) ?? { uid: 0, gid: 0 }
    if (uid !== 0 && !isOurs(uid)) return { uid, gid: gid === 0 ? uid : gid, ofHost: true, shared: true }
  }
  const { first, range } = available()
  const offset = name === undefined ? randomInt(range) : createHash('sha256').update(name).digest().readUInt32BE() % range
  return { uid: first + offset, gid: first + offset, ofHost: true, shared: false }
}

const isOurs = (uid: number): boolean => uid >= FIRST && uid < FIRST + RANGE

/** Root of a container may have 65,536 users only (user_namespaces(7)): then the last of them. */
function available(): { readonly first: number; readonly range: number } {
  const map = readFileSync('/proc/self/uid_map', 'utf8')
  let first = 0
  let range = 0
  for (const line of map.trim().split('\n')) {
    const [inside = 0, , count = 0] = line.trim().split(/\s+/).map(Number)
    if (inside <= FIRST && inside + count >= FIRST + RANGE) return { first: FIRST, range: RANGE }
    if (count > range) [first, range] = [inside, count]
  }
  const part = Math.max(1, Math.floor(range / 8))
  return { first: first + range - 1 - part, range: part }
}

/** Since 5.14 the limit on processes counts those of the user namespace alone. */
function countsByNamespace(): boolean {
  const [major = 0, minor = 0] = release().split('.').map(Number)
  return major > 5 || (major === 5 && minor >= 14)
}
