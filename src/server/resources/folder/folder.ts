/**
 * One folder and what is below it: files to read, a list of them, and word of what changes. Everything goes through an opener,
 * so that no outside byte is read and no outside name is listed.
 *
 * @module
 */

import { ConfigError } from '../../../core/index.ts'
import { openByHandle } from './by-handle.ts'
import { openByPath } from './by-path.ts'
import type { OpenerOptions, OpenFolder } from './opener.ts'
import { isName } from './segments.ts'

export interface Folder {
  /** Whether the proof is the handle itself (`by-handle`), or only a comparison with it (`by-path`). */
  readonly provesByHandle: boolean
  /** The contents of a file; undefined: there is none that may be read. */
  read(segments: readonly string[], limitBytes: number): Promise<Buffer | 'too_large' | undefined>
  /** Differs when the file does; undefined: there is none. */
  fingerprint(segments: readonly string[]): Promise<string | undefined>
  list(bounds: ListBounds): Promise<FolderList>
  close(): Promise<void>
}

export interface ListBounds {
  readonly files: number
  /** Is given each folder that was read, while it is open. */
  readonly visit: (segments: readonly string[], folder: OpenFolder) => void
}

export interface FolderList {
  /** The ways to the files, sorted. */
  readonly files: readonly (readonly string[])[]
  /** Whether there may be more. */
  readonly isCut: boolean
}

const MAX_DEPTH = 16
const MAX_FOLDERS = 2_000
/** Names that are looked at for one list, those that are left out included. */
const MAX_NAMES = 100_000

/** @throws {ConfigError} where there is no such folder. */
export async function openFolder(path: string, options: OpenerOptions, forceByPath = false): Promise<Folder> {
  const byHandle = forceByPath ? undefined : await openByHandle(path, options).catch(unusable)
  // There is no reason to take less here than the system gives.
  if (!byHandle && !forceByPath && process.platform === 'linux') throw new ConfigError(['cannot be served safely: /proc is not readable'])
  const opener = byHandle ?? (await openByPath(path, options).catch(unusable))
  const rules = { hidden: options.hidden, platform: process.platform }

  async function isFileBehindLink(segments: readonly string[]): Promise<boolean> {
    const file = options.followLinks ? await opener.file(segments) : undefined
    await file?.close()
    return file !== undefined
  }

  return {
    provesByHandle: byHandle !== undefined,
    async read(segments, limitBytes) {
      const file = await opener.file(segments)
      if (!file) return undefined
      try {
        return await file.read(limitBytes)
      } finally {
        await file.close()
      }
    },
    async fingerprint(segments) {
      const file = await opener.file(segments)
      if (!file) return undefined
      const { ino, size, mtimeNs, ctimeNs } = file.stats
      await file.close()
      return `${ino}:${size}:${mtimeNs}:${ctimeNs}`
    },
    async list({ files: maxFiles, visit }) {
      const files: (readonly string[])[] = []
      let folders = 0
      let namesLeft = MAX_NAMES
      let isCut = false

      async function walk(segments: readonly string[]): Promise<void> {
        if (segments.length > MAX_DEPTH || ++folders > MAX_FOLDERS || namesLeft <= 0) {
          isCut = true
          return
        }
        const folder = await opener.folder(segments)
        if (!folder) return
        let entries: Awaited<ReturnType<OpenFolder['entries']>>
        try {
          visit(segments, folder)
          entries = await folder.entries(namesLeft)
        } finally {
          await folder.close()
        }
        namesLeft -= entries.length
        // A name that is not UTF-8 reads as one that does not exist.
        const named = entries.filter(({ name }) => isName(name, rules) && !name.includes('\ufffd'))
        named.sort((a, b) => (a.name < b.name ? -1 : 1))
        for (const entry of named) {
          if (files.length >= maxFiles) {
            isCut = true
            return
          }
          const way = [...segments, entry.name]
          if (entry.isDirectory()) await walk(way)
          // A folder behind a link is not entered: links can go round in circles.
          else if (entry.isFile() || (entry.isSymbolicLink() && (await isFileBehindLink(way)))) files.push(way)
        }
      }
      await walk([])
      return { files, isCut: isCut || namesLeft <= 0 }
    },
    close: () => opener.close(),
  }
}

function unusable(error: NodeJS.ErrnoException): never {
  throw new ConfigError([`cannot be opened as a folder (${error.code ?? 'unknown'})`])
}
