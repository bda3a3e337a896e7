/**
 * Watches over what runs confined, for what no limit of the kernel bounds: memory and processor time of all its processes together,
 * the room that it leaves on a disk, files without content; and whether what is hidden from it still is. One timer looks after all, ten
 * times a second, and ends what went too far.
 *
 * Between two looks there are the limits of each single process (`limits.ts`).
 *
 * @module
 */

import type { ChildProcess, ChildProcessWithoutNullStreams } from 'node:child_process'
import { signalGroup } from '../../process/index.ts'
import type { Grants } from '../grants/grants.ts'
import type { Ended } from './confinement.ts'
import { createCovers } from './covers.ts'
import { createDiskWatch } from './disk-watch.ts'
import { ownBytes, type ProcessUse, socketsOf, treeOf, useOf } from './process-tree.ts'

export interface WatchOptions {
  /** Processes of ours around the program: `bwrap`, twice. */
  readonly wrappers?: number | undefined
  /** Whether the program is one process and stays one. */
  readonly alone?: boolean | undefined
  /** Whether `cpuSeconds` are of a piece of work and counted here. */
  readonly metered?: boolean | undefined
  /** Folders in memory, as it sees them. */
  readonly scratch?: readonly string[] | undefined
  /** What is hidden in the folders that it sees. */
  readonly covered?: readonly string[] | undefined
  /** Whether its network is its own, so that all sockets in it are. */
  readonly ownNetwork?: boolean | undefined
}

export interface Watched {
  started(child: ChildProcess): void
  begin(): void
  /** SIGTERM to the program itself: what is around it passes nothing on. */
  terminate(): void
  end(why: Ended): void
  readonly ended: Ended | undefined
}

const EVERY_MS = 100
/** What is in a socket and was not read yet is memory of the kernel's: as much as Linux lets one have (socket(7), wmem_max doubled). */
const SOCKET_BYTES = 416 * 1024
/** As many are not counted: most have nothing in them. */
const FREE_SOCKETS = 256
/** Where nothing has happened for a while, and there are many processes to look at. */
const SELDOM = 3

const looks = new Set<() => void>()
let timer: NodeJS.Timeout | undefined

function lookAfter(look: () => void): void {
  looks.add(look)
  timer ??= setInterval(() => {
    for (const each of looks) each()
  }, EVERY_MS).unref()
}

function lookNoMore(look: () => void): void {
  looks.delete(look)
  if (looks.size > 0) return
  clearInterval(timer)
  timer = undefined
}

/** `written`: folders of ours that it may write to. */
export function watch({ limits }: Grants, written: readonly string[], options: WatchOptions = {}): Watched {
  const { wrappers = 0, alone = false, metered = false, scratch = [], covered = [], ownNetwork = false } = options
  const memoryBytes = limits.memoryMb * 1024 * 1024
  const disk = createDiskWatch(written, scratch)
  const isUncovered = createCovers(covered)
  let ended: Ended | undefined
  let running: ChildProcess | undefined
  let program: number | undefined
  /** Sees what the program sees, and is there as long as it is. Until the program is there, it still sees our own disks. */
  let inside: number | undefined
  let cpuBefore = 0
  let cpuUsed = 0
  let passed = 0

  function look(): void {
    const pid = running?.pid
    if (pid === undefined) return
    if (isUncovered()) return end('uncovered')
    if (passed > 0) {
      passed -= 1
      return
    }
    const tree = treeAt(pid)
    if (tree.length === 0) return
    const { cpuSeconds, threads, residentBytes, tableBytes } = sum(tree)
    // Less than before: somebody has ended whom nobody waited for.
    const used = Math.max(0, cpuSeconds - cpuBefore)
    cpuBefore = cpuSeconds
    cpuUsed += used
    if (!alone && used === 0) passed = SELDOM
    const sockets = ownNetwork && inside !== undefined ? Math.max(0, socketsOf(inside) - FREE_SOCKETS) * SOCKET_BYTES : 0
    // Pages of files are cheap to count in, and cost nothing to leave out where it is within its limit with them.
    if (residentBytes + tableBytes + sockets > memoryBytes)
      if (tree.reduce((bytes, each) => bytes + ownBytes(each), sockets) > memoryBytes) return end('memory')
    if (threads > limits.maxProcesses + wrappers) return end('processes')
    if (metered && limits.cpuSeconds !== undefined && cpuUsed > limits.cpuSeconds) return end('cpu')
    disk.look(inside, tree, () => end('disk'))
  }

  function treeAt(pid: number): readonly ProcessUse[] {
    if (program !== undefined) {
      const use = useOf(program)
      return use === undefined ? [] : [use]
    }
    const tree = treeOf(pid, limits.maxProcesses + wrappers)
    if (tree.length > wrappers) inside ??= tree[Math.max(0, wrappers - 1)]?.pid
    if (alone && tree.length === wrappers + 1) program = tree.at(-1)?.pid
    return tree
  }

  function end(why: Ended): void {
    if (ended !== undefined) return
    ended = why
    if (running !== undefined) signalGroup(running as ChildProcessWithoutNullStreams, 'SIGKILL')
  }

  return {
    started(child) {
      if (child.pid === undefined) return
      running = child
      // Ended before it was started: it does not get to run.
      if (ended !== undefined) signalGroup(child as ChildProcessWithoutNullStreams, 'SIGKILL')
      lookAfter(look)
      child.once('exit', () => {
        // Its inner half, where only the outer one was ended while it was being set up.
        signalGroup(child as ChildProcessWithoutNullStreams, 'SIGKILL')
        running = undefined
        lookNoMore(look)
      })
    },
    begin() {
      cpuUsed = 0
      passed = 0
    },
    terminate() {
      const inside = running?.pid === undefined ? undefined : treeOf(running.pid, limits.maxProcesses + wrappers)[wrappers]
      try {
        if (inside !== undefined) process.kill(inside.pid, 'SIGTERM')
      } catch {
        // It is gone already.
      }
    },
    end,
    get ended() {
      return ended
    },
  }
}

function sum(tree: readonly ProcessUse[]): Omit<ProcessUse, 'pid'> {
  let [cpuSeconds, threads, residentBytes, tableBytes] = [0, 0, 0, 0]
  for (const use of tree) {
    cpuSeconds += use.cpuSeconds
    threads += use.threads
    residentBytes += use.residentBytes
    tableBytes += use.tableBytes
  }
  return { cpuSeconds, threads, residentBytes, tableBytes }
}
