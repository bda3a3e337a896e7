/**
 * Gives a folder and all that is in it to another user. What is in it was made by a program that may have meant this to be done to
 * something else: no link is followed, and a folder stays the one that was opened, whatever is put in its place meanwhile.
 *
 * @module
 */

import { closeSync, constants, fchownSync, lchownSync, openSync, readdirSync } from 'node:fs'

/** Deeper than anything that a program keeps; what lies deeper stays as it is. */
const DEPTH = 64

/** @throws where it is a link, or is gone. */
export function giveOver(folder: string, uid: number, gid: number, depth = 0): void {
  const opened = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW)
  try {
    fchownSync(opened, uid, gid)
    const inside = `/proc/self/fd/${opened}`
    for (const entry of readdirSync(inside, { withFileTypes: true })) {
      const path = `${inside}/${entry.name}`
      if (!entry.isDirectory()) lchownSync(path, uid, gid)
      else if (depth < DEPTH) giveOver(path, uid, gid, depth + 1)
    }
  } finally {
    closeSync(opened)
  }
}
