/**
 * What a folder is opened through: only regular files and folders that were proven to be inside, each by its handle.
 *
 *   a URI ─ segments ─▶ names ─ [opener] ─▶ a proven handle ─ read, bounded ─▶ bytes
 *
 * @module
 */

import type { BigIntStats, Dirent, FSWatcher } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'

export interface Opener {
  /** Undefined: there is none that may be read. Whoever gets one closes it. */
  file(segments: readonly string[]): Promise<OpenFile | undefined>
  folder(segments: readonly string[]): Promise<OpenFolder | undefined>
  close(): Promise<void>
}

export interface OpenFile {
  readonly stats: BigIntStats
  read(limitBytes: number): Promise<Buffer | 'too_large'>
  close(): Promise<void>
}

export interface OpenFolder {
  /** The same for the same folder, whatever it is called. */
  readonly identity: string
  /** What is in it; cut off at `max`. */
  entries(max: number): Promise<readonly Dirent[]>
  /** Calls `changed` when something in it may have changed. */
  watch(changed: () => void): FSWatcher
  close(): Promise<void>
}

export interface OpenerOptions {
  /** Whether a symbolic link may be followed to another place inside. */
  readonly followLinks: boolean
  readonly hidden: boolean
}

/** What there is not, or is not ours to open: nobody is told which. Everything else is a failure. */
const absences = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES', 'EPERM', 'ENAMETOOLONG', 'EINVAL', 'EISDIR', 'ENXIO', 'ENODEV'])

export async function unlessAbsent<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (absences.has((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw error
  }
}

/** Reads on until the end, never past the bound, whatever the file said of its size and however it grows meanwhile. */
export async function readBounded(file: FileHandle, size: bigint, limitBytes: number): Promise<Buffer | 'too_large'> {
  if (size > BigInt(limitBytes)) return 'too_large'
  const chunks: Buffer[] = []
  let total = 0
  // One byte more than there should be, to see the end at once.
  let next = Number(size) + 1
  for (;;) {
    const chunk = Buffer.allocUnsafe(Math.min(next, limitBytes + 1 - total))
    const { bytesRead } = await file.read(chunk, 0, chunk.length, null)
    total += bytesRead
    if (total > limitBytes) return 'too_large'
    if (bytesRead === 0) return Buffer.concat(chunks, total)
    chunks.push(chunk.subarray(0, bytesRead))
    next = CHUNK_BYTES
  }
}
const CHUNK_BYTES = 65_536

export const identityOf = ({ dev, ino }: BigIntStats): string => `${dev}:${ino}`
