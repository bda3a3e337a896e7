/**
 * What one confined program needs of the disk where there is no file system of its own: a folder to write to, and one that is ours.
 * Both are gone when it has ended.
 *
 * @module
 */

import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Confined, Program } from '../confine/confinement.ts'
import { isWithin } from '../grants/within.ts'

export interface Folders {
  /** Its `/tmp`, and its home where it has none that stays. */
  readonly scratch: string
  /** Not visible to it. */
  readonly ours: string
  remove(): void
}

function createFolders(): Folders {
  // 0700, and a name that nobody knows beforehand.
  const parent = realpathSync(mkdtempSync(join(tmpdir(), 'sallyport-')))
  const [scratch, ours] = [join(parent, 'scratch'), join(parent, 'ours')]
  for (const folder of [scratch, ours]) mkdirSync(folder, { mode: 0o700 })
  const remove = (): void => rmSync(parent, { recursive: true, force: true })
  // Also where we end before it has.
  process.once('exit', remove)
  return {
    scratch,
    ours,
    remove: () => {
      process.off('exit', remove)
      remove()
    },
  }
}

/** What is made of a program, with a home and folders of its own. They are gone again where nothing comes of it. */
export function withFolders(program: Program, make: (folders: Folders, home: string) => Confined): Confined {
  const folders = createFolders()
  try {
    const { home = folders.scratch } = program
    mkdirSync(home, { recursive: true, mode: 0o700 })
    return make(folders, home)
  } catch (error) {
    folders.remove()
    throw error
  }
}

/** Where it may start: what it cannot see is no place for it. */
export function placeOf({ cwd, code, grants, home }: Program): string {
  const seen = [...code, ...grants.read, ...grants.write, ...(home === undefined ? [] : [home])]
  return seen.some((path) => isWithin(cwd, path)) ? cwd : '/'
}
