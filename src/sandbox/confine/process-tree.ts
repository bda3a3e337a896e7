/**
 * What Linux says of a process and of those that it started (proc_pid_stat(5)). Whatever is gone by the time that it is looked at
 * counts for nothing.
 *
 * @module
 */

import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs'

export interface ProcessUse {
  readonly pid: number
  /** With what the children used that it has waited for. */
  readonly cpuSeconds: number
  readonly threads: number
  /** With pages of files, which others use too. */
  readonly residentBytes: number
  /** What the kernel may need at most to know where its pages are: eight bytes for each that it has mapped, used or not. */
  readonly tableBytes: number
}

const TICKS_A_SECOND = 100 // USER_HZ, on every architecture that Node runs on.
const buffer = Buffer.alloc(16_384)

function read(path: string): string | undefined {
  let file: number | undefined
  try {
    file = openSync(path, 'r')
    return buffer.toString('latin1', 0, readSync(file, buffer))
  } catch {
    return undefined
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

/** `first` and all that came of it, parents first; of more than `most` no more is looked at. */
export function treeOf(first: number, most: number): ProcessUse[] {
  const tree: ProcessUse[] = []
  const queue = [first]
  for (let pid = queue.shift(); pid !== undefined && tree.length <= most; pid = queue.shift()) {
    const use = useOf(pid)
    if (use === undefined) continue
    tree.push(use)
    queue.push(...childrenOf(use))
  }
  return tree
}

export function useOf(pid: number): ProcessUse | undefined {
  const field = fieldsOf(`/proc/${pid}/stat`)
  if (field === undefined) return undefined
  const threads = field(20)
  // Its first thread may have ended before the others: what it had is theirs, and is said of them alone.
  const living = field(24) > 0 || threads <= 1 ? field : (fieldsOf(`${livingTask(pid)}/stat`) ?? field)
  return {
    pid,
    cpuSeconds: (field(14) + field(15) + field(16) + field(17)) / TICKS_A_SECOND,
    threads,
    residentBytes: living(24) * pageBytes(),
    tableBytes: (living(23) / pageBytes()) * 8,
  }
}

/** By its number in proc_pid_stat(5). */
function fieldsOf(path: string): ((number: number) => number) | undefined {
  const text = read(path)
  if (text === undefined) return undefined
  // Its name, in brackets, is whatever it likes: fields are counted from the last bracket, where the third begins.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return (number) => Number(fields[number - 3])
}

/** The folder of its first thread that has memory. */
function livingTask(pid: number): string {
  const folder = `/proc/${pid}/task`
  const found = tasksOf(pid).find((task) => (fieldsOf(`${folder}/${task}/stat`)?.(24) ?? 0) > 0)
  return `${folder}/${found ?? pid}`
}

function tasksOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`)
  } catch {
    return []
  }
}

/** Each thread has children of its own. */
export function childrenOf({ pid, threads }: ProcessUse): number[] {
  const tasks = threads > 1 ? tasksOf(pid) : [String(pid)]
  return tasks.flatMap((task) => (read(`/proc/${pid}/task/${task}/children`) ?? '').split(' ').filter(Boolean).map(Number))
}

/** Memory that is its own: without pages of files, with what it shares in memory, what was swapped out, and where its pages are. */
export function ownBytes({ pid, threads }: ProcessUse): number {
  const text = read(`${threads > 1 ? livingTask(pid) : `/proc/${pid}`}/status`) ?? ''
  let kibibytes = 0
  for (const [, amount] of text.matchAll(/^(?:RssAnon|RssShmem|VmSwap|VmPTE):\s*(\d+) kB$/gm)) kibibytes += Number(amount)
  return kibibytes * 1024
}

/** What it wrote: to files on disks, or by calls to whatever. */
export function writtenBytes(pid: number): number {
  const text = read(`/proc/${pid}/io`) ?? ''
  const amount = (name: string): number => Number(new RegExp(`^${name}: (\\d+)$`, 'm').exec(text)?.[1] ?? 0)
  return Math.max(amount('wchar'), amount('write_bytes'))
}

/** Sockets that are open in its network, of whatever kind, and also on their way from one process to another. */
export function socketsOf(pid: number): number {
  return Number(/^sockets: used (\d+)$/m.exec(read(`/proc/${pid}/net/sockstat`) ?? '')?.[1] ?? 0)
}

let pageSize: number | undefined

/** As the kernel told this very process when it began: AT_PAGESZ (getauxval(3)). */
function pageBytes(): number {
  if (pageSize !== undefined) return pageSize
  const auxv = readFileSync('/proc/self/auxv')
  for (let at = 0; at + 16 <= auxv.length; at += 16) {
    if (auxv.readBigUInt64LE(at) === 6n) return (pageSize = Number(auxv.readBigUInt64LE(at + 8)))
  }
  return (pageSize = 4096)
}

/** Processes and threads of one user, of everything that this machine runs. */
export function threadsOf(uid: number): number {
  let threads = 0
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const text = read(`/proc/${name}/status`) ?? ''
    if (Number(/^Uid:\t(\d+)/m.exec(text)?.[1]) === uid) threads += Number(/^Threads:\t(\d+)/m.exec(text)?.[1] ?? 0)
  }
  return threads
}
