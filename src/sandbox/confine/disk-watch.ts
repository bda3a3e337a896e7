/**
 * Whether what runs confined fills a disk that it may write to, or its folders in memory with files that hold nothing: a size
 * bounds what is in files, and not how many there are.
 *
 * @module
 */

import { type StatsFs, statfs } from 'node:fs'
import { type ProcessUse, writtenBytes } from './process-tree.ts'

export interface DiskWatch {
  /** `inside`: a process that sees its folders in memory. */
  look(inside: number | undefined, tree: readonly ProcessUse[], full: () => void): void
}

const MIB = 1024 * 1024
/** What it may write whatever is left. */
const LITTLE = 64 * MIB
const LEAST_BYTES = 1024 * MIB
const LEAST_SHARE = 0.05
/** Below that nobody asks whose doing it is: what a short-lived process wrote, for which nobody waited, is seen nowhere (wait(2), SIGCHLD). */
const LAST_BYTES = 256 * MIB
const LAST_SHARE = 0.01
/** A kibibyte of the kernel's memory each. */
const MOST_FILES = 65_536
/** Of a disk that can keep so many and no more, this many are left to others. */
const LEAST_FILES = 100_000
/** Every how many looks. */
const EVERY = 2

export function createDiskWatch(written: readonly string[], scratch: readonly string[]): DiskWatch {
  /** The most that was free since before it began, by folder. */
  const free = new Map<string, number>()
  const freeFiles = new Map<string, number>()
  const byProcess = new Map<number, number>()
  let byEnded = 0
  let pending = 0
  let looks = 0

  // Before there is anything to watch: who is fast, on a busy machine, has taken all before the first look.
  for (const path of written) ask(path, (found) => remember(path, found))

  function look(inside: number | undefined, tree: readonly ProcessUse[], full: () => void): void {
    // Asked in the background: a disk that is far away may take its time, and then nothing else is asked of it.
    if (pending > 0 || looks++ % EVERY !== 0) return
    if (written.length > 0) count(tree)
    for (const path of written)
      ask(path, (found) => {
        const { bsize, blocks, files, ffree } = found
        const { left, most, mostFiles } = remember(path, found)
        const isBelow = (bytes: number, share: number): boolean => left < Math.min(bytes, blocks * bsize * share)
        // That a disk is full may be anybody's doing: it is ended for its own.
        const isItsOwn = total() > LITTLE || isBelow(LAST_BYTES, LAST_SHARE)
        if (isBelow(LEAST_BYTES, LEAST_SHARE) && most - left > LITTLE && isItsOwn) full()
        // Files that hold nothing are no bytes; whose they are is not known.
        if (ffree < Math.min(LEAST_FILES, files * LEAST_SHARE) && mostFiles - ffree > MOST_FILES / 16) full()
      })
    if (inside !== undefined)
      for (const path of scratch)
        ask(`/proc/${inside}/root${path}`, ({ files, ffree }) => {
          if (files - ffree > MOST_FILES) full()
        })
  }

  function remember(path: string, { bsize, bavail, ffree }: StatsFs) {
    const left = bavail * bsize
    const most = Math.max(left, free.get(path) ?? 0)
    const mostFiles = Math.max(ffree, freeFiles.get(path) ?? 0)
    free.set(path, most)
    freeFiles.set(path, mostFiles)
    return { left, most, mostFiles }
  }

  function count(tree: readonly ProcessUse[]): void {
    const before = new Map(byProcess)
    byProcess.clear()
    for (const { pid } of tree) {
      byProcess.set(pid, Math.max(writtenBytes(pid), before.get(pid) ?? 0))
      before.delete(pid)
    }
    for (const bytes of before.values()) byEnded += bytes
  }

  /** Of processes that have ended, too: as much as was seen of it. */
  const total = (): number => [...byProcess.values()].reduce((sum, bytes) => sum + bytes, byEnded)

  function ask(path: string, answer: (found: StatsFs) => void): void {
    pending += 1
    statfs(path, (error, found) => {
      pending -= 1
      // It is gone, or is not ours to look at.
      if (!error) answer(found)
    })
  }

  return { look }
}
