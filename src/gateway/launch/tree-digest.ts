/**
 * What the files of a folder come to: one hash over every path, every content, what is executable and where links lead. Two folders have
 * the same only where a program that runs from them cannot tell them apart.
 *
 * Read in slices: other calls are served meanwhile. Fails closed: what is neither file, folder nor a link inside the folder is a problem.
 *
 * @module
 */

import { createHash, hash } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  existsSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  realpathSync,
} from 'node:fs'
import { dirname, join, posix, resolve, sep } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'

export interface TreeDigest {
  readonly digest: string
  readonly files: number
  readonly bytes: number
}

/** Why a folder is not what it should be. Names no path. */
export class TreeProblem extends Error {
  override readonly name = 'TreeProblem'
}

const MAX_FILES = 300_000
const MAX_BYTES = 4 * 1024 ** 3
/** Larger files are read in pieces of this. */
const PIECE = 4 * 1024 * 1024
const SLICE_MS = 10

export interface TreeDigestOptions {
  readonly signal?: AbortSignal | undefined
  /** Gives every file the modes that it has anywhere: its owner's umask must not make a difference. */
  readonly settle?: boolean
}

/** @throws {TreeProblem} */
export async function digestTree(root: string, { signal, settle = false }: TreeDigestOptions = {}): Promise<TreeDigest> {
  const lines: string[] = []
  const folders = ['']
  let files = 0
  let bytes = 0
  let since = performance.now()
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const here = join(root, folder)
    if (settle) chmodSync(here, 0o755)
    for (const name of readdirSync(here)) {
      const path = folder === '' ? name : `${folder}/${name}`
      const full = join(here, name)
      const found = lstatSync(full)
      if (++files > MAX_FILES) throw new TreeProblem('it has more files than can be looked at')
      if (found.isDirectory()) {
        folders.push(path)
        lines.push(JSON.stringify(['folder', path]))
      } else if (found.isSymbolicLink()) lines.push(JSON.stringify(['link', path, linkOf(root, full)]))
      else if (found.isFile()) {
        bytes += found.size
        if (bytes > MAX_BYTES) throw new TreeProblem('its files are larger than can be looked at')
        const isProgram = (found.mode & 0o100) !== 0
        if (settle) chmodSync(full, isProgram ? 0o755 : 0o644)
        lines.push(JSON.stringify([process.platform !== 'win32' && isProgram ? 'program' : 'file', path, hashOf(full, found.size)]))
      } else throw new TreeProblem('it has something in it that is neither a file nor a folder')
      if (performance.now() - since > SLICE_MS) {
        await turn()
        signal?.throwIfAborted()
        since = performance.now()
      }
    }
  }
  lines.sort()
  return { digest: `sha512-${hash('sha512', lines.join('\n'), 'base64')}`, files, bytes }
}

/** A link out of the folder would make what it leads to part of the program, and nobody has looked at that. */
function linkOf(root: string, full: string): string {
  const target = readlinkSync(full)
  const isInside = (path: string, folder: string): boolean => path.startsWith(folder + sep)
  // By its words, and as the system follows it: through another link `..` is above what that leads to.
  const isOne =
    isInside(resolve(dirname(full), target), resolve(root)) &&
    (!existsSync(full) || isInside(realpathSync.native(full), realpathSync.native(root)))
  if (resolve(target) === target || !isOne) throw new TreeProblem('it has a link in it that leads out')
  return target.replaceAll('\\', posix.sep)
}

function hashOf(file: string, size: number): string {
  if (size <= PIECE) return hash('sha512', readFileSync(file), 'base64')
  const sum = createHash('sha512')
  const piece = Buffer.allocUnsafe(PIECE)
  const opened = openSync(file, 'r')
  try {
    for (let read = readSync(opened, piece); read > 0; read = readSync(opened, piece)) sum.update(piece.subarray(0, read))
  } finally {
    closeSync(opened)
  }
  return sum.digest('base64')
}
