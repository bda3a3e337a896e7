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

export function unreachable(program: Program, identity: Identity): string[] {
  const { grants, code } = program
  const { uid, gid, ofHost } = identity
  if (!ofHost) return []
  const warnings: string[] = []
  for (const path of grants.write)
    if (!may(path, uid, gid, 2)) warnings.push(`it cannot write ${path}, which is somebody else’s: ${whoItIs(program, identity, path)}`)
  for (const path of [...grants.read, ...code])
    if (!may(path, uid, gid, 4))
      warnings.push(`it cannot read ${path}, which is root's alone, and it does not run as root: chmod -R a+rX ${path}`)
  return warnings
}

/** Who it runs as in place of root, and how the folder becomes that user's. */
function whoItIs({ identity, home }: Program, { uid, gid, shared }: Identity, path: string): string {
  const give = `give it the folder: chown -R ${uid}:${gid} ${path}`
  if (shared) return `it runs as the owner of the other folder that it may write, user ${uid}; ${give}`
  if ((identity ?? home) !== undefined)
    return `Sallyport runs as root and starts it as a user that nothing else on this machine is, ${uid}; ${give}`
  return `Sallyport runs as root and starts it as another user each time; give the folder to one that is not root, and it is that one: chown -R nobody ${path}`
}

/** As far as the bits of the file or folder itself say (inode(7)); a folder must be open for passing through, too. */
function may(path: string, uid: number, gid: number, wanted: 2 | 4): boolean {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat === undefined) return true // Which is no matter of who it is.
  const shift = stat.uid === uid ? 6 : stat.gid === gid ? 3 : 0
  const bits = wanted | (stat.isDirectory() ? 1 : 0)
  return ((stat.mode >> shift) & bits) === bits
}
