/**
 * What a program's user can do with what it is shown. Root may grant what the program, which is not root, cannot open: that is
 * said when it starts, with what mends it, and it starts all the same.
 *
 * @module
 */

import { chmodSync, mkdirSync, statSync } from 'node:fs'
import type { Program } from './confinement.ts'
import { giveOver } from './give-over.ts'
import type { Identity } from './identity.ts'

/** Makes its home and gives it to it, with what it has kept there. */
export function prepareHome(home: string | undefined, { uid, gid, ofHost }: Identity): void {
  if (home === undefined) return
  mkdirSync(home, { recursive: true, mode: 0o700 })
  if (!ofHost) return
  if (statSync(home).uid === uid) return
  // Ours, just made; or of who it was before another grant made it somebody else (`identityOf`).
  giveOver(home, uid, gid)
  chmodSync(home, 0o700)
}

export function unreachable({ grants, code }: Program, { uid, gid, ofHost }: Identity): string[] {
  if (!ofHost) return []
  const warnings: string[] = []
  for (const path of grants.write)
    if (!may(path, uid, gid, 2))
      warnings.push(`it cannot write ${path}, which belongs to root, and it does not run as root: chown -R ${uid}:${gid} ${path}`)
  for (const path of [...grants.read, ...code])
    if (!may(path, uid, gid, 4))
      warnings.push(`it cannot read ${path}, which is root's alone, and it does not run as root: chmod -R a+rX ${path}`)
  return warnings
}

/** As far as the bits of the file or folder itself say (inode(7)); a folder must be open for passing through, too. */
function may(path: string, uid: number, gid: number, wanted: 2 | 4): boolean {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat === undefined) return true // Which is no matter of who it is.
  const shift = stat.uid === uid ? 6 : stat.gid === gid ? 3 : 0
  const bits = wanted | (stat.isDirectory() ? 1 : 0)
  return ((stat.mode >> shift) & bits) === bits
}
