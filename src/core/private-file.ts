/**
 * Writes a file that only its owner may read. It is complete, on disk and private before it has its name, so that two processes
 * that write it at once leave one of both, and a crash leaves what was there or all of the new one.
 *
 * Fails by throwing what the file system says.
 *
 * @module
 */

import { closeSync, constants, fsyncSync, linkSync, openSync, renameSync, unlinkSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { createId } from './ids.ts'

export interface PrivateFileOptions {
  /** What is there already stays: of two processes that start at once, one makes it and both use that. */
  readonly first: boolean
}

/** Its folder must be there. */
export function writePrivateFile(file: string, text: string, { first }: PrivateFileOptions): void {
  const draft = `${file}.${createId('new')}`
  writeFileSync(draft, text, { mode: 0o600, flag: 'wx', flush: true })
  if (first) linkIfFree(draft, file)
  else renameSync(draft, file)
  syncFolder(dirname(file))
}

/** Unlike a rename, a link does not replace what another process has put there meanwhile. */
function linkIfFree(draft: string, file: string): void {
  try {
    linkSync(draft, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    unlinkSync(draft)
  }
}

/** The name is on disk too. Windows has no such thing. */
function syncFolder(folder: string): void {
  if (process.platform === 'win32') return
  const fd = openSync(folder, constants.O_RDONLY)
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
