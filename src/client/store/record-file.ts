/**
 * One file for each record, replaced as a whole: what is new is on disk before it has the name, so that a kill at any moment leaves the
 * old one or the new one. Before that, its place is taken: a file of the largest size that a record may have is written, and later
 * written over, so that a full disk is found out while nothing is lost yet. (On a file system that copies on write this is as good a
 * check as there is, and no promise.)
 *
 * Only whoever has the record's lock writes here: the name of the draft is fixed, and what a killed writer left is removed by the next.
 *
 * @module
 */

import { randomBytes } from 'node:crypto'
import { constants, type FileHandle, lutimes, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { TokenStoreError } from '../errors.ts'
import { toStoreError } from './store-error.ts'

export interface Draft {
  /** Puts `text` in the place of what was there, as if last used at `usedAt`. Once. */
  replace(text: string, usedAt: number): Promise<void>
  /** Where it is not needed. */
  discard(): Promise<void>
}

export interface RecordFile {
  readonly text: string
  readonly lastUsedAt: number
}

/** Undefined where there is none. @throws {TokenStoreError} where it cannot be read, or is larger than `maxBytes`. */
export async function readRecordFile(file: string, maxBytes: number): Promise<RecordFile | undefined> {
  let handle: FileHandle | undefined
  try {
    // Neither a link, which leads elsewhere, nor a pipe, which never ends.
    handle = await open(file, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0))
    const found = await handle.stat()
    if (!found.isFile() || found.size > maxBytes) throw new TokenStoreError('store_unreadable', `${file}: is no record of ours.`)
    return { text: await handle.readFile('latin1'), lastUsedAt: found.mtimeMs }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw toStoreError(error, 'store_unreadable', file)
  } finally {
    await handle?.close()
  }
}

/** @throws {TokenStoreError} where a record of `bytes` could not be kept. */
export async function reserveDraft(file: string, bytes: number): Promise<Draft> {
  const draft = draftOf(file)
  let handle: FileHandle | undefined
  try {
    await rm(draft, { force: true })
    handle = await open(draft, 'wx', 0o600)
    // Not zeros, which some file systems do not store.
    await writeAll(handle, randomBytes(bytes))
    await handle.datasync()
  } catch (error) {
    await handle?.close()
    await rm(draft, { force: true }).catch(() => {})
    throw toStoreError(error, 'store_unwritable', draft)
  }
  const reserved = handle
  let isOpen = true
  return {
    async replace(text, usedAt) {
      const sealed = Buffer.from(text, 'latin1')
      isOpen = false
      try {
        await writeAll(reserved, sealed)
        await reserved.truncate(sealed.byteLength)
        // By the same clock as every other time, which on a network file system is not the disk's.
        await reserved.utimes(usedAt / 1000, usedAt / 1000)
        await reserved.sync()
        await reserved.close()
        await rename(draft, file)
        await syncFolder(dirname(file))
      } catch (error) {
        await reserved.close().catch(() => {})
        await rm(draft, { force: true }).catch(() => {})
        throw toStoreError(error, 'store_unwritable', file)
      }
    },
    async discard() {
      if (!isOpen) return
      isOpen = false
      await reserved.close().catch(() => {})
      await rm(draft, { force: true }).catch(() => {})
    },
  }
}

/** The file's time is when it was last used: it changes without writing the record anew, and without a lock. */
export async function touchRecordFile(file: string, usedAt: number): Promise<void> {
  // Where that cannot be written, or is not there any more, nothing can be removed or has to be.
  await lutimes(file, usedAt / 1000, usedAt / 1000).catch(() => {})
}

export async function removeRecordFile(file: string): Promise<void> {
  try {
    await rm(file, { force: true })
    await syncFolder(dirname(file))
  } catch (error) {
    throw toStoreError(error, 'store_unwritable', file)
  }
}

/** What a killed writer left. */
export async function removeDraft(file: string): Promise<void> {
  try {
    await rm(draftOf(file), { force: true })
  } catch (error) {
    throw toStoreError(error, 'store_unwritable', file)
  }
}

export const draftOf = (file: string): string => `${file}.new`

/** From the beginning of the file on. */
async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.byteLength; ) at += (await handle.write(bytes, at, bytes.byteLength - at, at)).bytesWritten
}

/** The name is on disk too. Windows has no such thing. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, constants.O_RDONLY)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
