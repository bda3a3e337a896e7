/**
 * Whether what is hidden in a folder that a program sees still is. A cover lies over one file, not over its name: where somebody puts
 * another file there, as editors do that save, the kernel takes the cover away (mount_namespaces(7)), and nothing tells us. So it is looked.
 *
 * @module
 */

import { lstatSync } from 'node:fs'

/** A look costs a few microseconds a name; of more than that, each time the next ones are looked at. */
const AT_ONCE = 64

/** `paths`: what is covered, or hidden and not there yet. Answers whether something may be seen now that was to be hidden. */
export function createCovers(paths: readonly string[]): () => boolean {
  const covered = paths.map((path) => ({ path, was: fileAt(path) }))
  let next = 0

  return function isOpen() {
    const looked = covered.slice(next, next + AT_ONCE)
    next = next + AT_ONCE < covered.length ? next + AT_ONCE : 0
    return looked.some(({ path, was }) => {
      const is = fileAt(path)
      return is !== undefined && is !== was
    })
  }
}

/** Which file it is: numbers are given out anew, so that it counts when it was made, too. What is gone shows nothing. */
function fileAt(path: string): string | undefined {
  try {
    const found = lstatSync(path, { bigint: true, throwIfNoEntry: false })
    return found && `${found.dev} ${found.ino} ${found.birthtimeNs}`
  } catch {
    // A folder on the way is no folder any more.
    return undefined
  }
}
